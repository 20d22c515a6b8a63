"""What an administrator does. The role is looked up in the very transaction: who lost it loses it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import limits, times
from primer_nb.errors import InvalidInputError, NotAdminError, NotFoundError
from primer_nb.session import shown
from primer_nb.tables import AdminSetting
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts.deletion import check_not_last_admin
from primer_nb.use_cases.accounts.emails import folded
from primer_nb.use_cases.accounts.passwords import require_person
from primer_nb.use_cases.local_copy import refresh_local_copy
from primer_nb.use_cases.policy import checked_setting

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session
    from primer_nb.tables import AuditLogEntry, User


def admin_settings(session: Session) -> dict[str, str]:
    """Read all settings of the store where the accounts live.

    Parameters
    ----------
    session : Session
        An administrator's.

    Returns
    -------
    dict of str to str
        In the order of the keys.

    Raises
    ------
    NotAdminError, NotSignedInError
        If it is not an administrator's.
    """
    with _reading(session) as work:
        _require_admin(session, work)
        return work.admin_settings.values()


def set_admin_setting(session: Session, key: str, *, value: object) -> None:
    """Set or remove a setting for all.

    Parameters
    ----------
    session : Session
        An administrator's.
    key : str
        Any name; those of `primer_nb.use_cases.policy.Policy` change what the package does.
    value : object
        A text, a number, a list of addresses; ``None`` removes the setting.

    Raises
    ------
    NotAdminError, NotSignedInError
        If it is not an administrator's.
    InvalidInputError
        If the value breaks the rule of its key.
    NotFoundError
        If a setting to remove is not there.
    """
    text = None if value is None else checked_setting(key, value)
    with _writing(session) as work:
        _require_admin(session, work)
        _set(work, key, text)
        audit.record(work, audit.SETTING_CHANGED, user_id=session.user.id, subject=key)
        work.commit()
    refresh_local_copy(session, session.user.id)
    session.tell()


def list_users(session: Session) -> list[User]:
    """List all accounts.

    Parameters
    ----------
    session : Session
        An administrator's.

    Returns
    -------
    list of User
        Oldest first, without the local user and without hashes of passwords.

    Raises
    ------
    NotAdminError, NotSignedInError
        If it is not an administrator's.
    """
    with _reading(session) as work:
        _require_admin(session, work)
        users = [shown(user) for user in work.users.list() if user.is_account]
    return sorted(users, key=lambda user: (user.created_at, user.id))


def set_admin(session: Session, email: str, *, flag: bool) -> None:
    """Make somebody an administrator, or one no longer.

    Parameters
    ----------
    session : Session
        An administrator's.
    email : str
        Of whom.
    flag : bool
        Whether they are one.

    Raises
    ------
    NotAdminError, NotSignedInError
        If it is not an administrator's.
    NotFoundError
        If there is no such account.
    LastAdminError
        If nobody would be left.
    """
    if not isinstance(flag, bool):
        raise InvalidInputError(f"flag={flag!r} is neither True nor False")
    email = folded(email)
    with _writing(session) as work:
        work.users.lock_all()
        _require_admin(session, work)
        found = [user for user in work.users.where(email=email) if user.is_account]
        if not found:
            raise NotFoundError(f"there is no account {email!r}; ws.admin.users() lists them")
        user = found[0]
        if not flag:
            check_not_last_admin(work, user)
        user.is_admin, user.updated_at = flag, times.now()
        work.users.update(user)
        details = "administrator" if flag else "member"
        audit.record(work, audit.ROLE_CHANGED, user_id=session.user.id, subject=user.email, details=details)
        work.commit()
    if user.id == session.user.id:
        session.user.is_admin = flag


def audit_entries(session: Session, *, limit: int = 1_000) -> list[AuditLogEntry]:
    """Read the end of the audit log.

    Parameters
    ----------
    session : Session
        An administrator's.
    limit : int, default 1000
        How many entries at most.

    Returns
    -------
    list of AuditLogEntry
        Newest first.

    Raises
    ------
    NotAdminError, NotSignedInError
        If it is not an administrator's.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidInputError(f"limit={limit!r} is not a whole number above 0")
    with _reading(session) as work:
        _require_admin(session, work)
        return work.audit_log.latest(limit)


def _reading(session: Session) -> UnitOfWork:
    require_person(session)
    return session.accounts.unit_of_work(read_only=True)


def _writing(session: Session) -> UnitOfWork:
    require_person(session)
    return session.accounts.unit_of_work()


def _require_admin(session: Session, work: UnitOfWork) -> None:
    found = work.users.where(id=session.user.id)
    if not found or not found[0].is_admin:
        raise NotAdminError(f"{session.user.email} is not an administrator; ws.admin is theirs")


def _set(work: UnitOfWork, key: str, value: str | None) -> None:
    found = work.admin_settings.where(key=limits.check_text(key, name="setting", longest=limits.SETTING_KEY))
    now = times.now()
    if value is None:
        if not found:
            raise NotFoundError(f"there is no setting {key!r}; ws.admin.settings shows what there is")
        work.admin_settings.remove(key=key)
    elif found:
        found[0].value, found[0].updated_at = value, now
        work.admin_settings.update(found[0])
    else:
        work.admin_settings.add(AdminSetting(key=key, value=value, created_at=now, updated_at=now))
