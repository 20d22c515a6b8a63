"""The provider named ``local``: a small model that answers on this machine, without account, key or network.

One llama.cpp server serves the whole process. It starts with the first reply, after the weights were fetched if need
be, and ends with the process. Nothing heavy is imported before.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from primer_nb.errors import UnknownModelError
from primer_nb.providers.base import ChatRequest, Delta, ReplyStream, Turn
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

if TYPE_CHECKING:
    from primer_nb.providers.llama_server import LlamaServer

Progress = Callable[[int, int], None]
MODEL = "smollm2-135m-instruct"
# The model was made for 8,192. Half of it costs 375 MB of memory for two chats instead of 560, and, on one core,
# 15 to 35 s before the first word of a reply to a full window instead of twice that.
WINDOW = 4_096
# For a request without a system turn. With the model's own ("You are a helpful AI assistant named SmolLM, …") it
# answers "What is the capital of France?" in bad French, and loops in 4 of 20 plain questions instead of 2.
INSTRUCTION = "Answer correctly and briefly."
# The server is silent while it reads the conversation; a full window on a busy core takes more than a minute.
_TIMEOUT = 600.0
_TELL_EVERY = 0.5  # seconds between two words about the download


class LocalProvider:
    """Answers by SmolLM2-135M-Instruct, a real but tiny model: it proves the path, not quality.

    Examples
    --------
    >>> local = LocalProvider()
    >>> local.models()
    ['smollm2-135m-instruct']
    """

    name = "local"
    default_model = MODEL

    def prepare(self, *, progress: Progress | None = None) -> None:
        """Make the model ready to answer: fetch the weights (93 MB) if they are not here, start the server.

        The first reply does this by itself; call it to show how far it is.

        Parameters
        ----------
        progress : callable, optional
            Called with the bytes that have arrived and the bytes there are. An exception of its own ends the
            download; what has arrived is kept for the next time.

        Raises
        ------
        LocalModelError
            If the weights cannot be had or llama.cpp cannot start.
        MissingDependencyError
            If xllamacpp is not installed.
        """
        _shared.provider(progress=progress)

    def stream(self, request: ChatRequest) -> ReplyStream:
        """Prepare a reply; nothing is started or sent before its first step is asked for.

        A conversation without a system turn gets a short one, which this model needs.

        Parameters
        ----------
        request : ChatRequest
            What to ask.

        Returns
        -------
        ReplyStream
            The reply. Beside the errors of every stream, reading it raises ``LocalModelError`` and
            ``MissingDependencyError`` as ``prepare`` does.
        """
        return LocalReply(request)

    def models(self) -> list[str]:
        """List the models, without starting anything.

        Returns
        -------
        list of str
            The one model there is.
        """
        return [MODEL]

    def context_window(self, model: str) -> int:
        """Return how many tokens a request and its reply may have together.

        Parameters
        ----------
        model : str
            Any name.

        Returns
        -------
        int
            4,096.
        """
        return WINDOW

    def __repr__(self) -> str:
        """Return one line."""
        return f"{type(self).__name__}()"


class LocalReply:
    """A ``ReplyStream`` that starts the model first, and can be closed while it does.

    Parameters
    ----------
    request : ChatRequest
        What to ask.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._settled = threading.Event()  # ready, failed or closed
        self._is_closed = False
        self._reply: ReplyStream | None = None
        self._failure: BaseException | None = None
        self._arrived: tuple[int, int] | None = None  # bytes of the weights that are here, and that there are

    def __iter__(self) -> Iterator[Delta]:
        """Start the model if need be, send the request and iterate over the steps of the reply, once.

        Yields
        ------
        Delta
            The next step.

        Raises
        ------
        UnknownModelError
            If another model was asked for.
        PrimerError
            If the model cannot be started, or the reply fails.
        """
        if self._request.model != MODEL:  # llama.cpp would answer to any name
            raise UnknownModelError(f"local has no model {self._request.model!r}; it has {MODEL!r}")
        # A download, pip and the start of llama.cpp cannot be interrupted at once: a closed reply leaves them behind.
        threading.Thread(target=self._open, name="primer-nb starts the local model", daemon=True).start()
        while not self._settled.wait(_TELL_EVERY):
            if self._arrived is not None:
                here, there = (size / 1e6 for size in self._arrived)
                yield Delta(status=f"Fetching the local model, this once: {here:.0f} of {there:.0f} MB")
        if self._is_closed:
            return
        if self._failure is not None:
            raise self._failure
        assert self._reply is not None
        yield from self._reply

    def close(self) -> None:
        """End the reply, from any thread and at any time; what was downloaded is kept. Idempotent."""
        with self._lock:
            self._is_closed = True
            reply = self._reply
        self._settled.set()
        if reply is not None:
            reply.close()

    def _open(self) -> None:
        try:
            provider = _shared.provider(progress=self._watch)
            with self._lock:
                if not self._is_closed:
                    self._reply = provider.stream(_instructed(self._request))
        except _ClosedError:
            pass
        except BaseException as error:  # noqa: BLE001 - the reader waits for this thread: it must hear of everything
            self._failure = error
        self._settled.set()

    def _watch(self, done: int, total: int) -> None:
        if self._is_closed:
            raise _ClosedError
        self._arrived = done, total


def _instructed(request: ChatRequest) -> ChatRequest:
    if any(turn.role == "system" for turn in request.messages):
        return request
    return replace(request, messages=(Turn("system", INSTRUCTION), *request.messages))


class _ClosedError(Exception):
    """The reply that wanted the model is no longer wanted."""


class _SharedServer:
    """The one server of this process, and the provider that speaks to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: LlamaServer | None = None
        self._provider: OpenAICompatibleProvider | None = None
        self._owner = 0  # the process that started it
        self._is_registered = False

    def provider(self, *, progress: Progress | None) -> OpenAICompatibleProvider:
        """Return the provider, the server started."""
        with self._lock:
            if self._provider is not None:
                return self._provider
        # Nobody downloads 93 MB to learn that llama.cpp is missing.
        from primer_nb.providers.llama_server import import_llama

        import_llama()
        path = _weights(progress)
        with self._lock:
            if self._provider is None:
                self._provider = self._started(path)
            return self._provider

    def stop(self) -> None:
        with self._lock:
            # A forked child asks its parent's server. It has none of its threads, and would wait for them for ever.
            if self._owner != os.getpid():
                return
            server, self._server, self._provider = self._server, None, None
        if server is not None:
            server.stop()

    def _started(self, path: Path) -> OpenAICompatibleProvider:
        from primer_nb.providers.llama_server import LlamaServer

        if not self._is_registered:
            self._is_registered = True
            atexit.register(self.stop)
        self._owner = os.getpid()
        self._server = LlamaServer(path, alias=MODEL, window=WINDOW)
        return OpenAICompatibleProvider(
            LocalProvider.name,
            base_url=self._server.base_url,
            key=self._server.api_key,
            default_model=MODEL,
            window=WINDOW,
            timeout=_TIMEOUT,
        )


def stop() -> None:
    """Stop the server and give its memory back; the next reply starts it again. Idempotent."""
    _shared.stop()


def _weights(progress: Progress | None) -> Path:
    from primer_nb.providers.model_file import SMOLLM2

    found = SMOLLM2.locate()
    if found is not None:
        return found
    from primer_nb.providers.model_fetch import fetch

    return fetch(SMOLLM2, progress=progress)


_shared = _SharedServer()
