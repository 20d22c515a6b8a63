"""``primer-nb backup``, ``restore`` and ``verify``, for a terminal and for a scheduler.

A scheduler passes a token in ``$PRIMER_TOKEN``: an argument can be read by every user of the machine.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from primer_nb.cli.signed_in import sign_in_once
from primer_nb.cli.stores import chosen_address, is_missing, show
from primer_nb.errors import StoreUnavailableError
from primer_nb.workspace import Workspace, connect

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Carry out one action.

    Parameters
    ----------
    options : argparse.Namespace
        ``action``, ``database``, ``server``, ``token``, ``json``, and what the action takes.

    Returns
    -------
    int
        0 when it was done, 1 when ``verify`` found a difference.
    """
    address = chosen_address(options)
    if options.action != "restore" and is_missing(address):
        raise StoreUnavailableError(f"there is no store at {address} yet; 'primer-nb restore' makes it from a backup")
    token = options.token or os.environ.get("PRIMER_TOKEN") or None
    with connect(address, server_url=options.server, token=token) as ws:
        sign_in_once(ws)
        report = _act(ws, options)
    show(asdict(report), as_json=options.json, text=repr(report))
    return 1 if options.action == "verify" and not report else 0


def _act(ws: Workspace, options: argparse.Namespace) -> Any:
    if options.action == "backup":
        return ws.backup(options.chat, probe=options.probe)
    if options.action == "restore":
        return ws.restore(options.chat)
    return ws.verify(depth=options.depth)
