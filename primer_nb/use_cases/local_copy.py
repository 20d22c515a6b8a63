"""What this machine keeps of an account that lives on a server: enough to sign in and to open keys offline.

Everything in it is a digest, an Argon2 hash or sealed. It is written anew, in one transaction, whenever the server
was asked anyway, into a store of its own: in the local store, which may have accounts of its own, an account of a
server is no more than whose the chats are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import NotFoundError, SignInError, StoreUnavailableError
from primer_nb.tables import User
from primer_nb.tables.users import NO_PASSWORD
from primer_nb.use_cases.attempts import forgive
from primer_nb.use_cases.audit import ACCOUNT_DELETED
from primer_nb.use_cases.data_keys import PASSWORD, RECOVERY

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session
    from primer_nb.tables import AdminSetting, ApiKey, KeySlot, RefreshToken, UserApiKey


@dataclass(frozen=True, slots=True)
class _Account:
    user: User
    slots: list[KeySlot]
    provider_keys: list[UserApiKey]
    refresh_tokens: list[RefreshToken]
    api_keys: list[ApiKey]
    settings: list[AdminSetting]


def refresh_local_copy(session: Session, user_id: str, *, token_id: str | None = None) -> None:
    """Copy an account from the server to this machine; without a server there is nothing to do.

    Parameters
    ----------
    session : Session
        Both stores can be reached.
    user_id : str
        Whose account.
    token_id : str, optional
        A refresh token or programmatic token that is used on this machine from now on.

    Raises
    ------
    SignInError
        If the local store has an account of its own with this id, which did not move to the server.
    StoreError
        If one of the stores cannot be reached.
    """
    if not session.has_server:
        return
    _give_place(session, user_id)
    copy = session.local_copy
    with copy.unit_of_work(user_id, read_only=True) as work:
        tokens = {row.id for row in work.refresh_tokens.list()} | {row.id for row in work.api_keys.list()}
    with session.accounts.unit_of_work(user_id, read_only=True) as work:
        account = _read(work, user_id, tokens | ({token_id} if token_id else set()))
    with copy.unit_of_work() as work:
        _write(work, account)
        work.commit()


def vacate(work: UnitOfWork, user: User) -> None:
    """Leave of a user of the local store only whose the chats are: the account is on a server from now on.

    Parameters
    ----------
    work : UnitOfWork
        Of the local store, open for writing.
    user : User
        The local user, or an account that was made without a server.
    """
    for repository in (work.key_slots, work.user_api_keys, work.refresh_tokens, work.api_keys):
        repository.remove(user_id=user.id)
    work.users.update(_placeholder(user.id))


def drop_deleted(session: Session) -> None:
    """Let go of the copies of accounts that the server says were deleted; of the chats only their owner disposes.

    An account that is missing without a word stays: such a server was wiped, or brought back from before.

    Parameters
    ----------
    session : Session
        When the server cannot be reached, nothing happens.
    """
    if not session.has_server or not session.stores.has_local_copy:
        return
    with session.local_copy.unit_of_work(read_only=True) as work:
        known = [user.id for user in work.users.list()]
    try:
        with session.accounts.unit_of_work(read_only=True) as work:
            gone = [user_id for user_id in known if _is_deleted(work, user_id)]
    except StoreUnavailableError:
        return
    with session.local_copy.unit_of_work() as work:
        for user_id in gone:
            work.users.remove(id=user_id)
        work.commit()


def forget_local_copy(session: Session) -> None:
    """Delete the chats of who is signed in, and the copy of their account, from this machine.

    Parameters
    ----------
    session : Session
        A person is signed in.
    """
    with session.local_copy.unit_of_work() as work:
        work.users.remove(id=session.user.id)
        forgive(work, session.user.email)  # what was tried here offline
        work.commit()
    with session.write() as work:
        work.chats.remove(user_id=session.user.id)  # in SQLite no foreign key does it
        work.users.remove(id=session.user.id)
        work.commit()


def _give_place(session: Session, user_id: str) -> None:
    """Let the local store know whose the chats are; it is written once."""
    with session.store.unit_of_work(read_only=True) as work:
        if _has_place(work, user_id):
            return
    with session.store.unit_of_work() as work:
        work.users.lock_all()
        found = work.users.where(id=user_id)
        if not found:
            work.users.add(_placeholder(user_id))
        elif found[0].is_account:
            raise SignInError(
                "the chats of this account belong to another one here, which was made without a server; "
                "sign in with ws.login(email), and with its password"
            )
        else:
            vacate(work, found[0])
        work.commit()


def _has_place(work: UnitOfWork, user_id: str) -> bool:
    return any(user.email == _placeholder(user_id).email for user in work.users.where(id=user_id))


def _placeholder(user_id: str) -> User:
    now = times.now()
    return User(
        id=user_id,
        email=f"elsewhere:{user_id}",  # no address, so that nobody can register it
        password_hash=NO_PASSWORD,
        created_at=now,
        updated_at=now,
    )


def _is_deleted(work: UnitOfWork, user_id: str) -> bool:
    return not work.users.where(id=user_id) and bool(work.audit_log.where(action=ACCOUNT_DELETED, subject=user_id))


def _read(work: UnitOfWork, user_id: str, tokens: set[str]) -> _Account:
    return _Account(
        user=work.users.get(user_id),
        slots=[slot for slot in work.key_slots.list() if slot.kind in {PASSWORD, RECOVERY} or slot.id in tokens],
        provider_keys=work.user_api_keys.list(),
        refresh_tokens=[row for row in work.refresh_tokens.list() if row.id in tokens and row.used_at is None],
        api_keys=[row for row in work.api_keys.list() if row.id in tokens],
        settings=work.admin_settings.all(),
    )


def _write(work: UnitOfWork, account: _Account) -> None:
    user = account.user
    for namesake in work.users.where(email=user.email):
        if namesake.id != user.id:  # an account of before, which is on the server no longer
            work.users.remove(id=namesake.id)
    try:
        work.users.update(user)
    except NotFoundError:
        work.users.add(user)
    for repository, rows in (
        (work.key_slots, account.slots),
        (work.user_api_keys, account.provider_keys),
        (work.refresh_tokens, account.refresh_tokens),
        (work.api_keys, account.api_keys),
    ):
        repository.remove(user_id=user.id)
        for row in rows:
            repository.add(row)  # type: ignore[arg-type]  # each list has the rows of its repository
    work.admin_settings.replace(account.settings)
