"""Read the conversation of a chat: its active branch, whole or a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from primer_nb.use_cases.branches import active_branch
from primer_nb.use_cases.chats import checked_id

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.database.repositories.messages import StoredMessage
    from primer_nb.session import Session

PAGE = 50


@dataclass(frozen=True, slots=True)
class BranchMessage:
    """A message of a conversation, with what is known of how it came to be.

    Parameters
    ----------
    id : str
        Its identifier.
    role : str
        ``"system"``, ``"user"`` or ``"assistant"``.
    content : str
        Its text, Markdown as a rule.
    tokens : int
        Tokens of the text; 0 when nobody counted.
    created_at : datetime
        Aware, UTC.
    provider, model : str or None
        Who wrote it.
    prompt_tokens, completion_tokens : int or None
        What the provider counted.
    time_to_first_token, duration : float or None
        Seconds.
    finish_reason : str or None
        ``"stop"``, ``"length"``, ``"stopped"`` or ``"error"``.
    """

    id: str
    role: str
    content: str
    tokens: int
    created_at: datetime
    provider: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float | None = None
    finish_reason: str | None = None

    def __repr__(self) -> str:
        """Return one line with the beginning of the text."""
        text = self.content if len(self.content) <= 60 else self.content[:59] + "…"
        return f"<{self.role} {self.created_at:%Y-%m-%d %H:%M} {text!r}>"


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a conversation.

    Parameters
    ----------
    messages : tuple of BranchMessage
        Oldest first.
    has_earlier : bool
        Whether there are messages before these.
    """

    messages: tuple[BranchMessage, ...]
    has_earlier: bool


def branch_page(session: Session, chat_id: str, *, before: str | None = None, limit: int = PAGE) -> Page:
    """Read the end of a conversation, or what comes before one of its messages.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.
    before : str, optional
        Id of a message; the messages just before it are read.
    limit : int, default 50
        The most messages.

    Returns
    -------
    Page
        The cost grows with the page, not with the chat.

    Raises
    ------
    ChatNotFoundError, MessageNotFoundError
        If there is no such chat or message, or it is another user's.
    """
    with session.read() as work:
        work.chats.get(checked_id(chat_id))
        if before is None:
            rows = active_branch(work.messages.newest_first(chat_id))
        else:
            last = work.messages.find(chat_id, checked_id(before))
            older = work.messages.newest_first(chat_id, before=last.id)
            rows = islice(active_branch(chain((last,), older)), 1, None)
        found = list(islice(rows, limit + 1))
    return Page(tuple(_seen(row) for row in reversed(found[:limit])), has_earlier=len(found) > limit)


def whole_branch(session: Session, chat_id: str) -> list[BranchMessage]:
    """Read a whole conversation.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.

    Returns
    -------
    list of BranchMessage
        Oldest first; only what is shown, not the answers that were retried nor the questions that were edited.

    Raises
    ------
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    """
    with session.read() as work:
        work.chats.get(checked_id(chat_id))
        rows = list(active_branch(work.messages.newest_first(chat_id, step=1_000)))
    return [_seen(row) for row in reversed(rows)]


def _seen(row: StoredMessage) -> BranchMessage:
    return BranchMessage(
        id=row.id,
        role=row.role,
        content=row.content,
        tokens=row.tokens,
        created_at=row.created_at,
        provider=row.provider,
        model=row.model,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        time_to_first_token=row.time_to_first_token,
        duration=row.duration,
        finish_reason=row.finish_reason,
    )
