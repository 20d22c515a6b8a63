"""Engines: how this package talks to SQLite and to PostgreSQL.

The SQLite settings decide whether several kernels can share one file. Measured with 8 processes that read and
then write: deferred transactions failed 1,400 of 1,600 times, immediate ones never. So the driver's own
transaction handling is off and every transaction is begun here: IMMEDIATE for writers, deferred for readers.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from primer_nb.database.addresses import Address
from primer_nb.database.failures import translated
from primer_nb.errors import StoreReadOnlyError, StoreUnavailableError

BUSY_TIMEOUT = 5.0  # seconds a writer waits for another one
READ_ONLY = "primer_read_only"  # execution option of a connection that will not write

_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA synchronous = NORMAL",  # with WAL: power loss may cost the last commits, never the file
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA secure_delete = ON",  # a deleted chat leaves no readable pages behind
)


def create_engine_for(address: Address) -> Engine:
    """Make the engine of a store; nothing is opened yet but an SQLite file is made when it is missing.

    Parameters
    ----------
    address : Address
        From `parse_address`.

    Returns
    -------
    sqlalchemy.Engine
        Parameters of statements never appear in its log or errors.

    Raises
    ------
    StoreReadOnlyError, StoreUnavailableError
        If the SQLite file cannot be made.
    """
    return _postgresql_engine(address) if address.dialect == "postgresql" else _sqlite_engine(address)


def keep_write_ahead_log(engine: Engine) -> None:
    """Let readers and a writer work at once, from now on: the mode is kept in the file.

    Not a setting of each connection, since it writes to the file: one that is refused must stay as it is.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of an SQLite store; of another kind it does nothing.
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            _leave_the_old_journal(connection.cursor())
        finally:
            connection.close()


def _leave_the_old_journal(cursor: Any) -> None:
    # SQLite waits for readers by itself, but not for one that writes or wants to leave too: both might wait for ever
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _sqlite_engine(address: Address) -> Engine:
    options: dict[str, Any] = {"connect_args": {"isolation_level": None, "timeout": BUSY_TIMEOUT}}
    if address.is_in_memory:
        options["connect_args"]["check_same_thread"] = False
        options["poolclass"] = StaticPool  # one connection, else every thread has an empty database of its own
    else:
        _make_private_file(address)
        options |= {"pool_size": 5, "max_overflow": 40}
    engine = create_engine(address.url, hide_parameters=True, **options)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        with translated(address):
            for pragma in _PRAGMAS:
                connection.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _make_private_file(address: Address) -> None:
    # Only when it is missing: to open and close an existing file in a process that uses it drops SQLite's locks.
    path = address.path
    if path is None or path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return  # another process was faster
    except PermissionError as error:
        raise StoreReadOnlyError(
            f"cannot make the database {str(path)!r}: {error.strerror}; choose a folder that can be written"
        ) from error
    except OSError as error:
        if error.errno == 30:  # EROFS
            raise StoreReadOnlyError(
                f"cannot make the database {str(path)!r}: the file system is read-only"
            ) from error
        raise StoreUnavailableError(f"cannot make the database {str(path)!r}: {error.strerror}") from error


def _postgresql_engine(address: Address) -> Engine:
    pool = address.pool
    engine = create_engine(
        address.url,
        hide_parameters=True,
        pool_size=pool.max_idle,
        max_overflow=pool.max_open - pool.max_idle,
        pool_recycle=pool.lifetime,
        pool_use_lifo=True,
        pool_pre_ping=True,  # a laptop that slept finds its connections closed
        connect_args={
            "prepare_threshold": None,  # prepared statements break behind poolers in transaction mode
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "application_name": "primer_nb",
        },
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, settings: Any) -> Any:
        from primer_nb.database.silence import LONG_WORK, WatchedConnection

        connection = WatchedConnection.connect(*arguments, **settings)
        # nobody says which statement is about a whole history
        connection.silence, connection.allowance = address.silence, LONG_WORK
        return connection

    return engine
