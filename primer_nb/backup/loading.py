"""All chats of a user out of a server into an SQLite file that nobody works with: a restore and a drill.

Indexes and triggers are taken off first and put back last: rows go in four times faster, and nothing that came from
the backup is written down as new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from primer_nb.backup.columns import MESSAGES, USER_SETTINGS, Table
from primer_nb.backup.copying_out import OF_CHATS, Incoming, LocalRow
from primer_nb.backup.merging import merge_user_settings
from primer_nb.backup.progress import Progress
from primer_nb.backup.rows import Quarantined
from primer_nb.database.silence import is_idle, long_work
from primer_nb.errors import StoreCorruptError

if TYPE_CHECKING:
    from psycopg import Connection

_ROWS_AT_ONCE = 64  # SQLite before 3.32 takes 999 values in a statement
_BYTES_AT_ONCE = 1_000_000  # bounds what is held of large rows
_TABLES = ", ".join(f"'{table.name}'" for table in (*OF_CHATS, USER_SETTINGS))
_ATTACHED = (
    "SELECT type, name, sql FROM sqlite_master "
    f"WHERE tbl_name IN ({_TABLES}) AND type IN ('index', 'trigger') AND sql IS NOT NULL"
)


class TakenError(Exception):
    """Something of the backup has an identifier that another user's row in the file has."""


@dataclass
class Loaded:
    """What was loaded.

    Parameters
    ----------
    rows : dict of Table to int
        How many of each.
    size : int
        Bytes, about.
    refused : list of Quarantined
        Rows that no local store can hold, and why.
    """

    rows: dict[Table, int] = field(default_factory=dict)
    size: int = 0
    refused: list[Quarantined] = field(default_factory=list)


def load(connection: sqlite3.Connection, pg: Connection[Any], user_id: str, *, progress: Progress) -> Loaded:
    """Load the chats of a user.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit, of a file with our tables and none of the user's chats, used by nobody else. If this fails,
        the file is of no use any more.
    pg : psycopg.Connection
        To the server; all rows are of one moment.
    user_id : str
        Whose chats.
    progress : Progress
        Told of the messages that the file holds; they are not safe before it has passed the check and taken its
        place.

    Returns
    -------
    Loaded
        What the file has now.

    Raises
    ------
    TakenError
        If another user's row in the file has the same identifier.
    StoreCorruptError
        If the file does not pass SQLite's check.
    """
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -16000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    loaded = Loaded()
    connection.execute("BEGIN")
    taken_off = _take_off(connection)
    with _one_moment(pg):
        progress.start(_count(pg, user_id))
        for table in OF_CHATS:
            _load_table(connection, pg, user_id, table, loaded=loaded, progress=progress)
        for row in Incoming(pg, USER_SETTINGS, user_id, refused=loaded.refused):
            merge_user_settings(connection, row)
    for statement in taken_off:
        connection.execute(statement)
    connection.execute("COMMIT")
    _check(connection)
    return loaded


def _load_table(
    connection: sqlite3.Connection,
    pg: Connection[Any],
    user_id: str,
    table: Table,
    *,
    loaded: Loaded,
    progress: Progress,
) -> None:
    loaded.rows[table] = 0
    incoming = Incoming(pg, table, user_id, refused=loaded.refused)
    with closing(iter(incoming)) as rows:
        for count, values, size in _groups(rows, incoming, width=len(table.columns)):
            try:
                connection.execute(_insert(table, count), values)
            except sqlite3.IntegrityError as error:
                raise TakenError(table.name) from error
            loaded.rows[table] += count
            loaded.size += size
            progress.advance(count if table is MESSAGES else 0, size)


def _groups(rows: Iterable[LocalRow], incoming: Incoming, *, width: int) -> Iterator[tuple[int, list[Any], int]]:
    """Put the values of some rows into one list each, for one statement."""
    values: list[Any] = []
    before = incoming.size
    for row in rows:
        values += row
        if len(values) == _ROWS_AT_ONCE * width or incoming.size - before > _BYTES_AT_ONCE:
            yield len(values) // width, values, incoming.size - before
            values, before = [], incoming.size
    if values:
        yield len(values) // width, values, incoming.size - before


@cache
def _insert(table: Table, rows: int) -> str:
    # several rows in a statement take two thirds of the time of as many statements
    places = f"({', '.join('?' * len(table.columns))})"
    return f"INSERT INTO {table.name} ({', '.join(table.names)}) VALUES {', '.join([places] * rows)}"


def _take_off(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(_ATTACHED).fetchall()
    for kind, name, _ in found:
        quoted = name.replace('"', '""')
        connection.execute(f'DROP {kind} "{quoted}"')
    return [statement for _, _, statement in found]


@contextmanager
def _one_moment(pg: Connection[Any]) -> Iterator[None]:
    from psycopg import IsolationLevel

    pg.isolation_level, pg.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with long_work(pg), pg.transaction():
            yield
    finally:
        if is_idle(pg):  # else a statement was left in the middle, and whoever opened the connection closes it
            pg.isolation_level = pg.read_only = None


def _count(pg: Connection[Any], user_id: str) -> int:
    query = "SELECT count(*) FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.user_id = %s"
    row = pg.execute(query, (user_id,)).fetchone()
    return int(row[0]) if row else 0


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreCorruptError(f"the restored file is damaged ({found[:100]}); see that the disk is sound")
