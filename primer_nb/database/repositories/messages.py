"""Messages: inserted once, never changed, read in order of time and id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, bindparam, exists, insert, literal, select, tuple_

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.database.repositories.repository import Repository
from primer_nb.errors import ChatNotFoundError, MessageNotFoundError
from primer_nb.tables import Chat, Completion, Message


class StoredMessage(NamedTuple):
    """A message together with what is known of how it came to be.

    Parameters
    ----------
    id, role, content : str
        As in the table.
    tokens : int
        0 when nobody counted.
    created_at : datetime
        Aware, UTC.
    has_completion : bool
        Tells a message whose place in the tree is recorded from one that simply follows the message before it.
    parent_id : str or None
        The message it follows; ``None`` with a completion opens the chat.
    provider, model : str or None
        Who wrote it.
    prompt_tokens, completion_tokens : int or None
        What the provider counted.
    time_to_first_token, duration : float or None
        Seconds.
    finish_reason : str or None
        Why it ended.
    """

    id: str
    role: str
    content: str
    tokens: int
    created_at: datetime
    has_completion: bool = False
    parent_id: str | None = None
    provider: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float | None = None
    finish_reason: str | None = None


class MessageRepository(Repository[Message]):
    """The messages in one user's chats.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose messages these are.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, Message, ownership)

    def add(self, row: Message) -> Message:
        """Insert a message, if its chat is the user's: one statement.

        Parameters
        ----------
        row : Message
            A new message.

        Returns
        -------
        Message
            The same object.

        Raises
        ------
        ChatNotFoundError
            If the chat is missing or another user's.
        """
        values = {column.name: getattr(row, column.name) for column in self.table.columns}
        if self.ownership.user_id is None:
            self.connection.execute(insert(self.table), [values])
            return row
        statement = _insert_into_own_chat(self.table)
        added = self.connection.execute(statement, values | {"owner": self.ownership.user_id})
        if added.rowcount == 0:
            raise ChatNotFoundError(f"there is no chat {row.chat_id!r}; ws.chats.list() shows yours")
        return row

    def get(self, key: str) -> Message:
        """Find one message.

        Parameters
        ----------
        key : str
            Its id.

        Returns
        -------
        Message
            A detached object.

        Raises
        ------
        MessageNotFoundError
            If there is no such message, or it is in another user's chat.
        """
        found = self.connection.execute(self._own().where(self._is(key))).mappings().first()
        if found is None:
            raise MessageNotFoundError(f"there is no message {key!r}; chat.messages() shows those of a chat")
        return Message(**found)

    def newest_first(self, chat_id: str, *, before: str | None = None, step: int = 100) -> Iterator[StoredMessage]:
        """Read a chat backwards, a few rows at a time: whoever needs the end only does not pay for the rest.

        Parameters
        ----------
        chat_id : str
            The chat; the caller has checked that it is the user's.
        before : str, optional
            Id of a message of the chat; only earlier ones are read.
        step : int, default 100
            Rows a statement.

        Yields
        ------
        StoredMessage
            The newest first, all branches mixed.
        """
        while True:
            rows = self.connection.execute(_page(self.table, chat_id, before, step)).all()
            found = [StoredMessage(*row) for row in rows]
            yield from found
            if len(found) < step:
                return
            before = found[-1].id

    def find(self, chat_id: str, key: str) -> StoredMessage:
        """Find one message of a chat, with its place in the tree.

        Parameters
        ----------
        chat_id : str
            The chat.
        key : str
            The message's id.

        Returns
        -------
        StoredMessage
            The message.

        Raises
        ------
        MessageNotFoundError
            If the chat has no such message, or is another user's.
        """
        query = _stored(self.table, chat_id).where(self._is(key), self._owned())
        row = self.connection.execute(query).first()
        if row is None:
            raise MessageNotFoundError(f"there is no message {key!r} in this chat; chat.messages() shows them")
        return StoredMessage(*row)

    def newest(self, chat_id: str) -> StoredMessage | None:
        """Read the last message of a chat.

        Parameters
        ----------
        chat_id : str
            The chat; the caller has checked that it is the user's.

        Returns
        -------
        StoredMessage or None
            ``None`` for an empty chat.
        """
        return next(self.newest_first(chat_id, step=1), None)


# One statement a table, so that SQLAlchemy's cache is hit without building it again for each message.
_inserts: dict[Table, Any] = {}


def _insert_into_own_chat(messages: Table) -> Any:
    if messages not in _inserts:
        chats = table_of(Chat)
        columns = list(messages.columns)
        owned = exists(
            select(literal(1)).where(
                chats.c.id == bindparam("chat_id", type_=chats.c.id.type),
                chats.c.user_id == bindparam("owner", type_=chats.c.user_id.type),
            )
        )
        values = select(*[bindparam(column.name, type_=column.type) for column in columns]).where(owned)
        statement = insert(messages).from_select([column.name for column in columns], values)
        _inserts[messages] = statement.execution_options(preserve_rowcount=True)
    return _inserts[messages]


def _stored(messages: Table, chat_id: str) -> Select[Any]:
    completions = table_of(Completion)
    columns = [
        messages.c.id,
        messages.c.role,
        messages.c.content,
        messages.c.tokens,
        messages.c.created_at,
        completions.c.message_id.is_not(None),
        completions.c.parent_id,
        completions.c.provider,
        completions.c.model,
        completions.c.prompt_tokens,
        completions.c.completion_tokens,
        completions.c.time_to_first_token,
        completions.c.duration,
        completions.c.finish_reason,
    ]
    joined = messages.outerjoin(completions, completions.c.message_id == messages.c.id)
    return select(*columns).select_from(joined).where(messages.c.chat_id == chat_id)


def _page(messages: Table, chat_id: str, before: str | None, step: int) -> Select[Any]:
    query = _stored(messages, chat_id).order_by(messages.c.created_at.desc(), messages.c.id.desc()).limit(step)
    if before is None:
        return query
    # Compared as it is stored: a time in another program's spelling, written anew, would find its own row again.
    last = messages.alias("last")
    moment = select(last.c.created_at).where(last.c.id == before).scalar_subquery()
    place = tuple_(moment, literal(before, messages.c.id.type))
    return query.where(tuple_(messages.c.created_at, messages.c.id) < place)
