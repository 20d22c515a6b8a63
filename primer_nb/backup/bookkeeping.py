"""What the local store remembers of each of its backups: the token chain, the journal's end, the rows refused.

Nothing else of the local store is ever written by a backup.
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from primer_nb.backup.rows import Quarantined
from primer_nb.database import Store
from primer_nb.database.addresses import Address
from primer_nb.database.url_parameters import secured
from primer_nb.ids import new_id
from primer_nb.times import now, to_text

_FORGOTTEN_AFTER = timedelta(days=90)
# What of an address's parameters says which server it is, and by the search path which of its schemas.
_IDENTITY = ("host", "hostaddr", "port", "dbname", "service", "servicefile", "options")


@dataclass(frozen=True, slots=True)
class Chain:
    """How far one server is, as this side knows it.

    Parameters
    ----------
    device_id : str
        What the server calls this file.
    token : str
        Replaced by each push, on the server first.
    acked_seq : int
        The last entry of the journal that the server has.
    """

    device_id: str
    token: str
    acked_seq: int


def new_token() -> str:
    """Make a token nobody can guess.

    Returns
    -------
    str
        A UUID of version 4.
    """
    return str(uuid.uuid4())


def new_chain(acked_seq: int) -> Chain:
    """Make the chain of a device that no server knows yet.

    Parameters
    ----------
    acked_seq : int
        The last entry of the journal that the server has.

    Returns
    -------
    Chain
        With a new device and token.
    """
    return Chain(device_id=new_id(), token=new_token(), acked_seq=acked_seq)


def target_of(server: Address, user_id: str) -> str:
    """Name a server and a user in one text.

    Parameters
    ----------
    server : Address
        Where the backup goes.
    user_id : str
        Whose.

    Returns
    -------
    str
        Without the address itself, and the same for every password and for every way to connect: what is added to an
        address to be sure whose server it is, or to wait longer, makes no other server of it.
    """
    query = {name: value for name, value in server.url.query.items() if name in _IDENTITY}
    plain = secured(server.url.set(query=query)).render_as_string(hide_password=True)
    return f"{hashlib.sha256(plain.encode()).hexdigest()[:32]}:{user_id}"


@contextmanager
def reading(store: Store) -> Iterator[sqlite3.Connection]:
    """Read from the local store; all reads see one moment.

    Parameters
    ----------
    store : Store
        An SQLite file.

    Yields
    ------
    sqlite3.Connection
        In a transaction that takes no lock; to be left before anything is sent.
    """
    with store.unit_of_work(read_only=True) as work:
        driver = work.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        yield driver


@contextmanager
def writing(store: Store) -> Iterator[sqlite3.Connection]:
    """Write to the local store; committed at the end, undone on an error.

    Parameters
    ----------
    store : Store
        An SQLite file.

    Yields
    ------
    sqlite3.Connection
        In a transaction that holds the write lock.
    """
    with store.unit_of_work() as work:
        driver = work.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        yield driver
        work.commit()


def read_chain(connection: sqlite3.Connection, target: str) -> Chain | None:
    """Look how far a server is.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str
        From `target_of`.

    Returns
    -------
    Chain or None
        ``None``: nothing went there yet.
    """
    row = connection.execute(
        "SELECT device_id, token, acked_seq FROM primer_backup_state WHERE target = ?", (target,)
    ).fetchone()
    return Chain(*row) if row else None


def last_entry(connection: sqlite3.Connection) -> int:
    """Find the greatest number the journal ever gave, also when its entries are gone.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.

    Returns
    -------
    int
        0 for a journal that was never written.
    """
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'primer_journal'").fetchone()
    return int(row[0]) if row else 0


def acknowledge(connection: sqlite3.Connection, target: str, chain: Chain) -> None:
    """Write down how far a server is, and cut off what every server has.

    A server that nothing was sent to for three months keeps the journal no longer: should it be used again, both
    sides are compared.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store, in a transaction that writes. The server has committed already.
    target : str
        From `target_of`.
    chain : Chain
        What the server has.
    """
    connection.execute(
        "INSERT INTO primer_backup_state (target, device_id, token, acked_seq, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (target) DO UPDATE SET device_id = excluded.device_id, token = excluded.token,"
        " acked_seq = excluded.acked_seq, updated_at = excluded.updated_at",
        (target, chain.device_id, chain.token, chain.acked_seq, to_text(now())),
    )
    connection.execute("DELETE FROM primer_backup_state WHERE updated_at < ?", (to_text(now() - _FORGOTTEN_AFTER),))
    connection.execute("DELETE FROM primer_journal WHERE seq <= (SELECT min(acked_seq) FROM primer_backup_state)")


def quarantine(connection: sqlite3.Connection, target: str, rows: Iterable[Quarantined]) -> None:
    """Write down which rows a server does not get, each once.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store, in a transaction that writes.
    target : str
        From `target_of`.
    rows : iterable of Quarantined
        The rows.
    """
    for row in rows:
        key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{target}|{row.kind}|{row.entity_id!r}"))
        connection.execute(
            "INSERT INTO primer_quarantine (id, target, kind, entity_id, reason, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET reason = excluded.reason",
            (key, target, row.kind, row.entity_id, row.reason, to_text(now())),
        )


def quarantined(connection: sqlite3.Connection, target: str) -> set[tuple[str, str | bytes]]:
    """Read which rows a server did not get.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str
        From `target_of`.

    Returns
    -------
    set of (kind, key)
        As `Quarantined` has them.
    """
    return set(connection.execute("SELECT kind, entity_id FROM primer_quarantine WHERE target = ?", (target,)))


def release(connection: sqlite3.Connection, target: str, rows: Collection[tuple[str, str | bytes]]) -> None:
    """Forget that rows were refused.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store, in a transaction that writes.
    target : str
        From `target_of`.
    rows : collection of (kind, key)
        Rows that the server has now, or that are gone.
    """
    connection.executemany(
        "DELETE FROM primer_quarantine WHERE target = ? AND kind = ? AND entity_id = ?",
        [(target, kind, key) for kind, key in rows],
    )
