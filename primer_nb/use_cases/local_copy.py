"""What the local store keeps of an account that lives on a server: enough to sign in and to open keys offline.

Everything in it is a digest, an Argon2 hash or sealed. It is written anew, in one transaction, whenever the server
was asked anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.errors import NotFoundError
from primer_nb.use_cases.attempts import forgive
from primer_nb.use_cases.data_keys import PASSWORD, RECOVERY

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.session import Session
    from primer_nb.tables import AdminSetting, ApiKey, KeySlot, RefreshToken, User, UserApiKey


@dataclass(frozen=True, slots=True)
class _Account:
    user: User
    slots: list[KeySlot]
    provider_keys: list[UserApiKey]
    refresh_tokens: list[RefreshToken]
    api_keys: list[ApiKey]
    settings: list[AdminSetting]


def refresh_local_copy(session: Session, user_id: str, *, token_id: str | None = None) -> None:
    """Copy an account from the server into the local store; without a server there is nothing to do.

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
    StoreError
        If one of the stores cannot be reached.
    """
    if not session.has_server:
        return
    with session.store.unit_of_work(user_id, read_only=True) as work:
        tokens = {row.id for row in work.refresh_tokens.list()} | {row.id for row in work.api_keys.list()}
    with session.accounts.unit_of_work(user_id, read_only=True) as work:
        account = _read(work, user_id, tokens | ({token_id} if token_id else set()))
    with session.store.unit_of_work() as work:
        _write(work, account)
        work.commit()


def forget_local_copy(session: Session) -> None:
    """Delete the chats of who is signed in, and the copy of their account, from the local store.

    Parameters
    ----------
    session : Session
        A person is signed in.
    """
    with session.store.unit_of_work() as work:  # the system's: what was tried here offline is nobody's
        work.chats.remove(user_id=session.user.id)  # in SQLite no foreign key does it
        work.users.remove(id=session.user.id)
        forgive(work, session.user.email)
        work.commit()


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
        if namesake.id != user.id:  # an account of before, deleted on the server: its chats stay its own
            namesake.email = f"{namesake.id}@replaced.invalid"
            work.users.update(namesake)
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
