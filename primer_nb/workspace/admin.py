"""What an administrator does for all who use a store, as ``ws.admin``."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from primer_nb.errors import InvalidInputError, NotFoundError
from primer_nb.use_cases.policy import Policy

if TYPE_CHECKING:
    from pandas import DataFrame

    from primer_nb.session import Session
    from primer_nb.tables import User


class AdminSettings(MutableMapping[str, str]):
    """Settings for all who use a store: a mapping from names to texts, read and stored at each use.

    These change what the package does: ``minimum_password_length`` (15; 8 to 64), ``registration`` (``"open"`` or
    ``"closed"``), ``allowed_base_urls`` (a list of addresses where providers may live, one below the other when it is
    read; without it all may be used), ``default_provider``, ``default_model``. Other names are kept as they are.

    Parameters
    ----------
    session : Session
        An administrator's; everybody else gets `NotAdminError`, and who is not signed in `NotSignedInError`.

    Examples
    --------
    >>> ws.admin.settings["allowed_base_urls"] = ["https://api.openai.com/v1"]  # doctest: +SKIP
    >>> del ws.admin.settings["allowed_base_urls"]  # doctest: +SKIP
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getitem__(self, key: str) -> str:
        """Read a setting."""
        return self._values()[key]

    def __setitem__(self, key: str, value: object) -> None:
        """Store a setting: a text, a number, or a list of addresses; what breaks its rule is an InvalidInputError."""
        from primer_nb.use_cases.administration import set_admin_setting

        if value is None:
            raise InvalidInputError(f"a setting cannot be None; remove it with del ws.admin.settings[{key!r}]")
        set_admin_setting(self._session, key, value=value)

    def __delitem__(self, key: str) -> None:
        """Remove a setting, so that its default holds."""
        from primer_nb.use_cases.administration import set_admin_setting

        try:
            set_admin_setting(self._session, key, value=None)
        except NotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the settings that there are."""
        return iter(self._values())

    def __len__(self) -> int:
        """Count the settings that there are."""
        return len(self._values())

    def __repr__(self) -> str:
        """Return one line; reading the values would touch the database."""
        return "<settings for all users; dict(...) reads them>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.pretty(self._values())

    def _ipython_key_completions_(self) -> list[str]:
        return sorted({field.name for field in fields(Policy)} | set(self._values()))

    def _values(self) -> dict[str, str]:
        from primer_nb.use_cases.administration import admin_settings

        return admin_settings(self._session)


class Admin:
    """What an administrator does. The role is looked up each time: who lost it loses this at once.

    Parameters
    ----------
    session : Session
        An administrator's; everybody else gets `NotAdminError`, and who is not signed in `NotSignedInError`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line."""
        return "<administration: settings, users(), set_admin(email, flag), audit_log()>"

    @cached_property
    def settings(self) -> AdminSettings:
        """Settings for all who use the store.

        Returns
        -------
        AdminSettings
            A mapping.
        """
        return AdminSettings(self._session)

    def users(self) -> list[User]:
        """List all accounts.

        Returns
        -------
        list of User
            Oldest first, without the passwordless local user and without hashes of passwords.

        Raises
        ------
        NotAdminError, NotSignedInError
            If you are no administrator.
        """
        from primer_nb.use_cases.administration import list_users

        return list_users(self._session)

    def set_admin(self, email: str, flag: bool) -> None:
        """Make somebody an administrator, or one no longer.

        Parameters
        ----------
        email : str
            Of whom.
        flag : bool
            Whether they are one.

        Raises
        ------
        NotAdminError, NotSignedInError
            If you are no administrator.
        NotFoundError
            If there is no such account.
        LastAdminError
            If nobody would be left.
        """
        from primer_nb.use_cases.administration import set_admin

        set_admin(self._session, email, flag=flag)

    def audit_log(self, *, limit: int = 1_000) -> DataFrame:
        """Read what happened: sign-ins and failures, changes of passwords, keys, tokens, roles and settings.

        Parameters
        ----------
        limit : int, default 1000
            How many rows at most.

        Returns
        -------
        pandas.DataFrame
            One row an event, newest first, with a RangeIndex: ``id`` str, ``user_id`` str (missing when nobody is
            known), ``email`` str (as it is now; empty without an account, as for the local user), ``action``
            category, ``subject`` str (what it was done to), ``details`` str, ``created_at`` datetime64[us, UTC].

        Raises
        ------
        NotAdminError, NotSignedInError
            If you are no administrator.
        InvalidInputError
            If the limit is not a whole number above 0.
        """
        from primer_nb.use_cases.administration import audit_entries, list_users
        from primer_nb.workspace.audit_frame import audit_frame

        entries = audit_entries(self._session, limit=limit)
        return audit_frame(entries, emails={user.id: user.email for user in list_users(self._session)})
