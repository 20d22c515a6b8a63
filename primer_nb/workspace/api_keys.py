"""Your keys for providers, as ``ws.api_keys``."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.workspace.asking import given_or_asked
from primer_nb.workspace.shown_once import ShownOnce, as_secret, language_of

if TYPE_CHECKING:
    from primer_nb.session import Session
    from primer_nb.use_cases.provider_keys import StoredKey
    from primer_nb.workspace.shown_once import Given


@dataclass(frozen=True, slots=True, repr=False)
class RotationReport:
    """What a rotation did.

    Parameters
    ----------
    keys : int
        How many provider keys were sealed anew.
    tokens_revoked : int
        How many tokens are over, since they could open provider keys.
    recovery_key : ShownOnce or None
        Takes the place of the old one; ``None`` when nobody is signed in.
    """

    keys: int
    tokens_revoked: int
    recovery_key: ShownOnce | None

    def __repr__(self) -> str:
        """Return one line without a secret."""
        also = "" if self.recovery_key is None else f", new {self.recovery_key!r}"
        return f"<provider keys sealed anew: {self.keys}, tokens revoked: {self.tokens_revoked}{also}>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({"text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]
        if self.recovery_key is not None:
            display(self.recovery_key)  # type: ignore[no-untyped-call]


class ApiKeys:
    """Your keys for providers, sealed where they are stored; no method shows one.

    Parameters
    ----------
    session : Session
        On whose behalf.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line; listing would touch the database."""
        return f"<provider keys of {self._session.user.email}; .list() shows which>"

    def add(self, provider: str, *, key: Given | None = None, check: bool = True) -> StoredKey:
        """Store your key for a provider; an earlier one is replaced.

        It works without an account, too: then it is sealed with the master key of this machine.

        Parameters
        ----------
        provider : str
            ``"openai"``, ``"gemini"`` or ``"custom"``.
        key : str, Secret or ShownOnce, optional
            As the provider gave it; asked for when it is missing, so that it stands in no cell.
        check : bool, default True
            Whether to ask the provider for its models with it first, which costs nothing.

        Returns
        -------
        StoredKey
            What is stored, without the key.

        Raises
        ------
        UnknownProviderError, ProviderNotAllowedError, InvalidInputError
            If there is no such provider, it is not allowed or takes no key, or this is no key.
        ProviderError
            If the provider refuses the key or cannot be asked; nothing is stored.
        NotSignedInError, KeysLockedError
            If this sign-in has nothing to seal it with.
        MasterKeyError
            If nobody is signed in and this machine keeps no master key.
        PasswordNeededError
            If nobody can be asked for the key.
        """
        from primer_nb.use_cases.provider_keys import add_key

        self._session.providers.get(provider)  # before somebody types in vain
        key = given_or_asked(key, prompt=f"API key for {provider}", argument="key")
        return add_key(self._session, provider, key=key, check=check)

    def list(self) -> builtins.list[StoredKey]:
        """List for which providers you have stored a key.

        Returns
        -------
        list of StoredKey
            By name of the provider, without the keys.
        """
        from primer_nb.use_cases.provider_keys import list_keys

        return list_keys(self._session)

    def remove(self, provider: str) -> None:
        """Delete your key for a provider.

        Parameters
        ----------
        provider : str
            Whose key.

        Raises
        ------
        NotFoundError
            If none is stored.
        NotSignedInError
            If a token let you in.
        """
        from primer_nb.use_cases.provider_keys import remove_key

        remove_key(self._session, provider)

    def rotate(self, *, password: Given | None = None) -> RotationReport:
        """Seal all your keys anew, with a new key of your own, after somebody may have got at the old one.

        Other machines that stayed signed in have to sign in again; tokens that could use provider keys are over.
        When it is killed half-way, nothing has happened; begin again.

        Parameters
        ----------
        password : str, Secret or ShownOnce, optional
            Of your account; asked for when it is missing. Without an account none is needed.

        Returns
        -------
        RotationReport
            With a new recovery key; the old one is over.

        Raises
        ------
        NotSignedInError
            If a token let you in.
        SignInError
            If the password is another.
        KeysLockedError
            If a stored key does not open; nothing is changed.
        InvalidInputError
            If there is nothing to rotate.
        PasswordNeededError
            If nobody can be asked for the password.
        """
        from primer_nb.use_cases.accounts.passwords import require_person
        from primer_nb.use_cases.rotation import rotate_keys

        if not self._session.is_local:
            require_person(self._session)  # before somebody types in vain
            prompt = f"Password of {self._session.user.email}"
            password = given_or_asked(password, prompt=prompt, argument="password")
        done = rotate_keys(self._session, password=as_secret(password) if password is not None else None)
        recovery_key = None
        if done.recovery_key is not None:
            language = language_of(self._session)
            recovery_key = ShownOnce(done.recovery_key, kind="recovery_key", language=language)
        return RotationReport(done.keys, done.tokens_revoked, recovery_key)
