"""Read the stream of a provider to its end, however it ends: well, by a failure, or because the user stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.errors import PrimerError, ReplyCutError

if TYPE_CHECKING:
    from primer_nb.providers.base import ChatRequest, Delta, Provider, ReplyStream

_FINISH_REASONS = {"stop", "length"}


@dataclass(slots=True)
class Ending:
    """How a stream ended, and what it told besides the text; of numbers told twice the last one counts.

    Parameters
    ----------
    finish_reason : str
        ``"stop"``, ``"length"``, ``"stopped"`` or ``"error"``.
    error : PrimerError or None
        What went wrong.
    prompt_tokens, completion_tokens : int or None
        As the provider counted.
    time_to_first_token, duration : float or None
        Seconds from the request.
    """

    finish_reason: str = "stop"
    error: PrimerError | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float | None = None

    def note(self, delta: Delta) -> None:
        """Take over what a step tells besides the text.

        Parameters
        ----------
        delta : Delta
            The step.
        """
        if delta.finish_reason is not None:
            self.finish_reason = delta.finish_reason if delta.finish_reason in _FINISH_REASONS else "stop"
        if delta.prompt_tokens is not None:
            self.prompt_tokens = delta.prompt_tokens
        if delta.completion_tokens is not None:
            self.completion_tokens = delta.completion_tokens


class StreamReader:
    """Reads one reply in one thread; any other thread may stop it.

    The stream is prepared at once, in the thread of who asks: its key is looked up while they are still signed in.

    Parameters
    ----------
    provider : Provider
        Who is asked.
    request : ChatRequest
        What is asked.
    refusal : PrimerError, optional
        Why the request is not sent at all.
    """

    def __init__(self, provider: Provider, request: ChatRequest, *, refusal: PrimerError | None = None) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._stream: ReplyStream | None = None
        self._failure: Exception | None = refusal
        self._is_stopped = False
        if refusal is None:
            try:
                self._stream = provider.stream(request)
            except Exception as error:  # noqa: BLE001 - it is the reply that fails: the message is stored
                self._failure = error

    def stop(self) -> None:
        """End the stream now, wherever it is."""
        with self._lock:
            self._is_stopped = True
            stream = self._stream
        if stream is not None:
            stream.close()

    def read(self, take: Callable[[str], None], *, tell: Callable[[str], None]) -> Ending:
        """Read to the end.

        Parameters
        ----------
        take : callable
            Called with each piece of text.
        tell : callable
            Called with what the provider does before the first piece.

        Returns
        -------
        Ending
            A failure is told here, not raised.
        """
        started = time.perf_counter()
        ending = Ending()
        try:
            self._read(take, tell, ending, started)
        except PrimerError as error:
            ending.error, ending.finish_reason = error, "error"
        finally:
            self._close()
        if self._is_stopped:  # closing the stream is what made it fail
            ending.error, ending.finish_reason = None, "stopped"
        ending.duration = time.perf_counter() - started
        return ending

    def _read(self, take: Callable[[str], None], tell: Callable[[str], None], ending: Ending, started: float) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        assert self._stream is not None
        for delta in self._stream:
            if self._is_stopped:
                return
            ending.note(delta)
            if delta.status is not None:
                tell(delta.status)
            if delta.text:
                if ending.time_to_first_token is None:
                    ending.time_to_first_token = time.perf_counter() - started
                take(delta.text)
        if ending.time_to_first_token is None and not self._is_stopped:
            raise ReplyCutError(f"{self._request.model!r} answered with nothing; try again, or ask in other words")

    def _close(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
