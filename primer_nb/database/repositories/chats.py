"""Chats: the user's conversations, newest first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.database.repositories.repository import Repository
from primer_nb.errors import ChatNotFoundError
from primer_nb.tables import Chat, Message


class ChatRepository(Repository[Chat]):
    """The chats of one user.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose chats these are.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, Chat, ownership)

    def get(self, key: str) -> Chat:
        """Find one chat.

        Parameters
        ----------
        key : str
            Its id.

        Returns
        -------
        Chat
            A detached object.

        Raises
        ------
        ChatNotFoundError
            If there is no such chat, or it is another user's.
        """
        found = self.connection.execute(self._own().where(self._is(key))).mappings().first()
        if found is None:
            raise ChatNotFoundError(f"there is no chat {key!r}; ws.chats.list() shows yours")
        return Chat(**found)

    def newest(self, *, matching: str | None = None, limit: int | None = None) -> list[Chat]:
        """Read the chats that changed last.

        Parameters
        ----------
        matching : str, optional
            Only chats whose title or any message holds this text, in any case.
        limit : int, optional
            The most to return; all by default.

        Returns
        -------
        list of Chat
            The last changed first.
        """
        query = self._own().order_by(self.table.c.updated_at.desc()).limit(limit)
        if matching:
            messages = table_of(Message)
            said = select(messages.c.chat_id).where(messages.c.content.icontains(matching, autoescape=True))
            query = query.where(self.table.c.title.icontains(matching, autoescape=True) | self.table.c.id.in_(said))
        return [Chat(**row) for row in self.connection.execute(query).mappings()]

    def titled(self, title: str) -> list[Chat]:
        """Read the chats of this very title.

        Parameters
        ----------
        title : str
            The whole title, case included.

        Returns
        -------
        list of Chat
            The last changed first.
        """
        query = self._own().where(self.table.c.title == title).order_by(self.table.c.updated_at.desc())
        return [Chat(**row) for row in self.connection.execute(query).mappings()]

    def touch(self, key: str, *, updated_at: datetime) -> None:
        """Say that a chat has changed.

        Parameters
        ----------
        key : str
            Its id.
        updated_at : datetime
            Aware; an earlier time than the stored one is ignored.
        """
        same = (self._is(key), self._owned(), self.table.c.updated_at < updated_at)
        self.connection.execute(update(self.table).where(*same).values(updated_at=updated_at))

    def count(self) -> int:
        """Count the chats.

        Returns
        -------
        int
            All of the user's.
        """
        query = select(func.count()).select_from(self.table).where(self._owned())
        return int(self.connection.execute(query).scalar_one())
