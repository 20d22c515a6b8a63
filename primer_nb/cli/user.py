"""``primer-nb user``: the accounts of a store, for whoever owns it: the first account, all accounts, administrators.

It works as who stayed signed in on this machine, else as who signs in here for this one command. What people do for
themselves (passwords, tokens, provider keys, leaving) has its place in a notebook, where a token can be shown without
ending up in a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        ``action``, ``database``, ``server``, ``json``, and what the action takes.

    Returns
    -------
    int
        0, when it was done.
    """
    actions = {"register": _register, "list": _list, "admin": _admin}
    address = chosen_address(options)
    if options.action != "register" and is_missing(address):
        raise StoreUnavailableError(f"there is no store at {address} yet; 'primer-nb user register EMAIL' makes it")
    with connect(address, server_url=options.server) as ws:
        actions[options.action](ws, options)
    return 0


def _register(ws: Workspace, options: argparse.Namespace) -> None:
    recovery_key = ws.register(options.email, name=options.name)
    role = " It is the administrator." if ws.user.is_admin else ""
    text = (
        f"{ws.user.email} has an account and is signed in on this machine, with the chats that were here.{role}\n"
        "Recovery key, for the day the password is forgotten; it is kept nowhere, so keep it:\n"
        f"{recovery_key.reveal()}"
    )
    facts = {"email": ws.user.email, "is_admin": ws.user.is_admin, "recovery_key": recovery_key.reveal()}
    show(facts, as_json=options.json, text=text)


def _list(ws: Workspace, options: argparse.Namespace) -> None:
    sign_in_once(ws, who=" of an administrator")
    users = ws.admin.users()
    facts = [user.model_dump(include={"id", "email", "name", "is_admin", "created_at"}) for user in users]
    lines = [
        f"{user.created_at:%Y-%m-%d}  {'administrator' if user.is_admin else 'member':<13}  {user.email}  {user.name}"
        for user in users
    ]
    show({"users": facts}, as_json=options.json, text="\n".join(line.rstrip() for line in lines))


def _admin(ws: Workspace, options: argparse.Namespace) -> None:
    sign_in_once(ws, who=" of an administrator")
    ws.admin.set_admin(options.email, not options.off)
    text = f"{options.email} is {'no administrator any more' if options.off else 'an administrator now'}"
    show({"email": options.email, "is_admin": not options.off}, as_json=options.json, text=text)
