"""A TCP proxy on loopback before a PostgreSQL server: it counts round trips, delays, slows, cuts and stalls.

A chunk that arrives on one side leaves on the other after ``delay`` seconds, in order. A fault happens once, counted
from the last `DelayProxy.reset`; what comes after it passes untouched, so a retry can succeed. Messages are told
apart by the frames of the wire protocol, so connections through it must not be encrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

PATIENCE = 60  # seconds for what takes a moment on a machine that has nothing else to do
_FLUSH = 0.02  # seconds for the bytes before a cut to arrive
_PIECE = 2048  # bytes that pass at once when the line is slow
_NARROW = 4096  # bytes a slow line takes in before the sender waits


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when.

    ``"cut up"`` and ``"stall up"`` count bytes to the server, ``"cut down"`` and ``"stall down"`` bytes to the
    client; ``"cut reply"`` swallows the answer after so many complete ones: the server has done what it was asked,
    and nobody hears of it.
    """

    kind: Literal["cut up", "cut down", "cut reply", "stall up", "stall down"]
    after: int


@dataclass
class Counts:
    """What passed since the last reset."""

    connections: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    round_trips: int = 0  # times the client waited: its bytes that followed bytes of the server
    replies: int = 0
    faults: int = 0


class DelayProxy:
    """A proxy in a thread of its own.

    Parameters
    ----------
    url : str
        Of the server: a Unix socket or an address of this machine.
    delay : float
        Seconds one way.
    rate : float, optional
        Bytes a second that pass each way, on each connection; what waits, waits at the sender's side.
    fault : Fault, optional
        What goes wrong.
    """

    def __init__(
        self, url: str, *, delay: float = 0.0, rate: float | None = None, fault: Fault | None = None
    ) -> None:
        self._url = url
        self.delay = delay
        self.rate = rate
        self.is_holding = False  # nothing passes while it is
        self.counts = Counts()
        self._fault = fault
        self._is_up = threading.Event()
        self._lines: set[asyncio.Task[None] | None] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        """The server's URL, by way of the proxy."""
        parts = urlsplit(self._url)
        user = f"{parts.username}:{parts.password}@" if parts.password else f"{parts.username or 'postgres'}@"
        place = f"{user}127.0.0.1:{self._port}"
        return urlunsplit(parts._replace(netloc=place, query="sslmode=disable&gssencmode=disable"))

    @property
    def is_idle(self) -> bool:
        """Whether every connection has ended."""
        return not self._lines

    def reset(self, fault: Fault | None = None) -> None:
        """Count from zero, and let something else go wrong."""
        self.counts, self._fault = Counts(), fault

    def __enter__(self) -> DelayProxy:
        """Listen."""
        self._thread.start()
        assert self._is_up.wait(PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        limit, narrow = (1 << 16, False) if self.rate is None else (_NARROW, True)
        server = await asyncio.start_server(self._client, sock=_listener(narrow=narrow), limit=limit)
        self._port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._end.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts.connections += 1
        # the loop holds a task weakly; when the client is gone, nothing else would hold this one
        self._lines.add(asyncio.current_task())
        try:
            server_reader, server_writer = await self._connect()
        except OSError:
            _reset(writer)
            return
        line = _Line(self, writer, server_writer)
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the end of the proxy
                await asyncio.gather(line.pump(reader, server_writer, "up"), line.pump(server_reader, writer, "down"))
        finally:
            for end in (writer, server_writer):
                end.close()
            self._lines.discard(asyncio.current_task())

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._url)
        folder = parse_qs(parts.query).get("host", [""])[0]
        if folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{parts.port or 5432}")
        assert parts.hostname in {"127.0.0.1", "localhost"}
        return await asyncio.open_connection(parts.hostname, parts.port or 5432)

    def due(self, kind: str, so_far: int, more: int) -> int | None:
        """Tell how many of some bytes may pass before the fault, if it is among them."""
        fault = self._fault
        if fault is None or fault.kind != kind or so_far + more < fault.after:
            return None
        return max(0, fault.after - so_far)

    def spent(self) -> None:
        """Note that the fault has happened."""
        self._fault = None
        self.counts.faults += 1


class _Line:
    """One connection, both directions."""

    def __init__(self, proxy: DelayProxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = (client, server)
        self._frames = _Frames()
        self._server_spoke = True

    async def pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Literal["up", "down"]
    ) -> None:
        """Pass on what comes, later, until it ends."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1024)
        sending = asyncio.create_task(self._send(queue, writer, way))
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(1 << 16 if self._proxy.rate is None else _PIECE):
                if way == "up" and self._server_spoke:
                    self._proxy.counts.round_trips += 1
                    self._server_spoke = False
                await queue.put((loop.time() + self._proxy.delay, data))
                if self._proxy.rate is not None:
                    await asyncio.sleep(len(data) / self._proxy.rate)
        except OSError:
            pass
        await queue.put((loop.time() + self._proxy.delay, b""))
        await sending

    async def _send(
        self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, way: Literal["up", "down"]
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            while self._proxy.is_holding:
                await asyncio.sleep(0.005)
            if not data:
                with contextlib.suppress(OSError, RuntimeError):
                    writer.write_eof()
                return
            kept, is_cut, is_stalled = self._look(data, way)
            with contextlib.suppress(OSError):
                writer.write(data[:kept])
                await writer.drain()
            if is_stalled:
                await asyncio.Event().wait()
            if is_cut:
                await asyncio.sleep(_FLUSH)
                for end in self._ends:
                    _reset(end)
                return

    def _look(self, data: bytes, way: Literal["up", "down"]) -> tuple[int, bool, bool]:
        counts, proxy = self._proxy.counts, self._proxy
        so_far = counts.bytes_up if way == "up" else counts.bytes_down
        kept, is_cut, is_stalled = len(data), False, False
        if (cut := proxy.due(f"cut {way}", so_far, len(data))) is not None:
            kept, is_cut = cut, True
        elif (stall := proxy.due(f"stall {way}", so_far, len(data))) is not None:
            kept, is_stalled = stall, True
        if way == "down":
            self._server_spoke = True
            start = 0
            for end, is_ready in self._frames.feed(data):
                if is_ready and proxy.due("cut reply", counts.replies, 1) == 0:
                    kept, is_cut = min(kept, start), True
                    break
                counts.replies += is_ready
                start = end
        if way == "up":
            counts.bytes_up += kept
        else:
            counts.bytes_down += kept
        if is_cut or is_stalled:
            proxy.spent()
        return kept, is_cut, is_stalled


class _Frames:
    """Finds the ends of the server's messages in its bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bool]]:
        """Return for each message that ends in these bytes where it does, and whether it ends a reply."""
        before = len(self._rest)
        buffer, at, found = self._rest + data, 0, []
        while len(buffer) - at >= 5:
            size = 1 + struct.unpack_from("!I", buffer, at + 1)[0]
            if len(buffer) - at < size:
                break
            is_ready = buffer[at : at + 1] == b"Z"
            at += size
            found.append((at - before, is_ready))
        self._rest = buffer[at:]
        return found


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what the proxy's thread is about to see."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _listener(*, narrow: bool) -> socket.socket:
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if narrow:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW)  # its connections inherit it
    plug.bind(("127.0.0.1", 0))
    return plug


def _reset(writer: asyncio.StreamWriter) -> None:
    plug = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
