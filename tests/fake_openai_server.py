"""The wire of the scripted provider: HTTP, server-sent events, and their ways to break; see ``fake_openai``."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from fake_openai_script import Call, Fail, Reset, Say

if TYPE_CHECKING:
    from fake_openai import FakeOpenAI


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeOpenAI

    def process_request(self, request: Any, client_address: Any) -> None:
        self.fake.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, (OSError, InterruptedError)):
            self.fake.faults.append(error)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    @property
    def is_gemini(self) -> bool:
        return self.path.startswith("/v1beta/openai/")

    def do_GET(self) -> None:
        if not self._is_let_in():
            return None
        if not self.path.rstrip("/").endswith("/models"):
            return self._refuse(Fail(404, f"no such path: {self.path}"))
        prefix = "models/" if self.is_gemini else ""
        names = [{"id": prefix + name, "object": "model", "owned_by": "fake"} for name in self.server.fake.models]
        return self._send(200, json.dumps({"object": "list", "data": names}).encode(), "application/json", {})

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the client has gone before it had said all
            self.close_connection = True
            return
        headers = {k.lower(): v for k, v in self.headers.items()}
        fake, call = self.server.fake, Call(self.path, headers, json.loads(body))
        with fake.changed:
            fake.calls.append(call)
            fake.changed.notify_all()
        try:
            self._answer(call)
        except InterruptedError:
            fake.note(call, ended="server stopped")
            self.close_connection = True
        except OSError:
            fake.note(call, ended="client gone")
            self.close_connection = True

    def _answer(self, call: Call) -> None:
        fake = self.server.fake
        if not self._is_let_in():
            return fake.note(call, ended="failed")
        if not self.path.endswith("/chat/completions"):
            self._refuse(Fail(404, f"no such path: {self.path}"))
            return fake.note(call, ended="failed")
        step = fake.next_step(call)
        if isinstance(step, Reset):
            self._reset()
            return fake.note(call, ended="reset")
        if isinstance(step, Fail):
            self._refuse(step)
            return fake.note(call, ended="failed")
        if step.first_delay:
            fake.silent(step.first_delay, self._is_gone)
        return fake.note(call, ended=self._stream(step, call))

    def _stream(self, say: Say, call: Call) -> str:
        """Stream an answer; return how it ended."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        fake = self.server.fake
        pieces = say.pieces()
        if not self.is_gemini:
            self._event(say, self._chunk(say, call, {"role": "assistant", "content": "", "refusal": None}))
        for count, piece in enumerate(pieces):
            if count == say.drop_after:
                self._reset()
                return "dropped"
            if count == say.end_after:
                self._segment(b"")
                return "ended early"
            self._disturb(say, count)
            if self._is_gone():
                raise ConnectionAbortedError
            finish = say.finish if self.is_gemini and count == len(pieces) - 1 else None
            self._event(say, self._chunk(say, call, {"content": piece}, finish, count + 1))
            fake.note(call, sent=1)
        if not self.is_gemini:
            self._event(say, self._chunk(say, call, {}, say.finish))
            if say.usage and (call.body.get("stream_options") or {}).get("include_usage"):
                self._event(say, self._head(call) | {"choices": [], "usage": _usage(call, len(pieces))})
        if say.done:
            self._event(say, b"[DONE]")
        self._segment(b"")
        return "done"

    def _disturb(self, say: Say, count: int) -> None:
        if count == say.raw_after:
            self._event(say, say.raw)
        if count == say.error_after:
            self._event(say, {"error": say.error})
        if say.ping_every and count % say.ping_every == 0:
            self._segment(b": ping\n\n")
        if count == say.stall_after:
            self.server.fake.silent(say.stall, self._is_gone)
        if say.delay:
            self.server.fake.silent(say.delay, self._is_gone)

    def _head(self, call: Call) -> dict[str, Any]:
        number = self.server.fake.calls.index(call)
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": 1_795_000_000,
            "model": call.body["model"],
            "service_tier": "default",
        }

    def _chunk(
        self, say: Say, call: Call, delta: dict[str, Any], finish: str | None = None, count: int = 0
    ) -> dict[str, Any]:
        chunk = self._head(call) | {
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        }
        if self.is_gemini and say.usage:
            chunk["usage"] = _usage(call, count)  # grows from chunk to chunk
        return chunk

    def _event(self, say: Say, value: bytes | dict[str, Any]) -> None:
        text = value if isinstance(value, bytes) else _json(value)
        data = b"data: " + text + (b"\r\n\r\n" if say.crlf else b"\n\n")
        for part in (data[at : at + 1] for at in range(len(data))) if say.split_utf8 else (data,):
            self._segment(part)

    def _segment(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _is_let_in(self) -> bool:
        wanted = self.server.fake.api_key
        if wanted is None or self.headers["authorization"] == f"Bearer {wanted}":
            return True
        given = str(self.headers["authorization"]).removeprefix("Bearer ")
        if self.is_gemini:
            reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            self._refuse(Fail(400, "API key not valid. Please pass a valid API key.", details=[reason]))
        else:
            self._refuse(Fail(401, f"Incorrect API key provided: {given}.", "invalid_api_key"))
        return False

    def _refuse(self, fail: Fail) -> None:
        headers = dict(fail.headers)
        if fail.body is not None:
            body, content_type = fail.body, fail.content_type
        else:
            content_type = "application/json"
            body = json.dumps(_gemini_error(fail) if self.is_gemini else _openai_error(fail)).encode()
            if fail.retry_after is not None and not self.is_gemini:
                headers["retry-after"] = f"{fail.retry_after:g}"
        self._send(fail.status, body, content_type, headers)

    def _send(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _is_gone(self) -> bool:
        """Look for the client's end; without it a write would notice only one or two pieces later."""
        self.connection.settimeout(0)
        try:
            # Under TLS the farewell is a record: whatever comes while the answer streams is the end.
            return socket.socket.recv(self.connection, 1, socket.MSG_PEEK) == b"" or isinstance(
                self.connection, ssl.SSLSocket
            )
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(None)


def _openai_error(fail: Fail) -> dict[str, Any]:
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        404: "not_found_error",
        429: "rate_limit_error",
    }
    kind = kinds.get(fail.status, "server_error")
    return {"error": {"message": fail.message, "type": kind, "param": None, "code": fail.code}}


def _gemini_error(fail: Fail) -> list[dict[str, Any]]:
    states = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    details = list(fail.details)
    if fail.retry_after is not None:
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{fail.retry_after:g}s"}
        details.append(retry)
    status = states.get(fail.status, "UNAVAILABLE")
    return [{"error": {"code": fail.status, "message": fail.message, "status": status, "details": details}}]


def _usage(call: Call, count: int) -> dict[str, int]:
    asked = sum(len(str(turn["content"]).split()) for turn in call.body["messages"])
    return {"prompt_tokens": asked, "completion_tokens": count, "total_tokens": asked + count}


def _json(value: dict[str, Any]) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(value).encode()
