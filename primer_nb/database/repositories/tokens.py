"""Tokens: the single-use ones that keep somebody signed in, and the programmatic ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, false, func, or_, select, update

from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.tables import ApiKey, RefreshToken


class RefreshTokenRepository(Repository[RefreshToken]):
    """Digests of refresh tokens.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose tokens these are.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, RefreshToken, ownership)

    def use(self, digest: str, *, now: datetime) -> bool:
        """Use a token up, in one statement: of several at once only one succeeds.

        Parameters
        ----------
        digest : str
            Of the token.
        now : datetime
            Aware.

        Returns
        -------
        bool
            Whether it was good until now.
        """
        is_good = (
            self.table.c.token == digest,
            self.table.c.used_at.is_(None),
            self.table.c.revoked == false(),
            self.table.c.expires_at > now,
        )
        query = update(self.table).where(*is_good, self._owned()).values(used_at=now)
        return self.connection.execute(query).rowcount == 1

    def revoke_family(self, family: str) -> None:
        """Let no token of a family be good any more.

        Parameters
        ----------
        family : str
            Which one.
        """
        self.connection.execute(
            update(self.table).where(self.table.c.family == family, self._owned()).values(revoked=True)
        )

    def prune(self, *, before: datetime) -> None:
        """Delete tokens that were over long ago.

        Parameters
        ----------
        before : datetime
            Those whose time ended earlier than this.
        """
        self.connection.execute(delete(self.table).where(self.table.c.expires_at < before, self._owned()))

    def began(self, family: str) -> datetime:
        """Tell when somebody signed in with a password.

        Parameters
        ----------
        family : str
            Of the tokens that descend from that sign-in.

        Returns
        -------
        datetime
            When its first token was made.
        """
        query = select(func.min(self.table.c.created_at, type_=self.table.c.created_at.type))
        began: datetime = self.connection.execute(query.where(self.table.c.family == family)).scalar_one()
        return began


class ApiKeyRepository(Repository[ApiKey]):
    """Digests of programmatic tokens.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose tokens these are.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, ApiKey, ownership)

    def touch(self, key_id: str, *, now: datetime, unless_since: datetime) -> None:
        """Note that a token was used.

        Parameters
        ----------
        key_id : str
            Which one.
        now : datetime
            Aware.
        unless_since : datetime
            A use noted after this is recent enough: nothing is written.
        """
        last = self.table.c.last_used_at
        query = update(self.table).where(self._is(key_id), or_(last.is_(None), last <= unless_since), self._owned())
        self.connection.execute(query.values(last_used_at=now))
