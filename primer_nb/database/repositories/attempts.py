"""Failed attempts to sign in: counted in one statement, so that eighty at once are no more than ten in a row."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, text

from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.tables import SignInAttempts
from primer_nb.tables.column_types import Moment

# A window is over when its lock is, or 15 minutes after its first failure when there is none.
_COUNT = text("""
INSERT INTO sign_in_attempts AS old (email_digest, failures, first_at) VALUES (:digest, 1, :now)
ON CONFLICT (email_digest) DO UPDATE SET
    failures = CASE WHEN coalesce(old.locked_until <= :now, old.first_at <= :window_began)
               THEN 1 ELSE old.failures + 1 END,
    first_at = CASE WHEN coalesce(old.locked_until <= :now, old.first_at <= :window_began)
               THEN :now ELSE old.first_at END,
    locked_until = CASE WHEN old.locked_until > :now THEN old.locked_until
                   WHEN old.locked_until IS NULL AND old.first_at > :window_began AND old.failures + 1 >= :most
                   THEN :locked_until END
RETURNING failures, locked_until
""").bindparams(*(bindparam(name, type_=Moment()) for name in ("now", "window_began", "locked_until")))


class AttemptRepository(Repository[SignInAttempts]):
    """What is counted of each e-mail address; only the system may ask.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        The system's.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, SignInAttempts, ownership)

    def count(self, email_digest: str, *, now: datetime, window: timedelta, most: int) -> tuple[int, datetime | None]:
        """Count one more attempt.

        The window begins at its first failure. The attempt that reaches the limit is the last that may be tried,
        and locks the address for as long as a window is.

        Parameters
        ----------
        email_digest : str
            Names the e-mail address without telling it.
        now : datetime
            Aware.
        window : timedelta
            How long failures are counted together, and how long the lock holds.
        most : int
            How many attempts one window allows.

        Returns
        -------
        tuple of int and datetime or None
            Which attempt of its window this is (greater than ``most``: it may not be tried), and the end of the lock.
        """
        values = {
            "digest": email_digest,
            "now": now,
            "window_began": now - window,
            "locked_until": now + window,
            "most": most,
        }
        failures, locked_until = self.connection.execute(_COUNT.columns(locked_until=Moment()), values).one()
        return failures, locked_until
