"""Messages as the browser gets them: user's text as text, a model's as safe HTML that is rendered once.

A page costs what is on it, however long the chat: at most fifty messages and a quarter of a megabyte.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from primer_nb.markdown import render_markdown
from primer_nb.panel.part import Message
from primer_nb.use_cases.messages import branch_page

if TYPE_CHECKING:
    from primer_nb.replies import ReplyEnded, RunningReply
    from primer_nb.session import Session
    from primer_nb.use_cases.messages import BranchMessage

LIMIT = 50
HEAVIEST = 200_000  # bytes of text on a page; quoting and frames bring it to a quarter of a megabyte at most
LONGEST = 50_000  # characters shown of one message
_REMEMBERED = 400  # rendered messages; a window of the browser is 300
_SHOWN_OUTCOMES = ("stopped", "length", "error")


class Pages:
    """Reads a chat a page at a time.

    Parameters
    ----------
    session : Session
        On whose behalf.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rendered: OrderedDict[str, str] = OrderedDict()

    def latest(self, chat_id: str, *, until: str | None = None) -> tuple[list[Message], bool]:
        """Read the end of a chat.

        Parameters
        ----------
        chat_id : str
            Which chat.
        until : str, optional
            The last message to show, when a new reply to it is about to replace what follows.

        Returns
        -------
        tuple of list of dict and bool
            The messages, oldest first, and whether there are earlier ones.
        """
        page = branch_page(self._session, chat_id, limit=LIMIT)
        known = [message.id for message in page.messages]
        last = known.index(until) + 1 if until in known else len(known)
        return self._shown(page.messages[:last], has_earlier=page.has_earlier)

    def earlier(self, chat_id: str, before: str) -> tuple[list[Message], bool]:
        """Read what comes before a message.

        Parameters
        ----------
        chat_id : str
            Which chat.
        before : str
            The message.

        Returns
        -------
        tuple of list of dict and bool
            As `latest` does.
        """
        page = branch_page(self._session, chat_id, before=before, limit=LIMIT)
        return self._shown(page.messages, has_earlier=page.has_earlier)

    def remember(self, message_id: str, html: str) -> None:
        """Keep a rendered message, so that no page renders it again.

        Parameters
        ----------
        message_id : str
            Which message; messages never change.
        html : str
            Safe HTML.
        """
        self._rendered[message_id] = html
        if len(self._rendered) > _REMEMBERED:
            self._rendered.popitem(last=False)

    def _shown(self, messages: tuple[BranchMessage, ...], *, has_earlier: bool) -> tuple[list[Message], bool]:
        shown: list[Message] = []
        weight = 0
        for message in reversed(messages):
            one = self._show(message)
            weight += len(str(one.get("html") or one.get("text")).encode("utf-8", "replace"))
            if shown and weight > HEAVIEST:
                return shown[::-1], True
            shown.append(one)
        return shown[::-1], has_earlier

    def _show(self, message: BranchMessage) -> Message:
        text = message.content[:LONGEST]
        shown: Message = {
            "id": message.id,
            "role": message.role,
            "at": message.created_at.timestamp() * 1000,
            "clipped": len(message.content) - len(text),
        }
        if message.role != "assistant":
            return {**shown, "text": text}
        tokens = message.completion_tokens or message.tokens
        how = _how(message.model, message.finish_reason, tokens=tokens, seconds=message.duration)
        return {**shown, "html": self._html(message.id, text), **how}

    def _html(self, message_id: str, text: str) -> str:
        if message_id not in self._rendered:
            self.remember(message_id, render_markdown(text))
        self._rendered.move_to_end(message_id)
        return self._rendered[message_id]


def ended_reply(reply: RunningReply, ended: ReplyEnded, *, at: float) -> Message | None:
    """Describe a reply that has just ended; its HTML is in the browser already.

    Parameters
    ----------
    reply : RunningReply
        The reply.
    ended : ReplyEnded
        How it ended.
    at : float
        When, in seconds since 1970.

    Returns
    -------
    dict or None
        ``None`` when nothing had arrived.
    """
    if ended.message_id is None:
        return None
    outcome = ended.outcome
    how = _how(reply.model, outcome.finish_reason, tokens=outcome.completion_tokens, seconds=outcome.duration)
    return {"id": ended.message_id, "role": "assistant", "at": at * 1000, **how}


def _how(model: str | None, finish_reason: str | None, *, tokens: int | None, seconds: float | None) -> Message:
    """Say what is known of how a reply came to be; the browser puts it into words."""
    return {
        "model": model or "",
        "outcome": finish_reason if finish_reason in _SHOWN_OUTCOMES else "",
        "tokens": tokens or None,
        "seconds": None if seconds is None else round(max(seconds, 0.1), 1),
    }
