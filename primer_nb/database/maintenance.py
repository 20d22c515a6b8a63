"""Regular care of a store: vacuum, statistics for the query planner, sizes, and a look for damage.

The statements are those that Primer's document names; PostgreSQL's own autovacuum does the same in its time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from primer_nb.database.failures import translated
from primer_nb.tables import metadata_for

if TYPE_CHECKING:
    from primer_nb.database.store import Store

_DAMAGES_SHOWN = 20


class TableSize(NamedTuple):
    """What a table takes.

    Parameters
    ----------
    table : str
        Its name.
    rows : int
        How many it holds.
    size_bytes : int or None
        With its indexes; ``None`` where this build of SQLite cannot tell.
    """

    table: str
    rows: int
    size_bytes: int | None


class Damage(NamedTuple):
    """Something that is not as it should be.

    Parameters
    ----------
    subject : str
        What was looked at.
    text : str
        What was found.
    advice : str
        What to do.
    """

    subject: str
    text: str
    advice: str


class Tended(NamedTuple):
    """Which tables were worked on.

    Parameters
    ----------
    done : tuple of str
        Those that were.
    refused : tuple of str
        Those that PostgreSQL passed over: another role owns them.
    """

    done: tuple[str, ...]
    refused: tuple[str, ...] = ()


def vacuum(store: Store) -> Tended:
    """Give room that deleted rows took back: to the disk in SQLite, to new rows in PostgreSQL.

    Parameters
    ----------
    store : Store
        Open. An SQLite file needs as much room again while this runs, and takes no writers.

    Returns
    -------
    Tended
        Of an SQLite file all tables.

    Raises
    ------
    StoreError
        If the disk has no room, or somebody else is writing; nothing is changed then.
    """
    if store.dialect == "postgresql":
        return _each_table(store, "VACUUM")
    with _autocommit(store) as execute:
        execute("VACUUM")
    return Tended(tuple(_tables(store)))


def analyze(store: Store) -> Tended:
    """Let the database look at each table, so that it finds the best way to answer.

    Parameters
    ----------
    store : Store
        Open.

    Returns
    -------
    Tended
        The tables.

    Raises
    ------
    StoreError
        If it cannot be done.
    """
    return _each_table(store, "ANALYZE")


def size_bytes(store: Store) -> int:
    """Measure the whole store.

    Parameters
    ----------
    store : Store
        Open.

    Returns
    -------
    int
        Bytes: pages of the SQLite file, or the PostgreSQL database with what else is in it.
    """
    whole = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with _autocommit(store) as execute:
        return int(execute(whole[store.dialect])[0][0])


def table_sizes(store: Store) -> list[TableSize]:
    """Measure each table.

    Parameters
    ----------
    store : Store
        Open.

    Returns
    -------
    list of TableSize
        The largest first; SQLite reads every page for this.
    """
    with _autocommit(store) as execute:
        measured = _measured(execute, store.dialect)
        sizes = [
            TableSize(table, execute(f"SELECT count(*) FROM {table}")[0][0], measured.get(table))  # noqa: S608
            for table in _tables(store)
        ]
    return sorted(sizes, key=lambda size: (-(size.size_bytes or 0), -size.rows, size.table))


def damages(store: Store) -> list[Damage]:
    """Look for damage, and for rows that have lost what they belong to.

    Parameters
    ----------
    store : Store
        Open.

    Returns
    -------
    list of Damage
        Empty when all is well; of many of a kind the first.
    """
    found = []
    with _autocommit(store) as execute:
        for subject, query, advice in _CHECKS[store.dialect]:
            rows = execute(query)
            found += [Damage(subject, str(row[0]), advice) for row in rows[:_DAMAGES_SHOWN] if row[0] != "ok"]
            if len(rows) > _DAMAGES_SHOWN:
                found.append(Damage(subject, f"and {len(rows) - _DAMAGES_SHOWN:,} more", advice))
    return found


_SIZES = {
    "sqlite": """
        SELECT coalesce(entry.tbl_name, page.name), sum(page.pgsize) FROM dbstat AS page
        LEFT JOIN sqlite_schema AS entry ON entry.name = page.name GROUP BY 1""",
    "postgresql": """
        SELECT tablename, pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass)
        FROM pg_tables WHERE schemaname = current_schema()""",
}
_RESTORE = "keep a copy of the file, then restore the chats from the backup into a new one"
_LOST = "they stay out of backups; look at them before you delete them"
_CHECKS = {
    "sqlite": (
        ("pages", "PRAGMA quick_check", _RESTORE),
        (
            "foreign keys",
            """SELECT "table" || ' row ' || coalesce(rowid, '?') || ' points to no row of ' || parent
            FROM pragma_foreign_key_check""",
            _LOST,
        ),
        (
            "chats",
            """SELECT 'chat ' || id || ' belongs to no user' FROM chats
            WHERE user_id NOT IN (SELECT id FROM users) ORDER BY id""",
            "its owner's account was deleted or never signed in here; signing in brings it back",
        ),
    ),
    "postgresql": (
        (
            "indexes",
            "SELECT indexrelid::regclass || ' is not valid' FROM pg_index WHERE NOT indisvalid",
            "REINDEX it",
        ),
    ),
}


def _tables(store: Store) -> list[str]:
    return sorted(metadata_for(store.dialect).tables)


def _measured(execute: Any, dialect: str) -> dict[str, int]:
    try:
        return {table: int(size) for table, size in execute(_SIZES[dialect])}
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return {}  # dbstat is an option of SQLite's build, which python.org's for Windows leaves out


def _each_table(store: Store, command: str) -> Tended:
    warned: list[Any] = []
    done: list[str] = []
    refused: list[str] = []
    with _autocommit(store, warned=warned) as execute:
        for table in _tables(store):
            before = len(warned)
            execute(f"{command} {table}")
            # whose table it is not is warned, and the command is said to have succeeded
            (done if len(warned) == before else refused).append(table)
    return Tended(tuple(done), tuple(refused))


@contextmanager
def _autocommit(store: Store, *, warned: list[Any] | None = None) -> Iterator[Any]:
    """Yield what runs a statement outside any transaction, where VACUUM has to run, and returns its rows."""
    with translated(store.address):
        connection = store.engine.raw_connection()
        driver = connection.driver_connection
        try:
            with _alone(driver, [] if warned is None else warned) if store.dialect == "postgresql" else nullcontext():
                cursor = connection.cursor()
                yield lambda statement: _rows(cursor, statement)
                cursor.close()
        finally:
            connection.close()


@contextmanager
def _alone(driver: Any, warned: list[Any]) -> Iterator[None]:
    from primer_nb.database.silence import long_work

    def note(message: Any) -> None:
        if message.severity_nonlocalized == "WARNING":
            warned.append(message)

    driver.autocommit = True
    driver.add_notice_handler(note)
    try:
        with long_work(driver, without_end=True):
            yield
    finally:
        driver.remove_notice_handler(note)
        driver.autocommit = False


def _rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall()) if cursor.description else []
