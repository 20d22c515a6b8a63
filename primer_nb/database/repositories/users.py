"""Users: accounts, and the passwordless local user of a store without any."""

from __future__ import annotations

from sqlalchemy import Connection, select

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.database.repositories.repository import Repository
from primer_nb.errors import NotFoundError
from primer_nb.tables import Chat, User


class UserRepository(Repository[User]):
    """The users a unit of work may see: all of them for the system, oneself for a user.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        On whose behalf.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, User, ownership)

    def get_by_email(self, email: str) -> User:
        """Find a user by e-mail address.

        Parameters
        ----------
        email : str
            In any case; stored addresses are case-folded.

        Returns
        -------
        User
            A detached object.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        found = self.connection.execute(self._own().where(self.table.c.email == email.casefold())).mappings().first()
        if found is None:
            raise NotFoundError("there is no account of this e-mail address")
        return User(**found)

    def strangers_with_chats(self) -> list[str]:
        """Read whose chats a store holds without knowing the user: a file that Primer made has chats only.

        Returns
        -------
        list of str
            At most two ids: one, several or none is all that matters.
        """
        chats = table_of(Chat)
        query = select(chats.c.user_id).where(chats.c.user_id.not_in(select(self.table.c.id))).distinct().limit(2)
        return [str(row.user_id) for row in self.connection.execute(query)]
