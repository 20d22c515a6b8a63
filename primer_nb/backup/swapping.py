"""A new file in the place of a store's file, while nobody else has it open; the store goes on with the new one.

SQLite files are kept open: who has the old one open would go on writing to a file without a name. So the swap is
done under SQLite's own exclusive lock, which nobody gets while another connection is there, and only when nobody
wrote since the copy was made. Whoever comes in the middle finds the old file without tables, and fails aloud.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from primer_nb.database.engine import keep_write_ahead_log
from primer_nb.errors import StoreError, StoreFullError, StoreUnavailableError

if TYPE_CHECKING:
    from primer_nb.database import Store

_COMPANIONS = ("", "-journal", "-wal", "-shm")


class Original:
    """The file of a store that is about to be replaced.

    Parameters
    ----------
    store : Store
        An SQLite file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = Path(str(store.address.path)).resolve()  # a link stays, what it points to is replaced
        # of its own: one of the pool may be in a transaction; by SQLite's own library, which keeps the locks apart
        self._connection = sqlite3.connect(self._path, isolation_level=None)

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is now, and remember how it is.

        Parameters
        ----------
        path : Path
            An empty file.
        """
        self._version = self._read_version()
        with closing(sqlite3.connect(path)) as target:
            self._connection.backup(target, pages=-1)

    def replace_by(self, path: Path) -> bool:
        """Put another file into the place of this one, if nobody else has this one open or wrote to it.

        Parameters
        ----------
        path : Path
            A whole database in the same folder, closed and on the disk.

        Returns
        -------
        bool
            Whether it was done.
        """
        self._store.engine.dispose()  # what is in use right now stays open, and the lock is not had
        if not self._lock():
            return False
        # under its exclusive lock SQLite keeps the (empty) journal; beside the new file it must not lie
        self._connection.execute("PRAGMA journal_mode = OFF").fetchall()
        self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        path.chmod(self._path.stat().st_mode & 0o777)
        os.replace(path, self._path)
        _sync(self._path.parent)
        self._disown()
        return True

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _read_version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _lock(self) -> bool:
        execute = self._connection.execute
        execute("PRAGMA busy_timeout = 0").fetchall()
        execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        try:
            # leaving the write-ahead log takes the only connection there is; the lock is kept from here on
            is_alone = execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete"
            execute("BEGIN EXCLUSIVE")
            is_same = self._read_version() == self._version
            execute("COMMIT")
        except sqlite3.OperationalError:  # locked
            is_alone = is_same = False
        if not (is_alone and is_same):
            self.close()
            keep_write_ahead_log(self._store.engine)
            return False
        return True

    def _disown(self) -> None:
        with suppress(sqlite3.Error):
            for table in ("messages", "chats", "primer_alembic_version"):
                self._connection.execute(f"DROP TABLE {table}")


@contextmanager
def new_file(path: Path, *, purpose: str) -> Iterator[Path]:
    """Make an empty private file beside a store's, and remove it unless it was moved.

    Parameters
    ----------
    path : Path
        The store's file.
    purpose : str
        Part of the name, so that what a killed process left is found and removed.

    Yields
    ------
    Path
        The new file.
    """
    path = path.resolve()
    part = path.with_name(f"{path.name}.{purpose}")
    _remove(part)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield part
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise _translated(error, path) from error
    finally:
        _remove(part)


def keep(path: Path) -> None:
    """Make sure that a closed file is on the disk.

    Parameters
    ----------
    path : Path
        The file; not one that SQLite has open in this process, which would lose its locks.
    """
    _sync(path)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    for suffix in _COMPANIONS:
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _translated(error: OSError, path: Path) -> Exception:
    if error.errno in {27, 28, 122}:  # EFBIG, ENOSPC, EDQUOT
        return StoreFullError(f"{path}: the disk is full; nothing was changed, free some room and try again")
    return StoreUnavailableError(
        f"{path}: no new file could be written beside it ({error.strerror}); nothing was changed"
    )
