"""How often a password may be guessed: ten times in any 15 minutes, then not for 15 minutes.

An attempt is counted and committed before the password is looked at, and forgiven when it was right. So attempts at
the same time, and attempts whose process is killed, get no more tries. An e-mail address without an account is
counted the same way: the answer tells nothing.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from primer_nb.database import Store, UnitOfWork

MOST = 10
WINDOW = timedelta(minutes=15)


def admit(store: Store, email: str) -> None:
    """Count an attempt.

    Parameters
    ----------
    store : Store
        Where the account lives, if there is one.
    email : str
        Case-folded.

    Raises
    ------
    TooManyAttemptsError
        If this one may not be tried.
    """
    now = times.now()
    with store.unit_of_work() as work:
        locked_until = work.attempts.count(_digest(email), now=now, window=WINDOW, most=MOST)
        work.commit()
    if locked_until is not None:
        seconds = (locked_until - now).total_seconds()
        minutes = max(1, math.ceil(seconds / 60))
        raise TooManyAttemptsError(
            f"signing in failed too often; try again in {minutes} minute{'s' if minutes > 1 else ''}",
            retry_after=seconds,
        )


def forgive(work: UnitOfWork, email: str) -> None:
    """Forget the attempts for an address, since the password was right.

    Parameters
    ----------
    work : UnitOfWork
        The system's, open for writing.
    email : str
        Case-folded.
    """
    work.attempts.remove(email_digest=_digest(email))


def _digest(email: str) -> str:
    return hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
