"""Copies of an SQLite file, made before its schema changes.

By SQLite's own backup call, which sees what is still in the write-ahead log. The live file is never opened by
anything else: closing it would drop the locks this process holds on it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

KEPT = 3


def copy_before(path: Path, *, revision: str) -> Path:
    """Copy a database file beside itself and forget the oldest copies.

    Parameters
    ----------
    path : Path
        The file. A connection of the caller holds its write lock and has written nothing yet: so nobody writes
        between the copy and the change.
    revision : str
        What the schema is about to become; part of the copy's name.

    Returns
    -------
    Path
        The copy, readable by its owner only: ``store.pre-<revision>.db`` for ``store.db``.
    """
    stem = path.stem if path.suffix == ".db" else path.name
    copy = path.with_name(f"{stem}.pre-{revision}.db")
    _write(path, copy)
    _prune(path.parent, stem)
    return copy


def _write(path: Path, copy: Path) -> None:
    part = copy.with_suffix(".part")
    part.unlink(missing_ok=True)  # left by a process that was killed
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        # a connection of its own: SQLite copies nothing from one that is in a write transaction
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target, pages=-1)
        _sync(part)
        part.replace(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, stem: str) -> None:
    prefix = f"{stem}.pre-"
    copies = [path for path in folder.iterdir() if path.name.startswith(prefix) and path.suffix == ".db"]
    for path in sorted(copies, key=lambda path: path.stat().st_mtime_ns)[:-KEPT]:
        path.unlink(missing_ok=True)
