"""Which store a command works on, and how it shows what it found."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from primer_nb.database import Store
from primer_nb.paths import default_database_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


@contextmanager
def chosen_store(options: argparse.Namespace) -> Iterator[Store]:
    """Make the store of ``--database``, of the environment, or the default one; its schema is left as it is.

    Parameters
    ----------
    options : argparse.Namespace
        With ``database``.

    Yields
    ------
    Store
        Closed afterwards.
    """
    store = Store(options.database or os.environ.get("PRIMER_DATABASE_URL") or default_database_path())
    try:
        yield store
    finally:
        store.close()


def show(facts: dict[str, Any], *, as_json: bool, text: str) -> None:
    """Print facts as JSON or the same in words.

    Parameters
    ----------
    facts : dict
        What a program wants to know.
    as_json : bool
        Which of both to print.
    text : str
        What a person wants to know.
    """
    print(json.dumps(facts, indent=2, default=str, ensure_ascii=False) if as_json else text)
