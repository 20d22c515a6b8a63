"""``primer-nb maintain``: what `ws.maintenance` does, for a terminal and for a scheduler."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from primer_nb.cli.stores import chosen_address, is_missing, show
from primer_nb.errors import StoreUnavailableError
from primer_nb.use_cases import maintenance
from primer_nb.workspace import connect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from primer_nb.session import Session


def run(options: argparse.Namespace) -> int:
    """Carry out one action.

    Parameters
    ----------
    options : argparse.Namespace
        ``action``, ``database``, ``server``, ``json``.

    Returns
    -------
    int
        0 when it was done, 1 when ``check`` found something.
    """
    address = chosen_address(options)
    if is_missing(address):
        raise StoreUnavailableError(f"there is no store at {address} yet; nothing to do")
    act, line, nothing = _ACTIONS[options.action]
    with connect(address, server_url=options.server) as ws:
        rows = act(ws._session)
    show([asdict(row) for row in rows], as_json=options.json, text="\n".join(line(row) for row in rows) or nothing)
    return 1 if options.action == "check" and rows else 0


def _vacuumed(row: Any) -> str:
    return f"{row.store:8} {_megabytes(row.bytes_before)} before, {_megabytes(row.bytes_after)} after"


def _analyzed(row: Any) -> str:
    return f"{row.store:8} {row.table}"


def _size(row: Any) -> str:
    size = "size unknown" if row.bytes is None else _megabytes(row.bytes)
    return f"{row.store:8} {row.table:24} {row.rows:>12,} rows {size:>12}"


def _problem(row: Any) -> str:
    return f"{row.store:8} {row.subject}: {row.text}\n{'':8} -> {row.advice}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.2f} MB"


_ACTIONS: dict[str, tuple[Callable[[Session], Sequence[Any]], Callable[[Any], str], str]] = {
    "vacuum": (maintenance.vacuum, _vacuumed, ""),
    "analyze": (maintenance.analyze, _analyzed, ""),
    "sizes": (maintenance.sizes, _size, ""),
    "check": (maintenance.check, _problem, "Nothing is wrong."),
}
