"""Drafts: what had arrived of replies that are still being written."""

from __future__ import annotations

from sqlalchemy import Connection, delete, update

from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.tables import Draft


class DraftRepository(Repository[Draft]):
    """The drafts in one user's chats.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose drafts these are.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, Draft, ownership)

    def save(self, row: Draft) -> None:
        """Insert a draft, or write over its earlier state.

        Parameters
        ----------
        row : Draft
            With all that has arrived.

        Raises
        ------
        ChatNotFoundError
            If its chat is missing or another user's.
        """
        changes = {"content": row.content, "updated_at": row.updated_at}
        own = update(self.table).where(self._is(row.message_id), self._owned())
        if self.connection.execute(own.values(changes)).rowcount == 0:
            self.add(row)

    def discard(self, key: str) -> bool:
        """Delete a draft of the user, if there is one.

        Parameters
        ----------
        key : str
            The id its message has or will have.

        Returns
        -------
        bool
            Whether there was one.
        """
        return self.connection.execute(delete(self.table).where(self._is(key), self._owned())).rowcount > 0
