"""A running reply on its way to the browser: few messages, each block of Markdown once.

Pieces come from the thread that reads the stream and are only collected there; a thread of this module renders and
sends them. The first goes out at once, the others about ten times a second, slower the longer a reply gets: its 600th
message comes after four minutes, whatever the speed of the model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.markdown import StreamingMarkdown, Update
from primer_nb.panel.part import Message
from primer_nb.panel.worker import attempt, start_thread
from primer_nb.replies import Piece, Preparing, ReplyEnded

if TYPE_CHECKING:
    from primer_nb.replies import ReplyEvent, RunningReply

FIRST_INTERVAL = 0.1  # seconds
SLOWER = 0.001  # seconds more after each message
LAST_INTERVAL = 0.5


class ReplyFeed:
    """Sends one running reply to one transcript.

    Parameters
    ----------
    reply : RunningReply
        What to follow, from whatever has arrived.
    stream : int
        Names this feed in its messages, so that the browser can tell a feed from the one before.
    send : callable
        Sends one message to the browser.
    on_end : callable
        Called with the end of the reply, after the last piece was sent.
    on_error : callable
        Called with an exception of this module's thread.
    """

    def __init__(
        self,
        reply: RunningReply,
        *,
        stream: int,
        send: Callable[[Message], None],
        on_end: Callable[[ReplyEnded], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self.reply = reply
        self.stream = stream
        self._send = send
        self._on_end = on_end
        self._on_error = on_error
        self._markdown = StreamingMarkdown()
        self._html: list[str] = []
        self._whole: str | None = None
        self._seq = 0
        self._changed = threading.Condition()
        self._pieces: list[str] = []
        self._status: str | None = None
        self._ended: ReplyEnded | None = None
        self.is_muted = False
        self._is_closed = False
        with self._changed:  # a piece may arrive before the text that it follows is known
            text, self._unsubscribe = reply.subscribe(self._take)
            self._markdown.feed(text)
            self._opening = self._markdown.flush()
            self._html.extend(self._opening.settled)

    @property
    def html(self) -> str:
        """The whole reply as safe HTML, once it has ended."""
        return self._whole or "".join(self._html)

    @property
    def is_redrawn(self) -> bool:
        """Whether the end of the reply changed blocks that were sent before."""
        return self._whole is not None

    def opening(self) -> Message:
        """Describe what had arrived when the feed was made.

        Returns
        -------
        dict
            The ``live`` part of a message; the pieces sent after `start` continue it.
        """
        return {"stream": self.stream, "seq": 0, "html": "".join(self._opening.settled), "tail": self._opening.tail}

    def start(self) -> None:
        """Begin to send; the browser must have the opening first."""
        start_thread(lambda: attempt(self._run, self._on_error), name="primer-feed")

    def mute(self) -> None:
        """Send nothing more, since nobody looks; the end is still told."""
        self.is_muted = True

    def close(self) -> None:
        """Leave the reply to itself. Idempotent."""
        self._unsubscribe()
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _take(self, event: ReplyEvent) -> None:
        with self._changed:
            if isinstance(event, Piece):
                self._pieces.append(event.text)
                if len(self._pieces) > 1:
                    return  # the thread knows already
            elif isinstance(event, Preparing):
                self._status = event.status
            else:
                self._ended = event
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._status or self._ended or self._is_closed)
                status, self._status = self._status, None
                pieces, self._pieces = self._pieces, []
                ended = self._ended
                if self._is_closed:
                    return
            if not self.is_muted:
                if status is not None:
                    self._send({"type": "notice", "told": {"text": status}, "passes": True})
                self._markdown.feed("".join(pieces))
                if update := self._markdown.flush():
                    self._publish(update)
            if ended is not None:
                self._finish(ended)
                return
            self._rest()

    def _finish(self, ended: ReplyEnded) -> None:
        if not self.is_muted:
            final = self._markdown.finish()
            self._whole = final.whole
            self._publish(Update(final.settled, "", replace_tail=True))
        self._on_end(ended)

    def _rest(self) -> None:
        interval = min(FIRST_INTERVAL + SLOWER * self._seq, LAST_INTERVAL)
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._is_closed, timeout=interval)

    def _publish(self, update: Update) -> None:
        self._html.extend(update.settled)
        self._seq += 1
        self._send(
            {
                "type": "delta",
                "stream": self.stream,
                "seq": self._seq,
                "html": "".join(update.settled),
                "tail": update.tail,
                "replace": update.replace_tail,
            }
        )
