"""One backup of a file at a time, whichever process or thread runs it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from primer_nb.database import Store
from primer_nb.errors import BackupInProgressError, StoreReadOnlyError

_turns: dict[tuple[int, Path], threading.Lock] = {}  # by process: a fork copies locks as they are


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Hold the lock of a store; the system gives it back when the process ends.

    Threads of one process wait for each other: what runs in the background is soon done, or can be ended by Ctrl-C.

    Parameters
    ----------
    store : Store
        An SQLite file; what lives in memory is known to one workspace only and needs none.

    Yields
    ------
    None
        While nobody else has it.

    Raises
    ------
    BackupInProgressError
        If another process has it.
    StoreReadOnlyError
        If the lock's file cannot be made.
    """
    path = store.address.path
    if path is None:
        yield
        return
    with _turns.setdefault((os.getpid(), path.resolve()), threading.Lock()), _lock_of(path):
        yield


@contextmanager
def _lock_of(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    # beside the database, never itself: closing it would drop SQLite's own locks in this process
    lock = FileLock(path.with_name(f"{path.name}.backup-lock"), mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BackupInProgressError(
            f"another kernel is backing up {str(path)!r}; what is new here goes along, or with the next backup"
        ) from None
    except OSError as error:
        raise StoreReadOnlyError(
            f"a backup of {str(path)!r} needs a lock beside it, and its folder cannot be written ({error.strerror})"
        ) from error
    try:
        yield
    finally:
        lock.release()
