"""One transaction that changes the schema, while every other process that wants to do so waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

PATIENCE = 600  # seconds to wait for another process that upgrades the same store

_ADVISORY_LOCK = 5_791_823_746_012_113  # any number that no other program takes


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that is alone in changing the schema; commit it at the end, roll it back on an error.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        From `create_engine_for`.

    Yields
    ------
    sqlalchemy.Connection
        In the transaction. SQLite enforces no foreign key in it: a table that is rebuilt would take the rows that
        point to it along.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # before the transaction, in which SQLite ignores them
            pragmas = {"busy_timeout": PATIENCE * 1000, "foreign_keys": 0}
            with _pragmas(connection.connection.driver_connection, pragmas), connection.begin():
                yield connection
        else:
            from primer_nb.database.silence import long_work

            # to change a large table takes as long as it takes
            with long_work(connection.connection.driver_connection, without_end=True), connection.begin():
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
                yield connection


@contextmanager
def _pragmas(driver: Any, wanted: dict[str, int]) -> Iterator[None]:
    before = {name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    try:
        _set(driver, wanted)
        yield
    finally:
        _set(driver, before)


def _set(driver: Any, values: dict[str, int]) -> None:
    for name, value in values.items():
        driver.execute(f"PRAGMA {name} = {value}").close()
