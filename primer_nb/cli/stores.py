"""Which store a command works on, and how it shows what it found."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from primer_nb.database import Store
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreUnavailableError
from primer_nb.paths import default_database_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path


def chosen_address(options: argparse.Namespace) -> str | Path:
    """Tell which store a command is about.

    Parameters
    ----------
    options : argparse.Namespace
        With ``database``.

    Returns
    -------
    str or Path
        ``--database``, else what the environment says, else the default file.
    """
    return options.database or os.environ.get("PRIMER_DATABASE_URL") or default_database_path()


def is_missing(address: str | Path) -> bool:
    """Tell whether a store is a file that nobody has made yet.

    Parameters
    ----------
    address : str or Path
        Of the store.

    Returns
    -------
    bool
        False for PostgreSQL, which has to be asked.
    """
    path = parse_address(address).path
    return path is not None and not path.exists()


@contextmanager
def chosen_store(options: argparse.Namespace, *, may_be_new: bool = False) -> Iterator[Store]:
    """Open the chosen store; its schema is left as it is.

    Parameters
    ----------
    options : argparse.Namespace
        With ``database``.
    may_be_new : bool, default False
        Whether a missing file is made.

    Yields
    ------
    Store
        Closed afterwards.

    Raises
    ------
    StoreUnavailableError
        If the file is missing and may not be made.
    """
    address = chosen_address(options)
    if not may_be_new and is_missing(address):
        raise StoreUnavailableError(
            f"there is no store at {address} yet; connect() or 'primer-nb migrate up' makes it"
        )
    store = Store(address)
    try:
        yield store
    finally:
        store.close()


def show(facts: dict[str, Any] | list[dict[str, Any]], *, as_json: bool, text: str) -> None:
    """Print facts as JSON or the same in words.

    Parameters
    ----------
    facts : dict or list of dict
        What a program wants to know.
    as_json : bool
        Which of both to print.
    text : str
        What a person wants to know.
    """
    print(json.dumps(facts, indent=2, default=str, ensure_ascii=False) if as_json else text)
