"""The server that backups go to: one connection by psycopg, made at first use and kept open.

Not by SQLAlchemy: its first connection costs 13 round trips. Nothing here needs a session of its own on the server,
so it works behind a pooler in transaction mode.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg

from primer_nb.database.addresses import Address
from primer_nb.database.failures import raise_translated
from primer_nb.database.silence import WatchedConnection, is_idle
from primer_nb.database.url_parameters import secured
from primer_nb.errors import BackupError, MigrationError, StoreNewerError

CONNECT_TIMEOUT = 10  # seconds until a server that does not answer is given up
SILENCE_TIMEOUT = 20_000  # milliseconds until what was sent must be acknowledged


def connect_server(address: Address, *, connect_timeout: int | None = None) -> WatchedConnection:
    """Connect to a server.

    Parameters
    ----------
    address : Address
        Of a PostgreSQL store.
    connect_timeout : int, optional
        Seconds; `CONNECT_TIMEOUT` by default.

    Returns
    -------
    WatchedConnection
        In autocommit, so that a statement is a transaction and one round trip; nothing is prepared.

    Raises
    ------
    StoreUnavailableError
        If it cannot be reached or does not let us in.
    """
    timeout = {"connect_timeout": connect_timeout or CONNECT_TIMEOUT}
    try:  # the settings hold a password, so no variable of this frame does
        connection = WatchedConnection.connect(
            autocommit=True, prepare_threshold=None, **(connection_settings(address) | timeout)
        )
    except psycopg.Error as error:
        raise_translated(error, address)
    connection.silence, connection.answered_at = address.silence, time.monotonic()
    return connection


def connection_settings(address: Address) -> dict[str, Any]:
    """Turn an address into what libpq takes.

    Parameters
    ----------
    address : Address
        Of a PostgreSQL store.

    Returns
    -------
    dict
        Keywords of `psycopg.connect`. A server that is not on this machine gets TLS, at least ``require``:
        libpq's own default falls back to plain text.
    """
    url = secured(address.url)
    return {
        "keepalives_idle": 30,
        "tcp_user_timeout": SILENCE_TIMEOUT,
        "application_name": "primer_nb",
        "client_encoding": "UTF8",
        **url.translate_connect_args(username="user", database="dbname"),
        **{name: ",".join(value) if isinstance(value, tuple) else value for name, value in url.query.items()},
    }


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn an exception of psycopg into ours.

    Parameters
    ----------
    address : Address
        Of the server, for the message.

    Yields
    ------
    None
        Nothing; statements run in the block.

    Raises
    ------
    StoreError
        One of its subclasses, in place of an exception of psycopg.
    """
    try:
        yield
    except psycopg.Error as error:
        if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
            raise MigrationError(
                f"{address}: its tables are not those of this release; bring it up to date with "
                "'primer-nb migrate up'"
            ) from error
        raise_translated(error, address)


def check_version(found: str | None, address: Address) -> None:
    """Refuse a server whose tables are of another release.

    Parameters
    ----------
    found : str or None
        The revision of its schema.
    address : Address
        Of the server, for the message.

    Raises
    ------
    StoreNewerError
        If a newer release made them.
    MigrationError
        If they are older, or not ours at all.
    """
    needed = needed_version()
    if found == needed:
        return
    if found is not None and found > needed:
        raise StoreNewerError(
            f"{address} was brought up to date by a newer release (its schema is {found}, this one knows {needed}); "
            "upgrade primer-nb with 'pip install -U primer-nb'"
        )
    raise MigrationError(
        f"{address} has an older schema ({found or 'none that your role may see'}, {needed} is needed); its owner "
        "brings it up to date with 'primer-nb migrate up', and lets a role in with 'primer-nb migrate grants ROLE'"
    )


def needed_version() -> str:
    """Return the revision that the server's schema must have.

    Returns
    -------
    str
        Fourteen digits.
    """
    from primer_nb.database.revisions import head

    return head("postgresql")


class Server:
    """A server, connected at first use; the connection stays open until it is closed or lost.

    Connecting costs more round trips than the backup of a message: whoever backs up often keeps one of these.

    Parameters
    ----------
    address : Address
        Of a PostgreSQL store.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._connection: WatchedConnection | None = None
        self._answered_at = float("-inf")

    def __repr__(self) -> str:
        """Return one line without a password."""
        return f"Server({str(self.address)!r})"

    def __enter__(self) -> Server:
        """Do nothing yet: what has nothing to send needs no connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that is not known to be lost."""
        return self._connection is not None and not self._connection.closed

    def has_answered_since(self, moment: float) -> bool:
        """Tell whether the server did something that it was asked.

        Parameters
        ----------
        moment : float
            By the monotonic clock.

        Returns
        -------
        bool
            Also true when it let us in.
        """
        self._note_answer()
        return self._answered_at >= moment

    def connection(self) -> WatchedConnection:
        """Connect, or return the connection that is open.

        Returns
        -------
        WatchedConnection
            As `connect_server` makes it.

        Raises
        ------
        StoreUnavailableError
            If the server cannot be reached.
        """
        if self._connection is None or self._connection.closed:
            self._connection = connect_server(self.address)
        return self._connection

    def tidy(self) -> None:
        """Close the connection if something is left over in it: a statement, a COPY, a transaction."""
        if self._connection is not None and not is_idle(self._connection):
            self.close()

    def close(self) -> None:
        """Close the connection; may be called again."""
        if self._connection is not None:
            self._note_answer()
            self._connection.close()
            self._connection = None

    def _note_answer(self) -> None:
        if self._connection is not None:
            self._answered_at = max(self._answered_at, self._connection.answered_at)


def no_account(address: Address) -> BackupError:
    """Make the error of a server that does not know the user.

    Parameters
    ----------
    address : Address
        Of the server.

    Returns
    -------
    BackupError
        To be raised.
    """
    return BackupError(
        f"{address} does not have your account: it was emptied, or it is another server; nothing was changed here. "
        "Give the address of the server you signed up on, or sign up on this one"
    )
