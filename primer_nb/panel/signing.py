"""What the dialog of the account does: sign in and out, passwords, provider keys, preferences.

Every method runs in a worker of its own, since Argon2 takes its time and servers and providers may take any. What a
form expects to go wrong is told in the words of the catalogue. Nobody loads this module before the dialog is used: it
needs cryptography.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.errors import (
    EmailTakenError,
    InvalidInputError,
    InvalidKeyError,
    LastAdminError,
    MasterKeyError,
    NotSignedInError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RegistrationClosedError,
    SignInError,
    StoreUnavailableError,
    TooManyAttemptsError,
    WeakPasswordError,
)
from primer_nb.panel.failures import explain
from primer_nb.panel.part import Message
from primer_nb.panel.words import say
from primer_nb.use_cases import accounts
from primer_nb.use_cases.policy import policy_here, read_policy
from primer_nb.use_cases.provider_keys import add_key, list_keys, remove_key
from primer_nb.use_cases.settings import change_settings

if TYPE_CHECKING:
    from primer_nb.panel.account import Account
    from primer_nb.session import Session

_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (TooManyAttemptsError, "too_many_attempts"),
    (WeakPasswordError, "guessable"),
    (EmailTakenError, "email_taken"),
    (RegistrationClosedError, "registration_closed"),
    (LastAdminError, "last_admin"),
    (MasterKeyError, "no_keyring"),
    (NotSignedInError, "sign_in_first"),
    (StoreUnavailableError, "unreachable"),
    (InvalidKeyError, "key_refused"),
    (ProviderUnavailableError, "not_asked"),
    (ProviderTimeoutError, "not_asked"),
)
_WRONG = {"sign_in": "wrong_sign_in", "reset": "wrong_recovery_key"}


class Signing:
    """Answers the dialog's forms.

    Parameters
    ----------
    session : Session
        Whose user changes.
    account : Account
        Where the dialog is.
    """

    def __init__(self, session: Session, account: Account) -> None:
        self._session = session
        self._account = account
        self._actions: dict[str, Callable[[Message], Message]] = {
            "sign_in": self._sign_in,
            "sign_out": self._sign_out,
            "register": self._register,
            "reset": self._reset,
            "change": self._change,
            "erase": self._erase,
            "add_key": self._add_key,
            "remove_key": self._remove_key,
            "prefer": self._prefer,
        }

    def look(self) -> None:
        """List the provider keys, and who takes one."""
        providers = self._session.providers
        takers = [name for name in providers.names() if hasattr(providers.get(name), "with_key")]
        variables = {name: providers.variable_of(name) for name in takers}
        self._account.show_keys(list_keys(self._session), providers=variables)

    def show_rules(self) -> None:
        """Say what a new account must be like where the accounts live, or where this machine thinks so."""
        try:
            with self._session.accounts.unit_of_work(read_only=True) as work:
                policy = read_policy(work)
        except StoreUnavailableError:
            with self._session.read() as work:
                policy = policy_here(self._session, work)
        self._account.show_rules(minimum=policy.minimum_password_length, is_open=policy.registration != "closed")

    def act(self, message: Message) -> None:
        """Do what a form asks for, and answer it.

        Parameters
        ----------
        message : dict
            The ``action``, the name of the question in ``ask``, and what the form holds; what is secret in it is a
            `Secret`.
        """
        try:
            answer = self._actions[message["action"]](message)
        except Exception as error:  # noqa: BLE001 - it is told in the form, which waits for an answer
            answer = {"told": complain(error, action=message["action"], provider=message.get("provider", ""))}
        self._account.answer(message["ask"], answer)

    def _sign_in(self, message: Message) -> Message:
        accounts.sign_in(self._session, message["email"], password=message["password"], stay=message["stay"])
        return {}

    def _sign_out(self, _message: Message) -> Message:
        accounts.sign_out(self._session)
        return {}

    def _register(self, message: Message) -> Message:
        key = accounts.register(self._session, message["email"], password=message["new"], name=message["name"])
        return {"recovery_key": key.reveal()}

    def _reset(self, message: Message) -> Message:
        key = accounts.reset_password(self._session, recovery_key=message["key"], new=message["new"])
        return {"recovery_key": key.reveal()}

    def _change(self, message: Message) -> Message:
        accounts.change_password(self._session, old=message["password"], new=message["new"])
        return {}

    def _erase(self, message: Message) -> Message:
        accounts.delete_account(self._session, password=message["password"])
        return {}

    def _add_key(self, message: Message) -> Message:
        provider, is_checked = message["provider"], message["check"]
        add_key(self._session, provider, key=message["key"], check=is_checked)
        return {"provider": provider, "is_checked": is_checked}

    def _remove_key(self, message: Message) -> Message:
        remove_key(self._session, message["provider"])
        return {}

    def _prefer(self, message: Message) -> Message:
        change_settings(self._session, **message["changed"])
        return {}


def complain(error: Exception, *, action: str, provider: str = "") -> Message:
    """Say why a form was refused.

    Parameters
    ----------
    error : Exception
        Whatever was raised.
    action : str
        What the form asked for.
    provider : str, optional
        Whose key it is about.

    Returns
    -------
    dict
        A text of the catalogue for what a form expects, else what `explain` returns.
    """
    key = _key_of(error, action)
    if key is None:
        return explain(error)
    seconds = error.retry_after if isinstance(error, TooManyAttemptsError) else 0
    return say(key, minutes=math.ceil(seconds / 60), provider=provider)


def _key_of(error: Exception, action: str) -> str | None:
    key = next((key for kind, key in _WORDS if isinstance(error, kind)), None)
    if key is None and isinstance(error, SignInError):
        return _WRONG.get(action, "wrong_password")
    if key is None and isinstance(error, InvalidInputError) and action == "reset":
        return "recovery_typo"
    return key
