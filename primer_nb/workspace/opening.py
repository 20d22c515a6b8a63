"""Open a workspace: find the store, bring it up to date, settle who works in it, pick up what a crash left."""

from __future__ import annotations

import os
from pathlib import Path

from primer_nb.database import open_store
from primer_nb.paths import default_database_path
from primer_nb.providers.catalogue import Providers
from primer_nb.replies.drafts import is_alive
from primer_nb.session import Session
from primer_nb.use_cases.replying import recover_drafts
from primer_nb.use_cases.users import local_user
from primer_nb.workspace.workspace import Workspace


def connect(database_url: str | Path | None = None) -> Workspace:
    """Open a workspace: your chats, a panel to chat in, and their history as data.

    Opening makes the store when it is missing and brings its schema up to date, an SQLite file after a copy beside
    it. Replies that a killed kernel left unfinished become messages, marked as interrupted.

    Parameters
    ----------
    database_url : str or Path, optional
        Where chats and messages are kept: a path or ``sqlite:///file.db``, or a ``postgresql://`` URL. Default
        ``$PRIMER_DATABASE_URL``, else a file in the platform's folder for user data.

    Returns
    -------
    Workspace
        A context manager; the passwordless local user works in it.

    Raises
    ------
    StoreError
        If the store cannot be opened, is damaged, or was written by a newer release; it is left untouched.
    InvalidInputError
        If the address is not one of a database.

    Examples
    --------
    >>> import primer_nb
    >>> with primer_nb.connect(":memory:") as ws:
    ...     chat = ws.chats.create("Birds")
    ...     ws.chats["Birds"].title
    'Birds'
    """
    store = open_store(database_url or os.environ.get("PRIMER_DATABASE_URL") or default_database_path())
    try:
        recover_drafts(store, is_alive=is_alive)
        return Workspace(Session(store=store, user=local_user(store), providers=Providers()))
    except BaseException:
        store.close()
        raise
