"""Open a workspace: find the store, bring it up to date, settle who works in it, pick up what a crash left."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from primer_nb.credentials.kept_tokens import has_kept_token
from primer_nb.database import open_store
from primer_nb.database.addresses import Place, hidden, parse_address
from primer_nb.paths import default_database_path
from primer_nb.providers.catalogue import Providers
from primer_nb.replies.drafts import is_alive
from primer_nb.session import Session, local_user
from primer_nb.use_cases.replying import recover_drafts
from primer_nb.use_cases.stored_keys import stored_key
from primer_nb.workspace.shown_once import as_secret
from primer_nb.workspace.workspace import Workspace

if TYPE_CHECKING:
    from primer_nb.database import Store
    from primer_nb.secret import Secret
    from primer_nb.workspace.shown_once import Given


def connect(
    database_url: Place | None = None, *, server_url: Place | None = None, token: Given | None = None
) -> Workspace:
    """Open a workspace: your chats, a panel to chat in, and their history as data.

    Opening makes the store when it is missing and brings its schema up to date, an SQLite file after a copy beside
    it. Replies that a killed kernel left unfinished become messages, marked as interrupted.

    Parameters
    ----------
    database_url : str, Path or Secret, optional
        Where chats and messages are kept: a path or ``sqlite:///file.db``, or a ``postgresql://`` URL. Default
        ``$PRIMER_DATABASE_URL``, else a file in the platform's folder for user data.
    server_url : str, Path or Secret, optional
        Where accounts live. Default ``$PRIMER_SERVER_URL``, else ``$SUPABASE_CONNECTION_STRING``, else the accounts
        live in the local store. It is asked only when somebody signs in or up; without a connection, who has signed
        in on this machine before still can.
    token : str, Secret or ShownOnce, optional
        One of your tokens (`Workspace.tokens`), for a notebook that nobody sits at.

    Returns
    -------
    Workspace
        A context manager. Who stayed signed in on this machine works in it, else the passwordless local user.

    Raises
    ------
    TokenError
        If the token is not known, was revoked, or is over.
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
    # no frame of ours holds a token, or the password in a URL, as text
    token = None if token is None else as_secret(token)
    database_url = hidden(database_url or os.environ.get("PRIMER_DATABASE_URL") or default_database_path())
    server_url = _server(server_url)
    with ExitStack() as undo:
        store = open_store(database_url)
        undo.callback(store.close)
        recover_drafts(store, is_alive=is_alive)
        session = _session(store, server_url)
        undo.callback(session.close)
        _sign_in(session, token)
        if session.has_server:
            from primer_nb.automatic import automatic_backup

            automatic_backup(session)
        undo.pop_all()
    return Workspace(session)


def _session(store: Store, server_url: Place | None) -> Session:
    server = None if server_url is None else parse_address(server_url)
    providers = Providers(key_for=lambda name: stored_key(session, name))
    session = Session(store, local_user(store), providers, server=None if server == store.address else server)
    return session


def _server(server_url: Place | None) -> Place | None:
    place = server_url or os.environ.get("PRIMER_SERVER_URL") or os.environ.get("SUPABASE_CONNECTION_STRING")
    return hidden(place) if place else None


def _sign_in(session: Session, token: Secret | None) -> None:
    if token is not None:
        from primer_nb.use_cases.tokens import sign_in_with_token

        sign_in_with_token(session, token)
    elif session.stores.place is not None and has_kept_token(session.stores.place):
        from primer_nb.use_cases.accounts import resume  # loads cryptography

        resume(session)
