"""Backups of the user's chats on the server, and the way back: who may, and what the audit log notes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from primer_nb.backup.bookkeeping import last_entry, reading
from primer_nb.backup.drill import drill as drill_of
from primer_nb.backup.forget import forget as forget_of
from primer_nb.backup.progress import NoProgress
from primer_nb.backup.pull import pull as pull_of
from primer_nb.backup.restore import restore as restore_of
from primer_nb.backup.run import backup as backup_of
from primer_nb.backup.verify import verify as verify_of
from primer_nb.errors import InvalidInputError, StoreError
from primer_nb.use_cases import audit
from primer_nb.use_cases.backup_state import require_server
from primer_nb.use_cases.chats import checked_id, get_chat

if TYPE_CHECKING:
    from collections.abc import Collection

    from primer_nb.backup.kept import KeptServer
    from primer_nb.backup.progress import Progress
    from primer_nb.backup.reports import BackupReport
    from primer_nb.backup.results import DrillReport, ForgetReport, PullReport, RestoreReport, VerifyReport
    from primer_nb.database import Store
    from primer_nb.session import Session

_logger = logging.getLogger(__name__)

DEPTHS = (1, 2, 3)
_QUIET = NoProgress()


def back_up(
    session: Session, *, chats: Collection[str] | None = None, probe: bool = False, progress: Progress = _QUIET
) -> BackupReport:
    """Send what the server does not have yet.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    chats : collection of str, optional
        Ids of the chats to send whole; everything new by default.
    probe : bool, default False
        Whether to ask the server also when nothing is new here: it may have lost what it had.
    progress : Progress, optional
        Told of rows after they are committed.

    Returns
    -------
    BackupReport
        What was sent, and what the server refused.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to send to.
    ChatNotFoundError
        If there is no such chat, or it is another user's.
    BackupError, StoreError
        If it cannot be done; everything committed stays, and nothing here is changed.
    """
    server = _server(session)
    if chats is not None:
        chats = [get_chat(session, checked_id(chat)).id for chat in chats]
    entry = _last_entry(session)
    report = send(session.store, server, chats=chats, probe=probe, progress=progress)
    if chats is not None and not report.quarantined:
        session.sent_alone.update(dict.fromkeys(chats, entry))
    session.tell_of_backup(server.user_id if chats is None else None)
    return report


def send(
    store: Store,
    server: KeptServer,
    *,
    chats: Collection[str] | None = None,
    probe: bool = False,
    progress: Progress = _QUIET,
) -> BackupReport:
    """Send what a server does not have yet of its user, whoever works now.

    Parameters
    ----------
    store : Store
        The local one.
    server : KeptServer
        From `Session.backup_server`.
    chats, probe, progress : optional
        As `back_up`.

    Returns
    -------
    BackupReport
        What was sent.

    Raises
    ------
    BackupError, StoreError
        As `back_up`.
    """
    with server.in_use():
        return backup_of(store, server, server.user_id, chats=chats, probe=probe, progress=progress)


def pull(session: Session, *, progress: Progress = _QUIET) -> PullReport:
    """Fetch what other machines have sent.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    progress : Progress, optional
        Told of rows after they are committed.

    Returns
    -------
    PullReport
        What came. Nothing here is overwritten or deleted, but for the title and model of a chat that is newer there.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to ask.
    BackupError, StoreError
        If it cannot be done; everything committed stays.
    """
    with _server(session).in_use() as server:
        report = pull_of(session.store, server, server.user_id, progress=progress)
    session.tell()  # settings came along
    session.tell_of_backup()
    return report


def restore(session: Session, *, chat: str | None = None, progress: Progress = _QUIET) -> RestoreReport:
    """Bring chats back from the server.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    chat : str, optional
        Id of one chat, also of one that was deleted here; all but deleted ones by default.
    progress : Progress, optional
        Told of rows after they are committed.

    Returns
    -------
    RestoreReport
        What came.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to ask.
    ChatNotFoundError
        If the server has no such chat, or it is another user's.
    BackupError, StoreError
        If it cannot be done. The store is as it was before; where chats are merged into it, since it has some or is
        open elsewhere, what came until then stays.
    """
    chats = None if chat is None else [checked_id(chat)]
    with _server(session).in_use() as server:
        report = restore_of(session.store, server, server.user_id, chats=chats, progress=progress)
    session.tell()
    session.tell_of_backup()
    _note(session, audit.RESTORED, subject=chat)
    return report


def verify(session: Session, *, depth: int = 1, progress: Progress = _QUIET) -> VerifyReport:
    """Compare what is here with what the server has.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    depth : int, default 1
        1 compares ids, 2 lengths too, 3 every character.
    progress : Progress, optional
        Told of messages after they are read.

    Returns
    -------
    VerifyReport
        True when both are alike.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to ask, or no such depth.
    BackupError, StoreError
        If it cannot be done.
    """
    if depth not in DEPTHS or isinstance(depth, bool):
        raise InvalidInputError(f"depth={depth!r} is not 1 (ids), 2 (lengths) or 3 (every character)")
    with _server(session).in_use() as server:
        return verify_of(session.store, server, server.user_id, depth=depth, progress=progress)


def drill(session: Session, *, progress: Progress = _QUIET) -> DrillReport:
    """Restore into a temporary file, compare every character, and delete it.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    progress : Progress, optional
        Told of rows after they are in the file.

    Returns
    -------
    DrillReport
        True when a restore would bring everything back.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to ask.
    BackupError, StoreError
        If it cannot be done.
    """
    with _server(session).in_use() as server:
        return drill_of(session.store, server, server.user_id, progress=progress)


def forget(session: Session, chat: str) -> ForgetReport:
    """Delete one chat from the backup. If it is still here it stays, and is sent again when it goes on.

    Parameters
    ----------
    session : Session
        Of an account on a server.
    chat : str
        Its id.

    Returns
    -------
    ForgetReport
        What was deleted.

    Raises
    ------
    NotSignedInError, InvalidInputError
        If there is no account or no server to ask.
    ChatNotFoundError
        If the server has no such chat, or it is another user's.
    BackupError, StoreError
        If it cannot be done.
    """
    with _server(session).in_use() as server:
        report = forget_of(session.store, server, server.user_id, checked_id(chat))
    session.sent_alone.clear()
    session.tell_of_backup()
    _note(session, audit.FORGOTTEN, subject=chat)
    return report


def _server(session: Session) -> KeptServer:
    require_server(session)
    session.check()  # no unit of work of theirs begins what follows
    return session.backup_server()


def _last_entry(session: Session) -> int:
    if session.store.dialect != "sqlite":
        return 0
    with reading(session.store) as connection:
        return last_entry(connection)


def _note(session: Session, action: str, *, subject: str | None) -> None:
    try:
        with session.accounts.unit_of_work(session.user.id) as work:
            audit.record(work, action, user_id=session.user.id, subject=subject)
            work.commit()
    except StoreError as error:  # a standby takes no entry; what was done is done, and its report is wanted
        _logger.warning("the audit log has no entry of %r: %s", action, error)
