"""The chat that a panel shows, and what happens to it: open, send, stop, retry, edit, show the running reply.

Every method runs in the panel's worker thread, but for `stop`, which may be called from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb import limits, times
from primer_nb.panel.failures import explain
from primer_nb.panel.following import Following
from primer_nb.panel.pages import Pages, ended_reply
from primer_nb.panel.part import Message
from primer_nb.panel.transcript import failure
from primer_nb.panel.words import say
from primer_nb.replies import edit_and_reply, retry_reply, running_reply, start_reply
from primer_nb.use_cases.chats import create_chat, delete_chat
from primer_nb.use_cases.messages import branch_page

if TYPE_CHECKING:
    from primer_nb.panel.answering import Answering
    from primer_nb.panel.composer import Composer
    from primer_nb.panel.streaming import ReplyFeed
    from primer_nb.panel.transcript import Transcript
    from primer_nb.panel.worker import Worker
    from primer_nb.replies import ReplyEnded, RunningReply
    from primer_nb.session import Session


class Conversation:
    """One chat at a time, shown in a transcript and continued in a composer.

    ``announces`` says whether to tell of a reply that ends while nobody looks.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str or None
        What to show first; ``None`` for a chat that its first message will make.
    transcript, composer : Transcript, Composer
        Where it is shown.
    answering : Answering
        Who answers.
    worker : Worker
        Where the end of a reply is dealt with.
    on_change : callable
        Called when the list of chats has to be drawn anew.
    """

    def __init__(
        self,
        session: Session,
        chat_id: str | None,
        *,
        transcript: Transcript,
        composer: Composer,
        answering: Answering,
        worker: Worker,
        on_change: Callable[[], None],
    ) -> None:
        self.chat_id = chat_id
        self.announces = True
        self._session = session
        self._transcript = transcript
        self._composer = composer
        self._answering = answering
        self._on_change = on_change
        self._pages = Pages(session)
        self._viewers: set[str] = set()
        self._following = Following(worker, send=transcript.send, on_end=self._end, on_error=self.fail)

    @property
    def is_watched(self) -> bool:
        """Whether any browser looks."""
        return bool(self._viewers)

    def look(self, viewer: str) -> None:
        """Show the page to a browser that has just come, come back, or lost a piece.

        Parameters
        ----------
        viewer : str
            The browser's name for itself.
        """
        self._viewers.add(viewer)
        self._show_page()

    def look_away(self, viewer: str) -> None:
        """Send nothing more when the last browser has gone.

        Parameters
        ----------
        viewer : str
            The browser that goes.
        """
        self._viewers.discard(viewer)
        if not self._viewers:
            self._following.mute()

    def open(self, chat_id: str | None) -> None:
        """Show another chat; a reply that is being written in this one goes on.

        Parameters
        ----------
        chat_id : str or None
            Which one; ``None`` for a chat that its first message will make.
        """
        if self.chat_id is not None:
            self._following.mute(self.chat_id)
        self.chat_id = chat_id
        self.show()

    def start_over(self, chat_id: str | None) -> None:
        """Show a chat of another user, and keep nothing of the one before; a reply of theirs goes on.

        Parameters
        ----------
        chat_id : str or None
            Which one; ``None`` for a chat that its first message will make.
        """
        self._following.clear()
        self._pages = Pages(self._session)
        self.open(chat_id)

    def show(self) -> None:
        """Show the end of the chat, with the reply that is being written, and who answers."""
        self._show_page()
        self.show_state()

    def show_earlier(self, before: str) -> None:
        """Show what comes before a message.

        Parameters
        ----------
        before : str
            The first message that the browser has.
        """
        if self.chat_id is not None:
            messages, has_earlier = self._pages.earlier(self.chat_id, before)
            self._transcript.show_earlier(messages, before=before, has_earlier=has_earlier)

    def show_state(self) -> None:
        """Show who answers, and whether a reply is being written."""
        is_running = self.chat_id is not None and running_reply(self._session, self.chat_id) is not None
        self._answering.show(self.chat_id, is_running=is_running)

    def send(self, text: str, *, edited: str | None = None) -> None:
        """Store a message, make the chat if need be, and follow the reply.

        Parameters
        ----------
        text : str
            The message.
        edited : str, optional
            The message that it says differently.
        """
        limits.check_text(text, name="message", longest=limits.CONTENT)
        is_new = self.chat_id is None
        chat_id = self.chat_id or create_chat(self._session).id
        try:
            options = self._answering.options(chat_id)
            if edited is None:
                reply = start_reply(self._session, chat_id, text, options=options)
            else:
                reply = edit_and_reply(self._session, chat_id, edited, text, options=options)
        except Exception:
            if is_new:
                delete_chat(self._session, chat_id)
            raise
        self.chat_id = chat_id
        self._composer.accept()
        if edited is None:
            said = {"id": reply.user_message_id, "role": "user", "text": text, "at": times.now().timestamp() * 1000}
            self._show_turn(reply, [said], after=None)
        else:
            self.show()
            self._on_change()

    def retry(self) -> None:
        """Ask for the last reply again."""
        if self.chat_id is not None:
            reply = retry_reply(self._session, self.chat_id, options=self._answering.options(self.chat_id))
            self._show_turn(reply, [], after=reply.user_message_id)

    def stop(self) -> None:
        """End the running reply of the chat that is shown; may be called from any thread."""
        if self.chat_id is not None and (reply := running_reply(self._session, self.chat_id)):
            reply.stop()

    def recall(self) -> None:
        """Offer the user's last message to the composer."""
        if self.chat_id is not None:
            messages = branch_page(self._session, self.chat_id, limit=20).messages
            if said := next((message for message in reversed(messages) if message.role == "user"), None):
                self._composer.recall(said.content)

    def hand_over(self, message_id: str) -> None:
        """Give the browser a message as it was written.

        Parameters
        ----------
        message_id : str
            Which one.
        """
        if self.chat_id is None:
            return
        with self._session.read() as work:
            self._transcript.hand_over(message_id, work.messages.find(self.chat_id, message_id).content)

    def forget(self, chat_id: str) -> None:
        """Stop following a chat that is about to be deleted.

        Parameters
        ----------
        chat_id : str
            Which one.
        """
        if reply := running_reply(self._session, chat_id):
            reply.stop()
        self._following.drop(chat_id)
        if chat_id == self.chat_id:
            self.open(None)

    def close(self) -> None:
        """Follow nothing any more; replies go on."""
        self._following.clear()

    def fail(self, error: Exception) -> None:
        """Show an exception below the messages.

        Parameters
        ----------
        error : Exception
            What went wrong.
        """
        self._transcript.show_error(failure(explain(error), retry="page"))

    def _show_page(self) -> None:
        if self.chat_id is None:
            self._transcript.show_page(None, [], has_earlier=False, error=None, notice=None)
        else:
            self._show_chat(self.chat_id, running_reply(self._session, self.chat_id))

    def _show_chat(self, chat_id: str, reply: RunningReply | None) -> None:
        until = reply.user_message_id if reply else None
        messages, has_earlier = self._pages.latest(chat_id, until=until)
        error = None
        if reply is None and messages and messages[-1]["role"] == "user":
            error = self._following.failure_of(chat_id) or failure(say("unanswered"), retry="reply")
        feed = self._following.follow(reply) if reply else None
        live = [_live_message(feed)] if feed else []
        notice = say("left_out") if reply and reply.notice else None
        self._transcript.show_page(chat_id, messages + live, has_earlier=has_earlier, error=error, notice=notice)
        if feed:
            feed.start()

    def _show_turn(self, reply: RunningReply, said: list[Message], *, after: str | None) -> None:
        feed = self._following.follow(reply)
        self._transcript.show_turn(reply.chat_id, [*said, _live_message(feed)], after=after)
        feed.start()
        if reply.notice:
            self._transcript.show_notice(say("left_out"))
        self.show_state()
        self._on_change()

    def _end(self, feed: ReplyFeed, ended: ReplyEnded) -> None:
        self.show_state()
        if not feed.is_muted:
            self._show_end(feed, ended)
        if self.announces and not self._viewers:
            self._transcript.announce()
        self._on_change()

    def _show_end(self, feed: ReplyFeed, ended: ReplyEnded) -> None:
        message = ended_reply(feed.reply, ended, at=times.now().timestamp())
        if message:
            self._pages.remember(message["id"], feed.html)
            if feed.is_redrawn:
                message["html"] = feed.html
        error = self._following.failure_of(feed.reply.chat_id)
        state = {"stopped": "stopped", "error": "error"}.get(ended.outcome.finish_reason, "ready")
        self._transcript.show_end(feed.stream, message, error=error, state=state)


def _live_message(feed: ReplyFeed) -> Message:
    live = feed.opening()
    return {"id": feed.reply.message_id, "role": "assistant", "at": times.now().timestamp() * 1000, "live": live}
