"""What a user likes: theme, language, notifications, backups. In the local store, so that it is there offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import InvalidInputError, NotFoundError
from primer_nb.tables import UserSettings

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session

THEMES = ("light", "dark", "system")
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Settings:
    """A user's settings.

    Parameters
    ----------
    theme : str
        ``"light"``, ``"dark"``, or ``"system"``: as JupyterLab is.
    language : str
        ``"en"`` or ``"de"``.
    notifications_enabled : bool
        Whether to be told of what ends while nobody looks.
    automatic_backup : bool
        Whether what is new goes to the server by itself.
    """

    theme: str = "system"
    language: str = "en"
    notifications_enabled: bool = True
    automatic_backup: bool = False


def read_settings(session: Session) -> Settings:
    """Read the user's settings.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    Settings
        A value that another program stored and that means nothing here has its default.
    """
    with session.read() as work:
        row = _stored(work, session.user.id)
    if row is None:
        return Settings()
    return Settings(
        theme=row.theme if row.theme in THEMES else "system",
        language=row.language if row.language in LANGUAGES else "en",
        notifications_enabled=row.notifications_enabled,
        automatic_backup=row.automatic_backup,
    )


def change_settings(
    session: Session,
    *,
    theme: str | None = None,
    language: str | None = None,
    notifications_enabled: bool | None = None,
    automatic_backup: bool | None = None,
) -> Settings:
    """Change some of the user's settings, and tell who watches.

    Parameters
    ----------
    session : Session
        On whose behalf.
    theme, language : str, optional
        New values; ``None`` leaves them.
    notifications_enabled, automatic_backup : bool, optional
        New values; ``None`` leaves them.

    Returns
    -------
    Settings
        All of them, as they are now.

    Raises
    ------
    InvalidInputError
        If a value is none of those there are.
    """
    old = read_settings(session)
    new = Settings(
        theme=_one_of(THEMES, theme, name="theme") or old.theme,
        language=_one_of(LANGUAGES, language, name="language") or old.language,
        notifications_enabled=_flag(notifications_enabled, old.notifications_enabled, name="notifications_enabled"),
        automatic_backup=_flag(automatic_backup, old.automatic_backup, name="automatic_backup"),
    )
    with session.write() as work:
        stored = _stored(work, session.user.id)
        now = times.after(None if stored is None else stored.updated_at)
        row = UserSettings(
            user_id=session.user.id,
            theme=new.theme,
            language=new.language,
            notifications_enabled=new.notifications_enabled,
            automatic_backup=new.automatic_backup,
            created_at=now if stored is None else stored.created_at,
            updated_at=now,
        )
        if stored is None:
            work.user_settings.add(row)
        else:
            work.user_settings.update(row)
        work.commit()
    session.tell()
    return new


def _stored(work: UnitOfWork, user_id: str) -> UserSettings | None:
    try:
        return work.user_settings.get(user_id)
    except NotFoundError:
        return None


def _one_of(known: tuple[str, ...], value: str | None, *, name: str) -> str | None:
    if value is not None and value not in known:
        raise InvalidInputError(f"{name}={value!r} is not one of {', '.join(known)}")
    return value


def _flag(value: object, default: bool, *, name: str) -> bool:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name}={value!r} is neither True nor False")
    return value
