"""Where files live on this machine: the user's data folder and cache folder.

Folders are made on demand and only for their owner (0700), since chats are private.
"""

from __future__ import annotations

import os
from pathlib import Path

from primer_nb.errors import StoreReadOnlyError


def data_dir(*, make: bool = True) -> Path:
    """Return the folder of the user's data, made if need be.

    Parameters
    ----------
    make : bool, default True
        Whether to make it; one that is only looked into need not be there.

    Returns
    -------
    Path
        ``$PRIMER_HOME/data``, else the platform's folder for user data.

    Raises
    ------
    StoreReadOnlyError
        If the folder cannot be made.
    """
    return _folder("data", make=make)


def cache_dir() -> Path:
    """Return the folder of what can be fetched again, made if need be.

    Returns
    -------
    Path
        ``$PRIMER_HOME/cache``, else the platform's folder for caches.

    Raises
    ------
    StoreReadOnlyError
        If the folder cannot be made.
    """
    return _folder("cache", make=True)


def default_database_path() -> Path:
    """Return the file of the embedded store.

    Returns
    -------
    Path
        ``primer.db`` in the data folder.
    """
    return data_dir() / "primer.db"


def _folder(kind: str, *, make: bool) -> Path:
    home = os.environ.get("PRIMER_HOME")
    if home:
        folder = Path(home).expanduser() / kind
    else:
        import platformdirs

        find = platformdirs.user_data_path if kind == "data" else platformdirs.user_cache_path
        folder = find("primer_nb", appauthor=False)
    if not make:
        return folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnlyError(
            f"cannot make the folder {str(folder)!r} ({error.strerror}); "
            "set PRIMER_HOME to a folder that can be written"
        ) from error
    return folder
