"""Where this machine keeps what it knows of the accounts of a server: an SQLite file a pair of stores, in the home.

It is no part of the local store, which others may share and which may have accounts of its own: what a server says
counts only where that server is asked for.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from primer_nb.database.store import Store, open_store
from primer_nb.errors import StoreReadOnlyError
from primer_nb.paths import data_dir


def has_copy(place: str | None) -> bool:
    """Tell whether there is a file, without making one.

    Parameters
    ----------
    place : str or None
        As for `open_copy`.

    Returns
    -------
    bool
        Whether the accounts of that server were ever asked for here.
    """
    return place is not None and _path(place, make=False).is_file()


def open_copy(place: str | None) -> Store:
    """Open the store of a pair of stores, made if need be.

    Parameters
    ----------
    place : str or None
        Names the pair; only its digest is seen on the disk. ``None``: nothing is kept beyond this process.

    Returns
    -------
    Store
        With the schema of every other; in memory when the home cannot be written.

    Raises
    ------
    StoreError
        If it cannot be opened.
    """
    if place is None:
        return open_store(":memory:")
    try:
        return open_store(_path(place, make=True))
    except StoreReadOnlyError:
        return open_store(":memory:")


def _path(place: str, *, make: bool) -> Path:
    name = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return data_dir(make=make) / f"accounts-{name}.db"
