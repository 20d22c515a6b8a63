"""One backup of a file at a time, whichever process or thread runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from primer_nb.database import Store
from primer_nb.errors import BackupInProgressError, StoreReadOnlyError


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Hold the lock of a store; the system gives it back when the process ends.

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
        If somebody has it.
    StoreReadOnlyError
        If the lock's file cannot be made.
    """
    from filelock import FileLock, Timeout

    path = store.address.path
    if path is None:
        yield
        return
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
