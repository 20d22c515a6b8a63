"""What an exception of psycopg means, and what to do about it.

The server's own text is kept where it names tables, roles and limits, never where it may repeat a value of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from primer_nb.database.addresses import Address

# By the beginning of the SQLSTATE; the first that fits.
_STATES: tuple[tuple[str, type[StoreError], str], ...] = (
    ("53100", StoreFullError, "the server's disk is full; nothing was written, its administrator has to make room"),
    (
        "57014",
        StoreBusyError,
        "the server ended the statement ({reason}); if that is its statement_timeout, raise it for your role: ALTER "
        "ROLE name SET statement_timeout = '10min'",
    ),
    (
        "25006",
        StoreReadOnlyError,
        "this server takes no writes: it is a standby, or default_transaction_read_only is set for the database or "
        "your role; give the address of the primary server",
    ),
    (
        "42501",
        StoreReadOnlyError,
        "your role on the server lacks a right ({reason}); who owns the tables grants it by what 'primer-nb migrate "
        "grants ROLE' prints",
    ),
    ("57P", StoreUnavailableError, "the server cannot be reached ({reason}); try again in a moment"),
    ("08", StoreUnavailableError, "the server cannot be reached ({reason}); check host, port, name and password"),
    ("28", StoreUnavailableError, "the server cannot be reached ({reason}); check host, port, name and password"),
    ("53", StoreBusyError, "the server is too busy ({reason}); try again in a moment"),
    ("40", StoreBusyError, "the server is too busy ({reason}); try again in a moment"),
    ("55P", StoreBusyError, "the server is too busy ({reason}); try again in a moment"),
    ("XX", StoreCorruptError, "the server reports damage ({reason})"),
)

# What is said before a connection is made has no SQLSTATE; the first text that occurs.
_CONNECTING: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        "permission denied for database",
        StoreUnavailableError,
        "who owns the database lets your role in by what 'primer-nb migrate grants ROLE' prints",
    ),
)


def postgresql_failure(error: BaseException, address: Address) -> StoreError:
    """Find the error of ours that stands for one of psycopg.

    Parameters
    ----------
    error : BaseException
        Of psycopg.
    address : Address
        Of the server, for the message.

    Returns
    -------
    StoreError
        To be raised.
    """
    from primer_nb.database.silence import SilenceError

    if isinstance(error, SilenceError):
        return StoreUnavailableError(f"{address}: {error}")
    state, reason = getattr(error, "sqlstate", None) or "", reason_of(error)
    if not state:  # the server was never reached, or the connection is lost
        found = (row for row in _CONNECTING if row[0] in str(error))
        _, kind, advice = next(found, ("", StoreUnavailableError, "check host, port, name and password"))
        return kind(f"{address}: the server cannot be reached ({reason}); {advice}")
    for beginning, kind, advice in _STATES:
        if state.startswith(beginning):
            return kind(f"{address}: {advice.format(reason=reason)}")
    return StoreError(f"{address}: PostgreSQL refused (SQLSTATE {state})")


def reason_of(error: BaseException) -> str:
    """Read what the server or libpq said, in one line.

    Parameters
    ----------
    error : BaseException
        Of psycopg; it repeats host and user, never the password.

    Returns
    -------
    str
        At most 200 characters.
    """
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
