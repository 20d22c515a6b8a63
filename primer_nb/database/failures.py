"""Translate what the database drivers raise into our own errors, once, at this edge.

Above it nobody catches an exception of sqlite3, psycopg or SQLAlchemy. The driver's text is kept only where it
holds no value of a row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from primer_nb.database.addresses import Address
from primer_nb.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)

# Fragments of SQLite's fixed messages (sqlite3ErrStr in its main.c); the primary result codes are not on the
# exception in every supported Python.
_SQLITE: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        "database is locked",
        StoreBusyError,
        "another program has been writing to it for more than 5 seconds; try again, or close that program",
    ),
    ("database table is locked", StoreBusyError, "another connection holds a table; try again"),
    (
        "database or disk is full",
        StoreFullError,
        "the disk is full; nothing was written, free some room and try again",
    ),
    ("disk I/O error", StoreUnavailableError, "the disk did not answer; see that it has room and is not unplugged"),
    (
        "readonly database",
        StoreReadOnlyError,
        "it may not be written; check the permissions of the file and its folder",
    ),
    (
        "unable to open database",
        StoreUnavailableError,
        "it cannot be opened; check that the path exists and is a file",
    ),
    ("malformed", StoreCorruptError, "the file is damaged; keep it, and restore a backup or a copy beside it"),
    ("not a database", StoreCorruptError, "the file is not an SQLite database; choose another path"),
    ("file is encrypted", StoreCorruptError, "the file is not an SQLite database; choose another path"),
)


DRIVER_ERRORS = (SQLAlchemyError, sqlite3.Error)


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn a driver's exception into a `StoreError`.

    Parameters
    ----------
    address : Address
        The store, for the message.

    Yields
    ------
    None
        Nothing; statements run in the block.

    Raises
    ------
    StoreError
        One of its subclasses, in place of an exception of SQLAlchemy or a driver.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        raise_translated(error, address)


def raise_translated(error: BaseException, address: Address) -> NoReturn:
    """Raise the `StoreError` that stands for a driver's exception.

    Parameters
    ----------
    error : BaseException
        One of `DRIVER_ERRORS`.
    address : Address
        The store, for the message.

    Raises
    ------
    StoreError
        Always.
    """
    # SQLAlchemy's exception carries the parameters of the statement, the driver's own does not
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    for each in (error, original):
        each.__traceback__ = None  # the frames hold the password of a URL, and the text of messages
    raise _translate(original, address) from original


def _translate(error: BaseException, address: Address) -> StoreError:
    if isinstance(error, PoolTimeoutError):
        return StoreBusyError(f"{address}: all {address.pool.max_open} connections are in use; try again in a moment")
    if address.dialect == "sqlite":
        return _translate_sqlite(error, address)
    from primer_nb.database.postgresql_failures import postgresql_failure

    return postgresql_failure(error, address)


def _translate_sqlite(error: BaseException, address: Address) -> StoreError:
    text = str(error)
    for fragment, kind, advice in _SQLITE:
        if fragment in text:
            return kind(f"{address}: {advice}")
    if isinstance(error, sqlite3.IntegrityError):
        return StoreError(f"{address}: a rule of the tables refused the row ({text})")
    return StoreError(f"{address}: SQLite refused ({type(error).__name__}: {text[:200]})")
