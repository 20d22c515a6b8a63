"""What you like, as ``ws.settings``; open panels change at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primer_nb.errors import InvalidInputError
from primer_nb.use_cases.settings import change_settings, read_settings

if TYPE_CHECKING:
    from primer_nb.session import Session


class SettingsHandle:
    """Your settings, read and stored at each use.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Examples
    --------
    >>> import primer_nb
    >>> with primer_nb.connect(":memory:") as ws:
    ...     ws.settings.theme = "dark"
    ...     ws.settings.theme
    'dark'
    """

    __slots__ = ("_session",)  # a misspelt setting is an AttributeError

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line; reading the values would touch the database."""
        return f"<settings of {self._session.user.email}: theme, language, notifications_enabled, automatic_backup>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the values where IPython displays them."""
        printer.text(repr(read_settings(self._session)))

    @property
    def theme(self) -> str:
        """How the panel looks.

        Returns
        -------
        str
            ``"light"``, ``"dark"``, or ``"system"``: as JupyterLab does.
        """
        return read_settings(self._session).theme

    @theme.setter
    def theme(self, value: str) -> None:
        change_settings(self._session, theme=_value(value))

    @property
    def language(self) -> str:
        """What the panel speaks.

        Returns
        -------
        str
            ``"en"`` or ``"de"``.
        """
        return read_settings(self._session).language

    @language.setter
    def language(self, value: str) -> None:
        change_settings(self._session, language=_value(value))

    @property
    def notifications_enabled(self) -> bool:
        """Whether to be told of what ends while nobody looks.

        Returns
        -------
        bool
            On unless switched off.
        """
        return read_settings(self._session).notifications_enabled

    @notifications_enabled.setter
    def notifications_enabled(self, value: bool) -> None:
        change_settings(self._session, notifications_enabled=_value(value))

    @property
    def automatic_backup(self) -> bool:
        """Whether what is new goes to the server by itself, in the background, whenever the server can be reached.

        Returns
        -------
        bool
            Off unless switched on; it needs an account on a server.
        """
        return read_settings(self._session).automatic_backup

    @automatic_backup.setter
    def automatic_backup(self, value: bool) -> None:
        change_settings(self._session, automatic_backup=_value(value))


def _value(value: Any) -> Any:
    if value is None:
        raise InvalidInputError("a setting cannot be None; leave it as it is, or choose another value")
    return value
