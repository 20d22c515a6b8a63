"""A scripted provider on loopback that speaks the real wire protocol; standard library only.

    with FakeOpenAI() as fake:
        fake.script(Fail(429, retry_after=0.2), Say("hello there"))

Each chat request takes one step of the script; without one, the last user message is echoed. ``fake.calls`` tells
what arrived and how each answer ended. ``base_url`` speaks OpenAI's dialect, ``gemini_url`` Gemini's: usage with
every chunk, ``models/`` before the names, errors as a JSON array, seconds to wait in the body, 400 for a bad key.
"""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

from fake_openai_script import Call, Fail, Reset, Say, Step
from fake_openai_server import Handler, Server

__all__ = ["Call", "Fail", "FakeOpenAI", "Reset", "Say"]

PATIENCE = 60.0  # seconds until a test that waits for something gives up


class FakeOpenAI:
    """The server; a context manager.

    ``api_key`` is the one key it accepts, any without one; ``tls`` wraps the connections.
    """

    def __init__(
        self,
        *,
        models: tuple[str, ...] = ("fake-1", "fake-2"),
        api_key: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.models = models
        self.api_key = api_key
        self.calls: list[Call] = []
        self.connections = 0
        self.faults: list[BaseException] = []  # the fake's own
        self.changed = threading.Condition()
        self.stopping = threading.Event()
        self._released = threading.Event()
        self._steps: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.fake = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        root = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{root}/v1"
        self.gemini_url = f"{root}/v1beta/openai/"

    def script(self, *steps: Step) -> Self:
        """Append what the next requests get."""
        for step in steps:
            self._steps.put(step)
        return self

    def release(self) -> None:
        """End every silence, the coming ones too."""
        self._released.set()

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait for something about ``calls``; fail the test when it does not come."""
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE):
                raise AssertionError(f"in {PATIENCE:g} s it did not come; calls: {self.calls}")

    def next_step(self, call: Call) -> Step:
        """Take a step for a request."""
        try:
            return self._steps.get_nowait()
        except queue.Empty:
            name = str(call.body.get("model")).removeprefix("models/")
            if name not in self.models:
                return Fail(
                    404, f"The model `{name}` does not exist or you do not have access to it.", "model_not_found"
                )
            asked = [turn["content"] for turn in call.body["messages"] if turn["role"] == "user"]
            return Say(f"echo: {asked[-1] if asked else ''}")

    def silent(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        """Wait, but not for a client that has gone."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._released.is_set():
            if is_gone():
                raise ConnectionAbortedError
            if self.stopping.wait(min(0.01, max(0.0, end - time.monotonic()))):
                raise InterruptedError

    def note(self, call: Call, *, sent: int = 0, ended: str = "") -> None:
        """Record progress and wake who waits for it."""
        with self.changed:
            call.sent += sent
            call.ended = call.ended or ended
            self.changed.notify_all()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)
        if self.faults and kind is None:
            raise AssertionError("the fake itself failed") from self.faults[0]
