"""The stores of the demo: a file for the chats, and a PostgreSQL server of its own with an account on it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import primer_nb
from primer_nb.embedded_server import EmbeddedServer
from primer_nb.errors import EmailTakenError, MissingDependencyError, StoreError

EMAIL = "demo@example.org"
PASSWORD = "for the demo only"  # noqa: S105  of an account on a server that nobody else can reach

_CHOSEN = ("PRIMER_DATABASE_URL", "PRIMER_SERVER_URL", "SUPABASE_CONNECTION_STRING")


def use_demo_stores(folder: Path, stack: ExitStack, *, keep: bool) -> None:
    """Set the environment of the notebooks; stores that the user chose there stay chosen.

    Parameters
    ----------
    folder : Path
        Of the demo; it has the file and the server's data.
    stack : ExitStack
        Stops the server when it is left.
    keep : bool
        Whether the server's data outlives this demo.
    """
    if any(os.environ.get(name) for name in _CHOSEN):
        return
    store = str(folder / "demo.db")
    os.environ["PRIMER_DATABASE_URL"] = store
    try:
        server = stack.enter_context(EmbeddedServer(server_folder(folder) if keep else None))
    except (MissingDependencyError, StoreError) as error:
        print(f"Without a server, so without backups: {error}")
        return
    os.environ["PRIMER_SERVER_URL"] = server.url
    _sign_in(store, server.url)


def server_folder(folder: Path) -> Path:
    """Choose where the server's data lies.

    Parameters
    ----------
    folder : Path
        Of the demo.

    Returns
    -------
    Path
        Inside it; for root a place where the server's user can get.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return folder / "server"
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"primer-nb-demo-{name}"


def _sign_in(store: str, server: str) -> None:
    with primer_nb.connect(store, server_url=server) as ws:
        if ws.user.email == EMAIL:
            return
        try:
            ws.register(EMAIL, password=PASSWORD, name="Demo")
        except EmailTakenError:
            ws.login(EMAIL, password=PASSWORD)
    print(f"Signed in as {EMAIL}, password: {PASSWORD}")
