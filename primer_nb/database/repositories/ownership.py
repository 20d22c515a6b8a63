"""Whose rows are whose: the one place that says which rows a user may touch.

A table belongs to a user by its own ``user_id``, through its chat, or through its message and that one's chat.
A missing row and a foreign one get the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Connection, Table, select, true

from primer_nb.errors import ChatNotFoundError, MessageNotFoundError, NotFoundError
from primer_nb.tables import Chat, Message, Record


def table_of(entity: type[Record]) -> Table:
    """Find the table of a class.

    Parameters
    ----------
    entity : type
        A class with ``table=True``.

    Returns
    -------
    sqlalchemy.Table
        Its table.
    """
    return cast("Table", entity.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Ownership:
    """The user on whose behalf a unit of work runs.

    Parameters
    ----------
    user_id : str or None
        ``None`` is the system itself (sign-in, recovery after a crash, migration): it sees all rows. No public
        method passes it on behalf of a user.
    """

    user_id: str | None

    def clause(self, table: Table) -> ColumnElement[bool]:
        """Make the condition that holds for the user's rows.

        Parameters
        ----------
        table : sqlalchemy.Table
            Any table of ours.

        Returns
        -------
        sqlalchemy.ColumnElement
            For a WHERE.

        Raises
        ------
        NotFoundError
            If the table has no owner and so no user may reach it.
        """
        if self.user_id is None:
            return true()
        if table.name == "users":
            return table.c.id == self.user_id
        if "user_id" in table.c:
            return table.c.user_id == self.user_id
        chats = table_of(Chat)
        own_chats = select(chats.c.id).where(chats.c.user_id == self.user_id)
        if "chat_id" in table.c:
            return table.c.chat_id.in_(own_chats)
        if "message_id" in table.c:
            messages = table_of(Message)
            return table.c.message_id.in_(select(messages.c.id).where(messages.c.chat_id.in_(own_chats)))
        raise NotFoundError(f"the table {table.name} belongs to no user")

    def check_parent(self, connection: Connection, table: Table, row: Record) -> None:
        """Refuse a new row whose parent is not the user's.

        Parameters
        ----------
        connection : sqlalchemy.Connection
            In a transaction.
        table : sqlalchemy.Table
            The table the row goes to.
        row : Record
            The new row.

        Raises
        ------
        ChatNotFoundError, MessageNotFoundError, NotFoundError
            If the parent is missing or another user's.
        """
        if self.user_id is None:
            return
        if "user_id" in table.c or table.name == "users":
            owner = getattr(row, "user_id" if "user_id" in table.c else "id")
            if owner != self.user_id:
                raise NotFoundError(f"there is no user {owner!r}")
            if "chat_id" not in table.c:
                return
        for parent, key, error in (
            (Chat, "chat_id", ChatNotFoundError),
            (Message, "message_id", MessageNotFoundError),
        ):
            if key in table.c:
                self._check(connection, table_of(parent), getattr(row, key), error)
                return

    def _check(self, connection: Connection, parent: Table, key: str, error: type[NotFoundError]) -> None:
        found = connection.execute(select(parent.c.id).where(parent.c.id == key, self.clause(parent))).first()
        if found is None:
            raise error(f"there is no {parent.name.removesuffix('s')} {key!r}; ws.chats.list() shows yours")
