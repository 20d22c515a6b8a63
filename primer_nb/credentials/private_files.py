"""Small files that only their owner may read: written whole or not at all, by one process at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from primer_nb.errors import StoreBusyError, StoreFullError, StoreReadOnlyError
from primer_nb.secret import Secret

PATIENCE = 30.0  # seconds to wait for another kernel; it holds the lock while it asks the server, not for longer

_OWNER_ONLY = 0o600
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that every process and thread on this machine respects; it ends with the process.

    Parameters
    ----------
    path : Path
        The lock's own file, which stays.

    Yields
    ------
    None
        While nobody else holds it.

    Raises
    ------
    StoreBusyError
        If somebody else does for longer than `PATIENCE`.
    StoreReadOnlyError
        If the lock's file cannot be made.
    """
    from filelock import FileLock, Timeout  # 15 ms, with asyncio: only who is signed in needs it

    lock = FileLock(path, mode=_OWNER_ONLY)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise StoreBusyError(
            f"another kernel has held {path.name!r} for {PATIENCE:.0f} seconds; wait for it, or restart it"
        ) from None
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield
    finally:
        lock.release()


def replace_file(path: Path, *, content: Secret) -> None:
    """Put a file in place of another; a power cut or a kill leaves the one or the other, whole.

    Parameters
    ----------
    path : Path
        The file. The caller holds the lock that belongs to it.
    content : Secret
        What shall be in it.

    Raises
    ------
    StoreFullError
        If the disk has no room for it.
    StoreReadOnlyError
        If it cannot be written for another reason.
    """
    new = _next(path)
    try:
        new.unlink(missing_ok=True)  # what a killed process left
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            new.chmod(_OWNER_ONLY)  # a umask may have taken the owner's own rights
            file.write(content.reveal().encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error


def remove_file(path: Path) -> None:
    """Remove a file and what a killed process may have left of its successor.

    Parameters
    ----------
    path : Path
        The file, which need not be there. The caller holds the lock that belongs to it.

    Raises
    ------
    StoreReadOnlyError
        If it cannot be removed.
    """
    try:
        _next(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # there a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: Path, error: OSError) -> StoreFullError | StoreReadOnlyError:
    if error.errno in _NO_ROOM:
        return StoreFullError(f"no room on the disk for {path.name!r}; free some")
    return StoreReadOnlyError(
        f"cannot write {str(path)!r} ({error.strerror}); make its folder writable, or set PRIMER_HOME to another"
    )
