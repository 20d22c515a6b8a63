"""A reply over HTTP that ends at once when another thread closes it, in every phase.

A helper thread opens the answer: it may hang in the name service, in connecting, in the wait for the first byte or
in the pause before a retry, none of which can be interrupted; a closed reply leaves it behind, and it cleans up after
itself. From the first byte on the reader's own thread reads, without a hand-over that would cost a thread switch for
each chunk; there, shutting the socket down wakes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from primer_nb.errors import ProviderError, ReplyCutError
from primer_nb.providers.base import ChatRequest, Delta
from primer_nb.providers.endpoint import Endpoint

if TYPE_CHECKING:
    from primer_nb.providers.wire import Wire


class HttpReply:
    """A ``ReplyStream`` from an OpenAI-compatible endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Whom to ask.
    request : ChatRequest
        What to ask.
    """

    def __init__(self, endpoint: Endpoint, request: ChatRequest) -> None:
        self._endpoint = endpoint
        self._request = request
        self._lock = threading.Lock()
        self._settled = threading.Event()  # opened, failed or closed
        self._closed = threading.Event()
        self._is_begun = False
        self._is_open = False
        self._wire: Wire | None = None
        self._failure: BaseException | None = None

    def __iter__(self) -> Iterator[Delta]:
        """Send the request and iterate over the steps of the reply, once.

        Yields
        ------
        Delta
            The next step.

        Raises
        ------
        ProviderError
            For every failure.
        RuntimeError
            If the reply is read a second time.
        """
        with self._lock:
            if self._is_begun:
                raise RuntimeError("a reply is read once; ask the provider for another stream")
            self._is_begun = True
        if self._closed.is_set():
            return
        # Importing openai and looking up names also happen there, hence a thread before anything else.
        threading.Thread(target=self._open, name=f"primer-nb opens {self._endpoint.name}", daemon=True).start()
        try:
            self._settled.wait()
            yield from self._steps()
        finally:
            self.close()
            with self._lock:
                is_mine, self._is_open = self._is_open, False
                wire, self._wire = self._wire, None
            if is_mine and wire is not None:
                wire.close()

    def close(self) -> None:
        """End the reply, from any thread; a blocked read ends at once. Idempotent."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            wire = self._wire
        self._settled.set()
        if wire is not None:
            wire.cut()

    def _open(self) -> None:
        wire: Wire | None = None
        failure: BaseException | None = None
        try:
            from primer_nb.providers.wire import Wire

            wire = Wire(self._endpoint)
            with self._lock:
                self._wire = wire
                is_closed = self._closed.is_set()
            if not is_closed:
                failure = wire.open(self._request)
        except BaseException as error:  # noqa: BLE001 - the reader waits for this thread: it must hear of everything
            failure = error
        with self._lock:
            self._failure = failure
            # Whoever is last to use the wire closes it: the reader, unless it has gone or there is nothing to read.
            self._is_open = failure is None and not self._closed.is_set()
            is_mine = not self._is_open
        self._settled.set()
        if is_mine and wire is not None:
            wire.close()

    def _steps(self) -> Iterator[Delta]:
        failure, self._failure = self._failure, None
        if self._closed.is_set():
            return
        if failure is not None:
            raise failure
        assert self._wire is not None
        is_complete = False
        while True:
            step = self._wire.step()
            if self._closed.is_set():
                return
            if isinstance(step, Delta):
                is_complete = is_complete or step.finish_reason is not None
                yield step
            elif is_complete:
                return  # only the usage or the end mark was lost
            elif isinstance(step, ProviderError):
                raise step
            else:
                who = f"{self._endpoint.name} ({self._request.model})"
                raise ReplyCutError(f"{who} ended the stream before the reply was complete; ask again")
