"""Users: accounts, and the passwordless local user of a store without any."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, Select, bindparam, func, select, text

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.database.repositories.repository import Repository
from primer_nb.errors import NotFoundError
from primer_nb.tables import Chat, User
from primer_nb.tables.users import NO_PASSWORD


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

    def own_email(self) -> str | None:
        """Read the e-mail address of who this unit of work is for, and nothing else.

        Returns
        -------
        str or None
            ``None`` when that user is not there, and for the system.
        """
        found: str | None = self.connection.scalar(_email_by_id(), {"user_id": self.ownership.user_id})
        return found

    def lock(self, user_id: str) -> User:
        """Read a user and keep everybody else from changing what belongs to them until the transaction ends.

        Parameters
        ----------
        user_id : str
            Whose row. In SQLite a writer is alone anyway.

        Returns
        -------
        User
            A detached object.

        Raises
        ------
        NotFoundError
            If there is none, or it is another user's.
        """
        found = self.connection.execute(self._own().where(self._is(user_id)).with_for_update()).mappings().first()
        if found is None:
            raise NotFoundError(f"there is no User {user_id!r}")
        return User(**found)

    def lock_all(self) -> None:
        """Keep everybody else from adding users and changing roles until the transaction ends."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))

    def count(self, *, is_admin: bool | None = None) -> int:
        """Count accounts: neither the local user nor who has an account elsewhere.

        Parameters
        ----------
        is_admin : bool, optional
            Only those who are, or are not, administrators.

        Returns
        -------
        int
            How many there are.
        """
        query = (
            select(func.count())
            .select_from(self.table)
            .where(self._owned(), self.table.c.password_hash != NO_PASSWORD)
        )
        if is_admin is not None:
            query = query.where(self.table.c.is_admin == is_admin)
        return self.connection.execute(query).scalar_one()

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


@cache
def _email_by_id() -> Select[str]:
    # every unit of work of a session begins with it: built once it takes 22 µs, built anew 98
    users = table_of(User)
    return select(users.c.email).where(users.c.id == bindparam("user_id"))
