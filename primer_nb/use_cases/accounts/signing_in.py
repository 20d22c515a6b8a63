"""Sign in, online or by the local copy of an account, and sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.credentials.passwords import hash_password, needs_rehash
from primer_nb.credentials.sealing import new_data_key
from primer_nb.credentials.slots import needs_new_slot
from primer_nb.errors import NotFoundError, SignInError, StoreError, StoreUnavailableError
from primer_nb.session import local_user
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts import staying
from primer_nb.use_cases.accounts.emails import folded
from primer_nb.use_cases.accounts.moving import move
from primer_nb.use_cases.accounts.passwords import Proof, is_known, lock_unchanged, prove
from primer_nb.use_cases.data_keys import PASSWORD, make_slot
from primer_nb.use_cases.local_copy import drop_deleted, refresh_local_copy

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import KeySlot


def sign_in(session: Session, email: str, *, password: Secret, stay: bool = True) -> None:
    """Let a person with an account work from now on.

    Without a connection to the server, an account that has signed in on this machine before is found in its local
    copy.

    Parameters
    ----------
    session : Session
        Whoever works in it now is signed out when this succeeds.
    email : str
        Case does not matter.
    password : Secret
        Of the account.
    stay : bool, default True
        Whether to stay signed in on this machine.

    Raises
    ------
    SignInError
        If there is no such account or the password is another; the text is the same.
    TooManyAttemptsError
        If it failed too often.
    StoreUnavailableError
        If the server cannot be reached and this machine knows no such account.
    """
    email = folded(email)
    try:
        store, is_online = session.accounts, True
        proof = prove(store, email, password)
    except SignInError:
        drop_deleted(session)
        raise
    except StoreUnavailableError:
        if not session.stores.has_local_copy or not is_known(session.local_copy, email):
            raise
        store, is_online = session.local_copy, False
        proof = prove(store, email, password)
    data_key = _welcome(store, proof, password, is_online=is_online)
    if not session.is_local:
        staying.forget(session)
    if is_online:
        move(session, proof.user.id, password)
        refresh_local_copy(session, proof.user.id)
    session.become(proof.user, data_key=data_key)
    if stay and is_online:
        staying.stay(session)


def sign_out(session: Session) -> None:
    """Let the passwordless local user work from now on; this machine forgets who was signed in.

    Parameters
    ----------
    session : Session
        When nobody is signed in, nothing happens. A reply that is being written goes on and is kept.
    """
    if session.is_local:
        return
    try:
        if not session.by_token:
            staying.forget(session)
            _note_the_end(session)
    finally:
        session.become(local_user(session.store))


def _note_the_end(session: Session) -> None:
    try:
        with session.accounts.unit_of_work(session.user.id) as work:
            work.users.lock(session.user.id)
            audit.record(work, audit.SIGNED_OUT, user_id=session.user.id)
            work.commit()
    except NotFoundError:
        drop_deleted(session)
    except StoreError:
        pass  # offline, or broken: there is nobody to tell


def _welcome(store: Store, proof: Proof, password: Secret, *, is_online: bool) -> DataKey | None:
    """Note the sign-in; bring a weak hash or slot up to date, and give a data key to an account that has none."""
    user, data_key = proof.user, proof.data_key
    slot: KeySlot | None = None
    better_hash = hash_password(password) if is_online and needs_rehash(user.password_hash) else None
    if is_online and (proof.slot is None or needs_new_slot(proof.slot.kdf)):
        data_key = data_key or new_data_key()
        slot = make_slot(data_key, kind=PASSWORD, opener=password, user_id=user.id)
    with store.unit_of_work() as work:
        user = lock_unchanged(work, user)
        if better_hash is not None:
            user.password_hash, user.updated_at = better_hash, times.now()
            work.users.update(user)
        if slot is not None and _makes_room(work, proof):
            work.key_slots.add(slot)
        audit.record(work, audit.SIGNED_IN, user_id=user.id)
        work.commit()
    return data_key


def _makes_room(work: UnitOfWork, proof: Proof) -> bool:
    """Remove what a new slot replaces; ``False`` if it is gone, for then the data key may be another by now."""
    if proof.slot is None:
        work.key_slots.remove(user_id=proof.user.id, kind=PASSWORD)
        return True
    return work.key_slots.remove(id=proof.slot.id) > 0
