"""One request over the official client, which another thread can cut at any moment.

Each request has a client of its own, so that its sockets are known and cutting them hurts no other reply. That costs
0.2 ms and no connection: the client of openai closes a streamed connection anyway. Chunks are taken as plain JSON,
which halves the CPU time of a bare loop over the package's own objects.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import httpx2
import openai

from primer_nb.errors import ProviderError, UnknownModelError
from primer_nb.providers.base import ChatRequest, Delta
from primer_nb.providers.complaints import read_complaint
from primer_nb.providers.deltas import DeltaReader
from primer_nb.providers.endpoint import Endpoint
from primer_nb.providers.failures import translate, unreadable
from primer_nb.providers.refusals import with_models

CONNECT_TIMEOUT = 5.0
RETRIES = 2
# Nobody wants to look at a still panel for minutes: a longer wait is told, not waited.
LONGEST_WAIT = 30.0
_END: Final = object()
# The client adds the organisation, the project and OPENAI_CUSTOM_HEADERS of the environment, and what machine this
# is, to every request; only OpenAI is to see them.
_HEADERS_FOR_ALL = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)


class _CutError(Exception):
    """The request was cut before it was sent; not an error of openai's, so that the client does not retry."""


class Wire:
    """A request and its streamed answer.

    Failures are returned, not raised: a new error that is raised outside every ``except`` block carries no request.

    Parameters
    ----------
    endpoint : Endpoint
        Whom to ask.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._model = ""
        self._lock = threading.Lock()
        self._is_cut = False
        self._sockets: list[socket.socket] = []
        self._stream: openai.Stream[object] | None = None
        self._reader = DeltaReader()
        self._received = 0
        self._client = openai.OpenAI(
            base_url=endpoint.base_url,
            api_key="in the header of each request",
            max_retries=RETRIES,
            http_client=httpx2.Client(
                timeout=httpx2.Timeout(endpoint.timeout, connect=CONNECT_TIMEOUT),
                follow_redirects=True,
                trust_env=not endpoint.is_loopback,
                verify=_tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
                event_hooks={"request": [self._before_request], "response": [self._after_response]},
            ),
        )

    def open(self, request: ChatRequest) -> ProviderError | None:
        """Send a chat request and wait for the head of the answer, with the client's retries.

        Parameters
        ----------
        request : ChatRequest
            What to ask.

        Returns
        -------
        ProviderError or None
            Why there is no answer.
        """
        self._model = request.model
        try:
            self._stream = self._client.post(
                "/chat/completions",
                body=_payload(request, is_openai=self._endpoint.name == "openai"),
                cast_to=object,
                stream=True,
                stream_cls=openai.Stream[object],
                options={"headers": {"Authorization": self._endpoint.authorization() or openai.omit}},
            )
        except Exception as error:  # noqa: BLE001 - the edge: a hostile server can make the client raise anything
            failure = self._translated(error)
        else:
            return None
        if isinstance(failure, UnknownModelError) and not self._is_cut:
            names = self._names(timeout=CONNECT_TIMEOUT, retries=0)
            if isinstance(names, list) and names:
                return with_models(failure, model=request.model, models=names)
        return failure

    def step(self) -> Delta | ProviderError | None:
        """Wait for the next step of the answer.

        Returns
        -------
        Delta, ProviderError or None
            The step, why there is none, or ``None`` at the end of the stream.
        """
        assert self._stream is not None
        try:
            chunk = next(self._stream, _END)
            if chunk is not _END:
                delta = self._reader.read(chunk)
                self._received += 1
                return delta
        except Exception as error:  # noqa: BLE001 - the edge, as above
            failure = self._translated(error)
        else:
            # A page with status 200 and not one event, such as the log-in page of a hotel, is no empty reply.
            if self._received or self._is_event_stream():
                return None
            failure = unreadable(endpoint=self._endpoint, model=self._model, is_midstream=False)
        return failure

    def names(self) -> list[str] | ProviderError:
        """Ask for the models the server has.

        Returns
        -------
        list of str or ProviderError
            Their names, sorted, without Gemini's ``models/``; or why they cannot be had.
        """
        return self._names(timeout=self._endpoint.timeout, retries=RETRIES)

    def cut(self) -> None:
        """Shut the sockets down, which wakes a blocked read in another thread at once. Idempotent."""
        with self._lock:
            self._is_cut = True
            sockets = tuple(self._sockets)
        for each in sockets:
            _shut_down(each)

    def close(self) -> None:
        """Free everything; only for the thread that uses the wire."""
        if self._stream is not None:
            self._stream.close()
        self._client.close()

    def _names(self, *, timeout: float, retries: int) -> list[str] | ProviderError:
        try:
            listed: Any = self._client.with_options(max_retries=retries, timeout=timeout).get(
                "/models",
                cast_to=object,
                options={"headers": {"Authorization": self._endpoint.authorization() or openai.omit}},
            )
            rows = listed["data"] if isinstance(listed, Mapping) else listed
            return sorted({str(row["id"]).removeprefix("models/") for row in rows})
        except Exception as error:  # noqa: BLE001 - the edge, as above
            failure = self._translated(error)
        return failure

    def _translated(self, error: Exception) -> ProviderError:
        return translate(error, endpoint=self._endpoint, model=self._model, is_midstream=self._received > 0)

    def _is_event_stream(self) -> bool:
        assert self._stream is not None
        return str(self._stream.response.headers.get("content-type", "")).startswith("text/event-stream")

    def _before_request(self, request: httpx2.Request) -> None:
        if self._is_cut:
            raise _CutError
        if self._endpoint.name != "openai":
            for name in [name for name in request.headers if name not in _HEADERS_FOR_ALL]:
                del request.headers[name]
        request.extensions["trace"] = self._notice

    def _notice(self, event: str, info: Mapping[str, Any]) -> None:
        """Note each socket as soon as it is connected, and again when TLS has wrapped it."""
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        connected = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.append(connected)
            is_cut = self._is_cut
        if is_cut:
            _shut_down(connected)

    def _after_response(self, response: httpx2.Response) -> None:
        """Tell the client's retries what they cannot see: waits named in the body, waits that are in vain."""
        if response.status_code < 400:
            return
        response.read()
        complaint = read_complaint(response.status_code, response.headers, response.content)
        wait = complaint.retry_after
        if complaint.is_about_quota or (wait is not None and wait > LONGEST_WAIT):
            response.headers["x-should-retry"] = "false"
        elif wait:
            response.headers["retry-after-ms"] = f"{wait * 1000:.0f}"


def _payload(request: ChatRequest, *, is_openai: bool) -> dict[str, object]:
    payload: dict[str, object] = {
        "model": request.model,
        "messages": [turn._asdict() for turn in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        payload["temperature"] = request.temperature
    if request.max_tokens is not None:
        # OpenAI's reasoning models refuse the old name, which is all that many other servers know.
        payload["max_completion_tokens" if is_openai else "max_tokens"] = request.max_tokens
    return payload


def _shut_down(connected: socket.socket) -> None:
    # SSLSocket's own shutdown takes the TLS object from under a reading thread; the plain one only wakes it.
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@functools.lru_cache(maxsize=4)
def _tls(*_variables: str | None) -> ssl.SSLContext:
    """Make the TLS settings, which takes 40 ms, once for each value of the variables that httpx2 reads for them."""
    return httpx2.create_ssl_context()
