"""Failed attempts to sign in: counted in one statement, so that eighty at once are no more than ten in a row."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, text

from primer_nb import times
from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.tables import SignInAttempts
from primer_nb.tables.column_types import Moment

# Whoever comes while the lock holds changes nothing and gets no row back, but waits in PostgreSQL for who was before.
_COUNT = text("""
INSERT INTO sign_in_attempts AS old (email_digest, tried_at) VALUES (:digest, :try)
ON CONFLICT (email_digest) DO UPDATE SET
    tried_at = CASE WHEN length(old.tried_at) < :most * :width THEN old.tried_at
               ELSE substr(old.tried_at, :width + 1) END || excluded.tried_at,
    locked_until = CASE WHEN length(old.tried_at) >= (:most - 1) * :width
                   AND substr(old.tried_at, length(old.tried_at) - (:most - 1) * :width + 1, :width) > :window_began
                   THEN :locked_until END
WHERE old.locked_until IS NULL OR old.locked_until <= :now
RETURNING email_digest
""").bindparams(*(bindparam(name, type_=Moment()) for name in ("now", "locked_until")))


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

    def count(self, email_digest: str, *, now: datetime, window: timedelta, most: int) -> datetime | None:
        """Count one more attempt, unless the address is locked.

        The one that is the last of ``most`` within a window may still be tried, and locks the address for as long as
        a window is. So no window, wherever it begins, has more.

        Parameters
        ----------
        email_digest : str
            Names the e-mail address without telling it.
        now : datetime
            Aware.
        window : timedelta
            How long failures are counted together, and how long the lock holds.
        most : int
            How many attempts one window allows, at least 2.

        Returns
        -------
        datetime or None
            The end of the lock; ``None`` when this one may be tried.
        """
        moment = times.to_text(now)
        values = {
            "digest": email_digest,
            "try": moment,
            "width": len(moment),
            "most": most,
            "now": now,
            "window_began": times.to_text(now - window),
            "locked_until": now + window,
        }
        if self.connection.execute(_COUNT, values).first() is not None:
            return None
        return self.where(email_digest=email_digest)[0].locked_until
