"""Keys for providers: one a user and provider, sealed with the user's data key, shown to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import limits, times
from primer_nb.credentials.sealing import LONGEST_PROVIDER_KEY, seal
from primer_nb.errors import InvalidInputError, NotFoundError, NotSignedInError
from primer_nb.secret import Secret
from primer_nb.session.standing import check_local
from primer_nb.tables import UserApiKey
from primer_nb.use_cases import audit
from primer_nb.use_cases.data_keys import check_current, data_key_for_writing
from primer_nb.use_cases.local_copy import refresh_local_copy
from primer_nb.use_cases.policy import allowed_provider, policy_here
from primer_nb.use_cases.stored_keys import context_of

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session


@dataclass(frozen=True, slots=True)
class StoredKey:
    """That there is a key, without the key.

    Parameters
    ----------
    provider : str
        Whose key.
    created_at : datetime
        When it was stored; aware, UTC.
    """

    provider: str
    created_at: datetime

    def __repr__(self) -> str:
        """Return one line."""
        return f"<key for {self.provider}, stored {self.created_at:%Y-%m-%d %H:%M} UTC>"


def add_key(session: Session, provider: str, *, key: Secret, check: bool = True) -> StoredKey:
    """Store the key for a provider; an earlier one is replaced.

    Parameters
    ----------
    session : Session
        On whose behalf.
    provider : str
        Name of a provider that takes keys.
    key : Secret
        As the provider gave it.
    check : bool, default True
        Whether to ask the provider for its models first, which costs nothing.

    Returns
    -------
    StoredKey
        What is stored.

    Raises
    ------
    UnknownProviderError, ProviderNotAllowedError, InvalidInputError
        If there is no such provider, it is not allowed, or it takes no key, or this is no key.
    ProviderError
        If the provider refuses the key or cannot be asked; nothing is stored.
    NotSignedInError, KeysLockedError, MasterKeyError
        If this session has nothing to seal it with.
    """
    key = _checked(key, provider)
    with session.read() as work:
        policy = policy_here(session, work)
    trial = allowed_provider(session, policy, provider)
    if not hasattr(trial, "with_key"):
        raise InvalidInputError(f"the provider {provider!r} takes no key")
    if check:
        trial.with_key(key).models()
    data_key, new_slot = data_key_for_writing(session)
    row = UserApiKey(user_id=session.user.id, provider=provider, api_key="", created_at=times.now())
    row.api_key = seal(data_key, key, context=context_of(row))
    with session.account_store.unit_of_work(session.user.id) as work:
        _lock(session, work)
        check_current(work, data_key, session.user.id, new_slot=new_slot)
        if new_slot is not None:
            work.key_slots.add(new_slot)
        work.user_api_keys.remove(provider=provider)
        work.user_api_keys.add(row)
        audit.record(work, audit.KEY_ADDED, user_id=session.user.id, subject=provider)
        work.commit()
    _after(session)
    if session.is_local:
        session.data_key = data_key
    return StoredKey(provider, row.created_at)


def list_keys(session: Session) -> list[StoredKey]:
    """List for which providers a key is stored.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    list of StoredKey
        By name of the provider.
    """
    with session.read_keys() as work:
        rows = work.user_api_keys.list()
    return sorted((StoredKey(row.provider, row.created_at) for row in rows), key=lambda key: key.provider)


def remove_key(session: Session, provider: str) -> None:
    """Delete the stored key for a provider.

    Parameters
    ----------
    session : Session
        On whose behalf.
    provider : str
        Whose key.

    Raises
    ------
    NotFoundError
        If none is stored.
    NotSignedInError
        If a token let this session in, or the local user signed up in another kernel.
    """
    if session.by_token:
        raise NotSignedInError("a token may not change provider keys; sign in with ws.login(email)")
    session.check()
    limits.check_text(provider, name="provider", longest=limits.PROVIDER)
    with session.account_store.unit_of_work(session.user.id) as work:
        _lock(session, work)
        if not work.user_api_keys.remove(provider=provider):
            raise NotFoundError(f"no key is stored for {provider!r}; ws.api_keys.list() shows what is")
        _drop_useless_slots(session, work)
        audit.record(work, audit.KEY_REMOVED, user_id=session.user.id, subject=provider)
        work.commit()
    _after(session)


def _checked(key: Secret, provider: str) -> Secret:
    limits.check_text(provider, name="provider", longest=limits.PROVIDER)
    key = Secret(key.reveal().strip())
    if not key.reveal().isascii() or not key.reveal().isprintable() or " " in key.reveal():
        raise InvalidInputError("an API key has no blanks and no characters beyond ASCII; copy it once more")
    if len(key.reveal()) > LONGEST_PROVIDER_KEY:
        raise InvalidInputError(
            f"an API key of {len(key.reveal()):,} characters cannot be stored; {LONGEST_PROVIDER_KEY} fit"
        )
    return key


def _lock(session: Session, work: UnitOfWork) -> None:
    user = work.users.lock(session.user.id)
    if session.is_local:
        check_local(user)


def _drop_useless_slots(session: Session, work: UnitOfWork) -> None:
    """Let the local user begin anew after the last key: also when the master key is lost."""
    if session.is_local and not work.user_api_keys.list():
        work.key_slots.remove(user_id=session.user.id)
        session.data_key = None


def _after(session: Session) -> None:
    if not session.is_local:
        refresh_local_copy(session, session.user.id, token_id=None)
    session.tell()
