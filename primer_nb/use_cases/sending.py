"""Send a message: what is committed before a provider is called, and what after the reply has ended.

1. One unit of work checks the owner, stores the user's message and reads the context.
2. The provider streams; no transaction is open (``primer_nb.replies`` does that).
3. One unit of work stores the reply with how it came to be, and touches the chat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from primer_nb import ids, limits, times
from primer_nb.database.repositories.messages import StoredMessage
from primer_nb.errors import ContextTooLongError, InvalidInputError
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.tables import Completion, Message
from primer_nb.use_cases.branches import active_branch
from primer_nb.use_cases.chats import checked_id, save_settings, settings_of
from primer_nb.use_cases.context import Context, build_context
from primer_nb.use_cases.options import choose
from primer_nb.use_cases.policy import policy_here
from primer_nb.use_cases.stored_keys import stored_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from primer_nb.database import UnitOfWork
    from primer_nb.providers.base import Provider
    from primer_nb.session import Session
    from primer_nb.tables import Chat
    from primer_nb.use_cases.options import Choice, SendOptions

TITLE = 60  # characters of the first message that become the title of its chat


@dataclass(frozen=True, slots=True)
class Question:
    """A stored message of the user, and what its reply needs.

    Parameters
    ----------
    chat_id : str
        Where it was said.
    user_message_id : str
        The message to answer.
    reply_id : str
        The id that the reply will have.
    provider : Provider
        Who is asked, with the key of the user who asks.
    request : ChatRequest
        What is asked.
    is_cut : bool
        Whether older turns did not fit into the model's window.
    refusal : ContextTooLongError or None
        Why it cannot be sent; the message is stored all the same.
    """

    chat_id: str
    user_message_id: str
    reply_id: str
    provider: Provider
    request: ChatRequest
    is_cut: bool
    refusal: ContextTooLongError | None = None


def ask(session: Session, chat_id: str, text: str, options: SendOptions) -> Question:
    """Store a message of the user and settle what its reply needs.

    Parameters
    ----------
    session : Session
        On whose behalf; one that stays with its user, since the provider's key is looked up there later.
    chat_id : str
        Where it is said.
    text : str
        The message.
    options : SendOptions
        What it asks of its reply.

    Returns
    -------
    Question
        Committed when this returns.

    Raises
    ------
    InvalidInputError
        If the text cannot be stored.
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    UnknownProviderError
        If no provider has the name asked for.
    """
    limits.check_text(text, name="message", longest=limits.CONTENT)
    with session.write() as work:
        chat = work.chats.get(checked_id(chat_id))
        branch = active_branch(work.messages.newest_first(chat.id))
        question = _store(work, chat, _choice(session, work, chat, options), text, branch=branch)
        work.commit()
    return question


def ask_again(session: Session, chat_id: str, options: SendOptions) -> Question:
    """Settle what another reply to the last message of the user needs; nothing is stored yet.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Whose last question is to be answered again.
    options : SendOptions
        What is asked of the reply this time.

    Returns
    -------
    Question
        An answer that exists stays, beside the new one.

    Raises
    ------
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    InvalidInputError
        If the user has said nothing in it yet.
    """
    with session.read() as work:
        chat = work.chats.get(checked_id(chat_id))
        choice = _choice(session, work, chat, options)
        branch = active_branch(work.messages.newest_first(chat.id))
        asked = next((message for message in branch if message.role == "user"), None)
        if asked is None:
            raise InvalidInputError("there is nothing to retry in this chat; send a message first")
        return _question(chat.id, asked, choice, chain((asked,), branch))


def ask_differently(session: Session, chat_id: str, message_id: str, text: str, options: SendOptions) -> Question:
    """Store an edited message of the user beside the original one.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Where it was said.
    message_id : str
        The user's message to say differently.
    text : str
        What is said now.
    options : SendOptions
        What is asked of the reply.

    Returns
    -------
    Question
        The original and what followed stay stored, off the active branch.

    Raises
    ------
    InvalidInputError
        If the text cannot be stored, or the message is not one of the user's own.
    ChatNotFoundError, MessageNotFoundError
        If there is no such chat or message, or it is another user's.
    """
    limits.check_text(text, name="message", longest=limits.CONTENT)
    with session.write() as work:
        chat = work.chats.get(checked_id(chat_id))
        original = work.messages.find(chat.id, checked_id(message_id))
        if original.role != "user":
            raise InvalidInputError(f"message {message_id!r} is the {original.role}'s; only your own can be edited")
        older = work.messages.newest_first(chat.id, before=original.id)
        branch = islice(active_branch(chain((original,), older)), 1, None)
        question = _store(work, chat, _choice(session, work, chat, options), text, branch=branch, is_fork=True)
        work.commit()
    return question


def _choice(session: Session, work: UnitOfWork, chat: Chat, options: SendOptions) -> Choice:
    choice = choose(session, options, settings_of(work, chat), policy_here(session, work))
    provider = session.providers.keyed(choice.provider, lambda name: stored_key(session, name))
    return replace(choice, provider=provider)


def _store(
    work: UnitOfWork,
    chat: Chat,
    choice: Choice,
    text: str,
    *,
    branch: Iterator[StoredMessage],
    is_fork: bool = False,
) -> Question:
    """Insert the message, and its place in the tree if it does not simply follow the newest one."""
    previous = next(branch, None)
    newest = work.messages.newest(chat.id)
    moment = times.after(newest.created_at if newest else None)
    said = StoredMessage(ids.new_id(), "user", text, 0, moment)
    earlier = branch if previous is None else chain((previous,), branch)
    question = _question(chat.id, said, choice, chain((said,), earlier))
    first = said
    if choice.new_system is not None:
        first = StoredMessage(ids.new_id(), "system", choice.new_system, 0, moment)
        said = said._replace(id=ids.new_id(), created_at=times.after(moment))
        work.messages.add(_row(chat, first))
        save_settings(work, chat, system_prompt=choice.new_system)
        question = replace(question, user_message_id=said.id)
    work.messages.add(_row(chat, said))
    if is_fork:
        parent_id = None if previous is None else previous.id
        work.completions.add(Completion(message_id=first.id, parent_id=parent_id))
    _touch(work, chat, choice, text, said.created_at)
    return question


def _row(chat: Chat, message: StoredMessage) -> Message:
    return Message(
        id=message.id,
        chat_id=chat.id,
        role=message.role,
        content=message.content,
        tokens=0,
        created_at=message.created_at,
    )


def _touch(work: UnitOfWork, chat: Chat, choice: Choice, text: str, moment: datetime) -> None:
    chat.updated_at = max(moment, times.after(chat.updated_at))
    if chat.model is None:  # the chat stays with who answers its first message
        chat.model = choice.model
        save_settings(work, chat, provider=choice.provider.name, model=choice.model)
    if chat.title is None:
        words = " ".join(text[: 4 * TITLE].split())
        chat.title = words if len(words) <= TITLE else words[: TITLE - 1].rstrip() + "…"
    work.chats.update(chat)


def _question(chat_id: str, asked: StoredMessage, choice: Choice, branch: Iterable[StoredMessage]) -> Question:
    refusal: ContextTooLongError | None = None
    try:
        context = build_context(branch, choice)
    except ContextTooLongError as error:
        refusal = error
        context = Context(turns=(Turn(asked.role, asked.content),), is_cut=False)
    return Question(
        chat_id=chat_id,
        user_message_id=asked.id,
        reply_id=ids.new_id(),
        provider=choice.provider,
        request=ChatRequest(
            model=choice.model,
            messages=context.turns,
            temperature=choice.temperature,
            max_tokens=choice.max_tokens,
        ),
        is_cut=context.is_cut,
        refusal=refusal,
    )
