"""The running replies that a panel follows, at most one a chat, and what went wrong with those that have ended.

A reply goes on without being followed: it belongs to its chat. Every method runs in the panel's worker thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.panel.failures import explain, remedy
from primer_nb.panel.part import Message
from primer_nb.panel.streaming import ReplyFeed
from primer_nb.panel.transcript import failure
from primer_nb.panel.words import say

if TYPE_CHECKING:
    from primer_nb.panel.worker import OnError, Worker
    from primer_nb.replies import ReplyEnded, RunningReply


class Following:
    """Feeds of running replies, by chat.

    Parameters
    ----------
    worker : Worker
        Where the end of a reply is dealt with.
    send : callable
        Sends one message to the transcript.
    on_end : callable
        Called with a feed and the end of its reply, which is followed no more.
    on_error : callable
        Called with an exception of a feed.
    """

    def __init__(
        self,
        worker: Worker,
        *,
        send: Callable[[Message], None],
        on_end: Callable[[ReplyFeed, ReplyEnded], None],
        on_error: OnError,
    ) -> None:
        self._worker = worker
        self._send = send
        self._on_end = on_end
        self._on_error = on_error
        self._streams = itertools.count(1)
        self._feeds: dict[str, ReplyFeed] = {}
        self._failures: dict[str, Message] = {}

    def follow(self, reply: RunningReply) -> ReplyFeed:
        """Follow a reply from what has arrived.

        Parameters
        ----------
        reply : RunningReply
            Which one; what went wrong in its chat before is forgotten.

        Returns
        -------
        ReplyFeed
            To be started when the browser has its opening.
        """
        self.drop(reply.chat_id)
        feed = ReplyFeed(
            reply,
            stream=next(self._streams),
            send=self._send,
            on_end=lambda ended: self._worker.submit(lambda: self._end(feed, ended), on_error=self._on_error),
            on_error=self._on_error,
        )
        self._feeds[reply.chat_id] = feed
        return feed

    def mute(self, chat_id: str | None = None) -> None:
        """Send no more pieces, since nobody looks; the end is still dealt with.

        Parameters
        ----------
        chat_id : str, optional
            In which chat; in all by default.
        """
        for feed in list(self._feeds.values()):
            if chat_id in {None, feed.reply.chat_id}:
                feed.mute()

    def drop(self, chat_id: str) -> None:
        """Follow a chat no more, and forget what went wrong in it.

        Parameters
        ----------
        chat_id : str
            Which chat.
        """
        self._failures.pop(chat_id, None)
        if feed := self._feeds.pop(chat_id, None):
            feed.close()

    def clear(self) -> None:
        """Follow nothing any more, and forget everything; replies go on."""
        for chat_id in {*self._feeds, *self._failures}:
            self.drop(chat_id)

    def failure_of(self, chat_id: str) -> Message | None:
        """Say what went wrong with the last reply.

        Parameters
        ----------
        chat_id : str
            In which chat.

        Returns
        -------
        dict or None
            From `failure`.
        """
        return self._failures.get(chat_id)

    def _end(self, feed: ReplyFeed, ended: ReplyEnded) -> None:
        chat_id = feed.reply.chat_id
        if self._feeds.get(chat_id) is not feed:
            return
        del self._feeds[chat_id]
        if ended.error is not None:
            way = remedy(ended.error, provider=feed.reply.provider)
            self._failures[chat_id] = failure(explain(ended.error), retry="reply", remedy=way)
        elif ended.message_id is None:
            self._failures[chat_id] = failure(say("stopped_early"), retry="reply")
        self._on_end(feed, ended)
