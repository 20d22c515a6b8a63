"""How far the user's backup is: told by the local store alone, at the cost of what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.backup.bookkeeping import reading, target_of
from primer_nb.backup.waiting import acknowledged_at, chats_waiting, count_waiting, unchanged_since
from primer_nb.errors import InvalidInputError, NotSignedInError
from primer_nb.use_cases.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from primer_nb.session import Session


@dataclass(frozen=True, slots=True)
class BackupState:
    """How far a backup is, as far as this machine knows.

    Parameters
    ----------
    is_possible : bool
        Whether there is an account on a server, and a local store that can be backed up there.
    is_automatic : bool
        Whether it is possible, and what is new goes there by itself.
    last_at : datetime or None
        When the server last acknowledged something, or a backup found nothing more to send; in UTC.
    waiting : int
        Rows that are not on the server yet, without those that it refused; 0 when no backup is possible.
    """

    is_possible: bool
    is_automatic: bool = False
    last_at: datetime | None = None
    waiting: int = 0


def can_back_up(session: Session) -> bool:
    """Tell whether the user's chats can be backed up.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    bool
        Whether an account works on an SQLite store and has a PostgreSQL server.
    """
    return _target(session) is not None


def is_automatic(session: Session) -> bool:
    """Tell whether what is new goes to the server by itself.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    bool
        Whether a backup is possible and the user's setting is on.

    Raises
    ------
    StoreError
        If the local store cannot be read.
    """
    return can_back_up(session) and read_settings(session).automatic_backup


def require_server(session: Session) -> None:
    """Refuse to go on without an account on a server.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Raises
    ------
    InvalidInputError
        If there is no server.
    NotSignedInError
        If nobody is signed in.
    """
    if session.server is None:
        raise InvalidInputError(
            "there is no server to back up to; set PRIMER_SERVER_URL (or SUPABASE_CONNECTION_STRING), or call "
            "primer_nb.connect(server_url=...)"
        )
    if session.is_local:
        raise NotSignedInError("a backup belongs to an account; call ws.login(email), or ws.register(email) for one")


def read_backup_state(session: Session) -> BackupState:
    """Look how far the user's backup is; the server is not asked.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    BackupState
        As of now.

    Raises
    ------
    StoreError
        If the local store cannot be read.
    """
    target = _target(session)
    if target is None:
        return BackupState(is_possible=False)
    with reading(session.store) as connection:
        acknowledged = acknowledged_at(connection, target)
        there = unchanged_since(connection, target, session.user.id, session.sent_alone)
        waiting = count_waiting(connection, target, session.user.id, without=there)
    moments = [moment for moment in (acknowledged, session.backed_up_at) if moment is not None]
    return BackupState(
        is_possible=True,
        is_automatic=read_settings(session).automatic_backup,
        last_at=max(moments, default=None),
        waiting=waiting,
    )


def unsaved_chats(session: Session, ids: Iterable[str] | None = None) -> set[str]:
    """Find the chats of the user of which the server lacks something; the server is not asked.

    Parameters
    ----------
    session : Session
        On whose behalf.
    ids : iterable of str, optional
        Of those that matter; all by default.

    Returns
    -------
    set of str
        Of their ids. All when no backup is possible, or none was made; never another user's.

    Raises
    ------
    StoreError
        If the local store cannot be read.
    """
    if session.store.dialect == "sqlite":
        with reading(session.store) as connection:
            target = _target(session)
            found = chats_waiting(connection, target, session.user.id)
            found -= unchanged_since(connection, target, session.user.id, session.sent_alone)
    else:
        with session.read() as work:
            found = {chat.id for chat in work.chats.newest()}
    return found if ids is None else found & set(ids)


def _target(session: Session) -> str | None:
    server = session.server
    if server is None or session.is_local or session.store.dialect != "sqlite" or server.dialect != "postgresql":
        return None
    return target_of(server, session.user.id)
