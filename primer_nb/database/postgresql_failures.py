"""What an exception of psycopg means, and what to do about it.

The server's own text is kept where it names tables, roles and limits, never where it may repeat a value of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.database import supabase
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
    (
        "server does not support SSL",
        StoreUnavailableError,
        "it speaks no TLS, without which everybody on the way can read along: ask its administrator for TLS, or "
        "append sslmode=disable to the query of the URL if everything between you and it can be trusted",
    ),
    (
        "certificate verify failed",
        StoreUnavailableError,
        "its certificate is not of the authority that sslrootcert names: it is another server, or the file is of "
        "another authority; take the file that the server's provider offers",
    ),
    (
        "does not match host name",
        StoreUnavailableError,
        "its certificate is of another host: use the host name that it names, or, if the authority in sslrootcert "
        "vouches for your server only, sslmode=verify-ca",
    ),
    (
        "root certificate file",
        StoreUnavailableError,
        "see that the file that sslrootcert names is there and holds the certificate of an authority",
    ),
    ("no encryption", StoreUnavailableError, "it wants TLS: remove sslmode=disable from the URL"),
    ("SSL connection is required", StoreUnavailableError, "it wants TLS: remove sslmode=disable from the URL"),
    ("too many c", StoreBusyError, "it has no connection left; try again in a moment"),  # clients, connections
    ("remaining connection slots", StoreBusyError, "it has no connection left; try again in a moment"),
    ("axClients", StoreBusyError, "it has no connection left; try again in a moment"),  # Supavisor's MaxClients...
    ("could not translate host name", StoreUnavailableError, "check the host's name, and that you are online"),
)
_GENERAL = ("", StoreUnavailableError, "check host, port, name and password")


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
        _, kind, advice = next((row for row in _CONNECTING if row[0] in str(error)), _GENERAL)
        advice = supabase.advice(address.url, str(error)) or advice
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
    text = str(error).strip()
    if "FATAL: " in text:  # what the server said, after where libpq found it
        text = text.rsplit("FATAL: ", 1)[1].strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
