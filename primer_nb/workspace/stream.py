"""A reply as an iterator over pieces of text."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from primer_nb.replies import Piece, ReplyEnded

if TYPE_CHECKING:
    from primer_nb.replies import Reply, ReplyEvent, RunningReply


class Stream:
    """Pieces of a reply as they arrive; made by ``chat.stream(text)``.

    Examples
    --------
    >>> for piece in chat.stream("Tell me a joke."):  # doctest: +SKIP
    ...     print(piece, end="")
    """

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[ReplyEvent] = queue.SimpleQueue()
        self._running: RunningReply
        self._on_end: Callable[[], None]

    def __repr__(self) -> str:
        """Return one line."""
        return f"<stream of {self._running!r}>"

    def take(self, event: ReplyEvent) -> None:
        """Accept an event of the reply.

        Parameters
        ----------
        event : ReplyEvent
            Called in the thread that reads the provider.
        """
        self._events.put(event)

    def attach(self, running: RunningReply, *, on_end: Callable[[], None]) -> Stream:
        """Say which reply the events are of.

        Parameters
        ----------
        running : RunningReply
            The reply.
        on_end : callable
            Called when it has been read to its end.

        Returns
        -------
        Stream
            This object.
        """
        self._running = running
        self._on_end = on_end
        return self

    def __iter__(self) -> Iterator[str]:
        """Iterate over the pieces; raises what went wrong after the last one."""
        while True:
            event = self._events.get()
            if isinstance(event, Piece):
                yield event.text
            if not isinstance(event, ReplyEnded):
                continue
            self._events.put(event)  # a second iteration ends at once too
            self._on_end()
            if event.error is not None:
                raise event.error
            return

    def stop(self) -> None:
        """End the reply; what has arrived is kept."""
        self._running.stop()

    @property
    def reply(self) -> Reply:
        """Wait for the end and return the stored reply.

        Returns
        -------
        Reply
            Complete, or what had arrived when it was stopped.

        Raises
        ------
        ProviderError
            If the provider failed; what had arrived is stored.
        """
        reply = self._running.wait()
        self._on_end()
        return reply
