"""What must hold before anything is read from a server: its tables are of this release, and it knows the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from primer_nb.backup.server import check_version, connect_server, no_account, translated
from primer_nb.database import Store
from primer_nb.errors import InvalidInputError

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.database.addresses import Address

_HELLO = b"""\
SELECT (SELECT version_num FROM primer_alembic_version), EXISTS (SELECT FROM users WHERE id = %s::uuid),
    (SELECT reltuples FROM pg_class WHERE oid = 'chats'::regclass)"""


def greet(pg: Connection[Any], server: Address, user_id: str) -> float:
    """Ask a server whether it is ours and knows the user; one round trip.

    Parameters
    ----------
    pg : psycopg.Connection
        To the server.
    server : Address
        Its address, for messages.
    user_id : str
        Who must have an account there.

    Returns
    -------
    float
        About how many chats it has of all users, as its statistics say; -1 without any.

    Raises
    ------
    StoreNewerError, MigrationError
        If its tables are of another release.
    BackupError
        If it does not know the user.
    """
    version, is_known, chats = pg.execute(_HELLO, (user_id,)).fetchone() or (None, False, -1)
    check_version(version, server)
    if not is_known:
        raise no_account(server)
    return float(chats)


@contextmanager
def opened(server: Address, user_id: str) -> Iterator[Connection[Any]]:
    """Connect to a server and look whether it is the right one.

    Parameters
    ----------
    server : Address
        Of a PostgreSQL store.
    user_id : str
        Who must have an account there.

    Yields
    ------
    psycopg.Connection
        In autocommit; closed at the end. Its exceptions are translated.

    Raises
    ------
    StoreError
        If it cannot be reached, or is of another release.
    BackupError
        If it does not know the user.
    """
    with translated(server), connect_server(server) as pg:
        greet(pg, server, user_id)
        yield pg


def check_pair(store: Store, server: Address) -> None:
    """Refuse a pair of stores between which nothing travels.

    Parameters
    ----------
    store : Store
        The local one.
    server : Address
        Of the other.

    Raises
    ------
    InvalidInputError
        If it is not an SQLite store and a PostgreSQL server.
    """
    if store.dialect != "sqlite" or server.dialect != "postgresql":
        kinds = {"sqlite": "an SQLite file", "postgresql": "a PostgreSQL server"}
        raise InvalidInputError(
            f"a backup goes from an SQLite file to a PostgreSQL server, not from {kinds[store.dialect]} to "
            f"{kinds[server.dialect]}; give connect() a file as database_url and a postgresql:// URL as server_url"
        )
