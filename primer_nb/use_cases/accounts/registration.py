"""Sign up: the passwordless local user becomes an account, chats and provider keys included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import limits, times
from primer_nb.credentials.passwords import check_new_password, hash_password
from primer_nb.credentials.recovery_keys import new_recovery_key, slot_id_of
from primer_nb.credentials.sealing import new_data_key
from primer_nb.errors import EmailTakenError, InvalidInputError, RegistrationClosedError
from primer_nb.ids import is_uuid
from primer_nb.session.standing import check_local
from primer_nb.tables import User
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts.emails import checked_email
from primer_nb.use_cases.accounts.going_on import go_on
from primer_nb.use_cases.accounts.passwords import is_known, prove
from primer_nb.use_cases.data_keys import MASTER, PASSWORD, RECOVERY, local_data_key, make_slot
from primer_nb.use_cases.local_copy import drop_deleted
from primer_nb.use_cases.policy import Policy, read_policy

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import KeySlot, UserApiKey


def register(session: Session, email: str, *, password: Secret, name: str = "", stay: bool = True) -> Secret:
    """Make an account of the local user and sign in.

    The first account of a store is its administrator. An account that was made in the local store, before there was
    a server, moves there with its chats and keys when its owner registers again with the same password.

    Parameters
    ----------
    session : Session
        Nobody is signed in.
    email : str
        Case does not matter.
    password : Secret
        As long as the administrator asks; no other rule but that it is not a common one.
    name : str, optional
        What to call the person.
    stay : bool, default True
        Whether to stay signed in on this machine.

    Returns
    -------
    Secret
        The recovery key. It is stored nowhere: show it once.

    Raises
    ------
    InvalidInputError
        If somebody is signed in, or the e-mail address or the name cannot be used.
    WeakPasswordError
        If the password is too short or too common.
    EmailTakenError
        If the address has an account.
    SignInError
        If the local store has an account of this address with another password.
    RegistrationClosedError
        If the administrator closed it.
    NotSignedInError
        If the local user became another account in another kernel.
    KeysLockedError
        If provider keys of the local user cannot be opened, and so not be taken along.
    StoreUnavailableError
        If the server cannot be reached.
    """
    if not session.is_local:
        raise InvalidInputError(f"{session.user.email} is signed in; call ws.logout() first")
    email = checked_email(email)
    name = limits.check_text(name, name="name", longest=limits.NAME, allow_empty=True).strip()
    with session.accounts.unit_of_work(read_only=True) as work:
        policy = read_policy(work)
        _check_open(work, policy)
        _check_free(work, email)
    check_new_password(password, minimum=policy.minimum_password_length, email=email)
    user_id, data_key = _who_becomes(session, email, password)
    account = _account(user_id, email, name, hash_password(password))
    recovery_key = new_recovery_key()
    slots = [
        make_slot(data_key, kind=PASSWORD, opener=password, user_id=account.id),
        make_slot(data_key, kind=RECOVERY, opener=recovery_key, user_id=account.id, slot_id=slot_id_of(recovery_key)),
    ]
    _store(session, account, slots)
    go_on(session, account, data_key=data_key, stay=stay, password=password)
    return recovery_key


def _who_becomes(session: Session, email: str, password: Secret) -> tuple[str, DataKey]:
    """Find whose id and keys it takes over: the local user's, or those of an account that the server has not."""
    if session.has_server:
        drop_deleted(session)
        for store in (session.store, session.local_copy):
            if is_known(store, email):
                proof = prove(store, email, password)
                return proof.user.id, proof.data_key or new_data_key()
    return session.user.id, local_data_key(session) or new_data_key()


def _account(user_id: str, email: str, name: str, password_hash: str) -> User:
    return User(
        id=user_id,
        email=email,
        name=name,
        password_hash=password_hash,
        is_admin=False,
        created_at=times.now(),
        updated_at=times.now(),
    )


def _store(session: Session, account: User, slots: list[KeySlot]) -> None:
    provider_keys: list[UserApiKey] = []
    if session.has_server:
        session.check()  # the lock below is not one of this store
        provider_keys = _provider_keys(session, account.id)
    with session.accounts.unit_of_work() as work:
        work.users.lock_all()
        _check_open(work, read_policy(work))
        _check_free(work, account.email)
        account.is_admin = work.users.count() == 0
        if session.has_server:
            _add(work, account)
        else:
            check_local(work.users.lock(account.id))
            work.users.update(account)
            work.key_slots.remove(user_id=account.id, kind=MASTER)
        for slot in slots:
            work.key_slots.add(slot)
        for key in provider_keys:
            work.user_api_keys.add(key)
        audit.record(work, audit.SIGNED_UP, user_id=account.id, subject=account.email)
        work.commit()


def _add(work: UnitOfWork, account: User) -> None:
    if work.connection.dialect.name == "postgresql" and not is_uuid(account.id):
        raise InvalidInputError(
            f"the chats of this file belong to {account.id[:40]!r}, which is not a UUID as the server needs it"
        )
    if work.users.where(id=account.id):
        raise EmailTakenError(
            "the chats of this file belong to an account of the server already; sign in with that one"
        )
    work.users.add(account)


def _check_open(work: UnitOfWork, policy: Policy) -> None:
    if policy.registration == "closed" and work.users.count() > 0:
        raise RegistrationClosedError("the administrator of this store closed the registration; ask them to open it")


def _check_free(work: UnitOfWork, email: str) -> None:
    if work.users.where(email=email):
        raise EmailTakenError(f"{email} has an account; sign in with ws.login({email!r})")


def _provider_keys(session: Session, user_id: str) -> list[UserApiKey]:
    rows = []
    for store in (session.store, session.local_copy):
        with store.unit_of_work(user_id, read_only=True) as work:
            rows += work.user_api_keys.list()
    return rows
