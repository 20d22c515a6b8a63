"""What must hold before anything is read from a server: its tables are of this release, and it knows the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from primer_nb.backup.retrying import line_to, retried
from primer_nb.backup.server import Server, check_version, no_account
from primer_nb.database import Store
from primer_nb.errors import InvalidInputError

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.database.addresses import Address

Result = TypeVar("Result")

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


def with_server(server: Address | Server, user_id: str, action: Callable[[Connection[Any]], Result]) -> Result:
    """Do something with a server, once it is known to be the right one; again when the connection is lost.

    Parameters
    ----------
    server : Address or Server
        Of a PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Who must have an account there.
    action : callable
        Does it, with a connection in autocommit; done twice it changes nothing more.

    Returns
    -------
    object
        What the action returned.

    Raises
    ------
    StoreError
        If it cannot be reached, or is of another release.
    BackupError
        If it does not know the user.
    """
    with line_to(server) as line:

        def attempt() -> Result:
            pg = line.connection()
            greet(pg, line.address, user_id)
            return action(pg)

        return retried(line, attempt)


def address_of(server: Address | Server) -> Address:
    """Take the address of a server that may be kept open.

    Parameters
    ----------
    server : Address or Server
        Either.

    Returns
    -------
    Address
        Its address.
    """
    return server.address if isinstance(server, Server) else server


def check_pair(store: Store, server: Address | Server) -> None:
    """Refuse a pair of stores between which nothing travels.

    Parameters
    ----------
    store : Store
        The local one.
    server : Address or Server
        The other.

    Raises
    ------
    InvalidInputError
        If it is not an SQLite store and a PostgreSQL server.
    """
    dialect = address_of(server).dialect
    if store.dialect != "sqlite" or dialect != "postgresql":
        kinds = {"sqlite": "an SQLite file", "postgresql": "a PostgreSQL server"}
        raise InvalidInputError(
            f"a backup goes from an SQLite file to a PostgreSQL server, not from {kinds[store.dialect]} to "
            f"{kinds[dialect]}; give connect() a file as database_url and a postgresql:// URL as server_url"
        )
