"""Make, find, rename, set up and delete chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import ids, limits, times
from primer_nb.errors import InvalidInputError, NotFoundError
from primer_nb.tables import Chat, ChatSettings

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session


def create_chat(session: Session, title: str | None = None, *, model: str | None = None) -> Chat:
    """Make an empty chat.

    Parameters
    ----------
    session : Session
        On whose behalf.
    title : str, optional
        At most 255 characters; without one the first message gives it.
    model : str, optional
        The model that answers in this chat unless a message asks for another.

    Returns
    -------
    Chat
        The stored chat.

    Raises
    ------
    InvalidInputError
        If the title or the model cannot be stored.
    """
    now = times.now()
    chat = Chat(
        id=ids.new_id(),
        user_id=session.user.id,
        title=None if title is None else _checked_title(title),
        model=None if model is None else limits.check_text(model, name="model", longest=limits.MODEL),
        created_at=now,
        updated_at=now,
    )
    with session.write() as work:
        work.chats.add(chat)
        work.commit()
    return chat


def list_chats(session: Session, *, matching: str | None = None, limit: int | None = None) -> list[Chat]:
    """Read the user's chats.

    Parameters
    ----------
    session : Session
        On whose behalf.
    matching : str, optional
        Only chats whose title or messages hold this text, in any case.
    limit : int, optional
        The most to return; all by default.

    Returns
    -------
    list of Chat
        The last changed first.
    """
    with session.read() as work:
        return work.chats.newest(matching=matching, limit=limit)


def count_chats(session: Session) -> int:
    """Count the user's chats.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    int
        How many there are.
    """
    with session.read() as work:
        return work.chats.count()


def get_chat(session: Session, chat_id: str) -> Chat:
    """Find one chat.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.

    Returns
    -------
    Chat
        The stored chat.

    Raises
    ------
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    """
    with session.read() as work:
        return work.chats.get(checked_id(chat_id))


def chats_titled(session: Session, title: str) -> list[Chat]:
    """Find the chats of one title.

    Parameters
    ----------
    session : Session
        On whose behalf.
    title : str
        The whole title.

    Returns
    -------
    list of Chat
        The last changed first; titles need not be unique.
    """
    with session.read() as work:
        return work.chats.titled(title)


def rename_chat(session: Session, chat_id: str, *, title: str) -> Chat:
    """Give a chat another title.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.
    title : str
        At most 255 characters.

    Returns
    -------
    Chat
        The chat as stored now.

    Raises
    ------
    InvalidInputError
        If the title cannot be stored.
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    """
    title = _checked_title(title)
    with session.write() as work:
        chat = work.chats.get(checked_id(chat_id))
        chat.title = title
        chat.updated_at = times.after(chat.updated_at)
        work.chats.update(chat)
        work.commit()
    return chat


def delete_chat(session: Session, chat_id: str) -> None:
    """Delete a chat with all its messages.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.

    Raises
    ------
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    """
    with session.write() as work:
        work.chats.get(checked_id(chat_id))
        work.chats.delete(chat_id)
        work.commit()


def choose_model(session: Session, chat_id: str, *, provider: str, model: str) -> None:
    """Say who answers in a chat from now on.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Its id.
    provider : str
        Name of a provider.
    model : str
        The provider's name of a model.

    Raises
    ------
    InvalidInputError
        If a name is empty or too long.
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    """
    provider = limits.check_text(provider, name="provider", longest=limits.PROVIDER)
    model = limits.check_text(model, name="model", longest=limits.MODEL)
    with session.write() as work:
        chat = work.chats.get(checked_id(chat_id))
        save_settings(work, chat, provider=provider, model=model)
        chat.model, chat.updated_at = model, times.after(chat.updated_at)
        work.chats.update(chat)
        work.commit()


def settings_of(work: UnitOfWork, chat: Chat) -> ChatSettings:
    """Read what a chat wants of its model.

    Parameters
    ----------
    work : UnitOfWork
        Open.
    chat : Chat
        The user's.

    Returns
    -------
    ChatSettings
        Stored, or new with only the chat's model in it.
    """
    try:
        return work.chat_settings.get(chat.id)
    except NotFoundError:
        now = times.now()
        return ChatSettings(chat_id=chat.id, model=chat.model, created_at=now, updated_at=now)


def save_settings(work: UnitOfWork, chat: Chat, **changes: str) -> None:
    """Change what a chat wants of its model.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing.
    chat : Chat
        The user's.
    **changes : str
        New values of columns of ``chat_settings``.
    """
    settings = settings_of(work, chat)
    for name, value in changes.items():
        setattr(settings, name, value)
    settings.updated_at = times.after(settings.updated_at)
    try:
        work.chat_settings.update(settings)
    except NotFoundError:
        work.chat_settings.add(settings)


def checked_id(value: object) -> str:
    """Check that an id has the type of one.

    Parameters
    ----------
    value : object
        What the user gave.

    Returns
    -------
    str
        The same id.

    Raises
    ------
    InvalidInputError
        If it is not a text, or one that no database can look up.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"an id is a str, not {type(value).__name__} {str(value)[:40]!r}")
    return limits.check_text(value, name="id", longest=255)


def _checked_title(title: str) -> str:
    return limits.check_text(title, name="title", longest=limits.TITLE).strip()
