"""Keep a reply: its draft while it arrives, the message when it has ended, what is left of it after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.tables import Completion, Draft, Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from primer_nb.database import Store, UnitOfWork
    from primer_nb.session import Session
    from primer_nb.use_cases.sending import Question

ABANDONED_AFTER = 600.0  # seconds without a sign of life of a writer that cannot be looked at


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reply ended.

    Parameters
    ----------
    text : str
        What arrived.
    finish_reason : str
        ``"stop"``, ``"length"``, ``"stopped"`` (by the user) or ``"error"``.
    prompt_tokens, completion_tokens : int, optional
        As the provider counted; ``None`` when it did not.
    time_to_first_token, duration : float, optional
        Seconds from the request.
    """

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float | None = None


def keep_reply(session: Session, question: Question, outcome: Outcome) -> None:
    """Store a reply that has ended, in place of its draft.

    Parameters
    ----------
    session : Session
        On whose behalf.
    question : Question
        What was asked.
    outcome : Outcome
        What came of it; without any text nothing is stored.

    Raises
    ------
    ChatNotFoundError
        If the chat was deleted meanwhile.
    StoreError
        If it cannot be written.
    """
    with session.write() as work:
        if outcome.text:
            _add(work, question.chat_id, question.reply_id, outcome.text, tokens=outcome.completion_tokens or 0)
            work.completions.add(
                Completion(
                    message_id=question.reply_id,
                    parent_id=question.user_message_id,
                    provider=question.provider.name,
                    model=question.request.model,
                    prompt_tokens=outcome.prompt_tokens,
                    completion_tokens=outcome.completion_tokens,
                    time_to_first_token=outcome.time_to_first_token,
                    duration=outcome.duration,
                    finish_reason=outcome.finish_reason,
                    temperature=question.request.temperature,
                )
            )
        work.drafts.discard(question.reply_id)
        work.commit()


def save_draft(session: Session, question: Question, text: str, *, owner: str, started_at: datetime) -> None:
    """Keep what has arrived of a reply so far.

    Parameters
    ----------
    session : Session
        On whose behalf.
    question : Question
        What was asked.
    text : str
        All that has arrived.
    owner : str
        The process that writes it, from ``primer_nb.replies``.
    started_at : datetime
        When the request was sent.

    Raises
    ------
    ChatNotFoundError
        If the chat was deleted meanwhile.
    """
    draft = Draft(
        message_id=question.reply_id,
        chat_id=question.chat_id,
        user_message_id=question.user_message_id,
        provider=question.provider.name,
        model=question.request.model,
        content=text,
        owner=owner,
        temperature=question.request.temperature,
        started_at=started_at,
        updated_at=times.now(),
    )
    with session.write() as work:
        work.drafts.save(draft)
        work.commit()


def recover_drafts(store: Store, *, is_alive: Callable[[str], bool | None]) -> int:
    """Turn the drafts of processes that are gone into messages, marked as interrupted.

    Parameters
    ----------
    store : Store
        Open and up to date.
    is_alive : callable
        Tells of an owner whether it still runs; ``None`` when it cannot be told, then ten silent minutes decide.

    Returns
    -------
    int
        How many messages came of it. Finding nothing costs one read.
    """
    with store.unit_of_work(read_only=True) as work:
        drafts = work.drafts.list()
    abandoned = [draft for draft in drafts if _is_abandoned(draft, is_alive)]
    if not abandoned:
        return 0
    with store.unit_of_work() as work:
        # another process may recover the same drafts: whoever deletes a draft makes the message
        kept = [draft for draft in abandoned if work.drafts.discard(draft.message_id) and draft.content]
        for draft in kept:
            _recover(work, draft)
        work.commit()
    return len(kept)


def _is_abandoned(draft: Draft, is_alive: Callable[[str], bool | None]) -> bool:
    alive = is_alive(draft.owner)
    if alive is None:
        return (times.now() - draft.updated_at).total_seconds() > ABANDONED_AFTER
    return not alive


def _recover(work: UnitOfWork, draft: Draft) -> None:
    _add(work, draft.chat_id, draft.message_id, draft.content, tokens=0)
    work.completions.add(
        Completion(
            message_id=draft.message_id,
            parent_id=draft.user_message_id,
            provider=draft.provider,
            model=draft.model,
            duration=(draft.updated_at - draft.started_at).total_seconds(),
            finish_reason="error",
            temperature=draft.temperature,
        )
    )


def _add(work: UnitOfWork, chat_id: str, message_id: str, text: str, *, tokens: int) -> None:
    newest = work.messages.newest(chat_id)
    moment = times.after(newest.created_at if newest else None)
    work.messages.add(
        Message(id=message_id, chat_id=chat_id, role="assistant", content=text, tokens=tokens, created_at=moment)
    )
    work.chats.touch(chat_id, updated_at=moment)
