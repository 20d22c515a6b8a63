"""Who a command works as: who stayed signed in on this machine, a token's owner, or who signs in for this once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from primer_nb.errors import PasswordNeededError
from primer_nb.session import LOCAL_EMAIL

if TYPE_CHECKING:
    from primer_nb.workspace import Workspace


def sign_in_once(ws: Workspace, *, who: str = "") -> None:
    """Sign in for this command only, unless somebody is signed in; this machine keeps nothing of it.

    Parameters
    ----------
    ws : Workspace
        Just opened.
    who : str, default ""
        Whose e-mail address is asked for, such as ``" of an administrator"``.

    Raises
    ------
    PasswordNeededError
        If nobody can be asked.
    SignInError
        If address and password do not belong together.
    """
    if ws.user.email != LOCAL_EMAIL:
        return
    print(f"E-mail address{who}: ", end="", file=sys.stderr, flush=True)  # stdout may be JSON
    try:
        email = input()
    except EOFError:
        print(file=sys.stderr)
        raise PasswordNeededError(
            "nobody is signed in on this machine, and nobody is here to be asked; sign in with ws.login(email) first"
        ) from None
    ws.login(email, stay=False)
