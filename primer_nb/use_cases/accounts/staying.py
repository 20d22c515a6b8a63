"""Stay signed in on this machine: single-use refresh tokens, each replaced by the next when a kernel starts.

The token lies in a file of its own that is held under a lock while it is replaced, so that kernels that start at
once take turns. The next token is written down before it is stored, so that a process killed in between leaves one
that works. A token that comes a second time was copied: then its whole family is revoked.
"""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import TYPE_CHECKING

from primer_nb import ids, times
from primer_nb.credentials.kept_tokens import KeptToken, has_kept_token, kept_token
from primer_nb.credentials.tokens import digest, new_refresh_token
from primer_nb.errors import NotFoundError, SealError, SignInError, StoreUnavailableError
from primer_nb.tables import RefreshToken
from primer_nb.use_cases import audit
from primer_nb.use_cases.data_keys import REFRESH, make_slot, opened
from primer_nb.use_cases.local_copy import drop_deleted, refresh_local_copy

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.credentials.kept_tokens import Keeper
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=30)


def stay(session: Session) -> None:
    """Keep who is signed in signed in on this machine; a store in memory keeps nothing, and a token is no person.

    A machine keeps one person signed in: who was before is so no longer.

    Parameters
    ----------
    session : Session
        Somebody has just signed in, online.
    """
    if session.stores.place is None or session.by_token:
        return
    token, now = new_refresh_token(), times.now()
    with kept_token(session.stores.place) as keeper:
        before = keeper.read()
        with session.accounts.unit_of_work(session.user.id) as work:
            work.refresh_tokens.prune(before=now - ABSOLUTE)
            row = _add(work, session.user.id, token, session.data_key, family=ids.new_id(), began=now)
            work.commit()
        refresh_local_copy(session, session.user.id, token_id=row.id)
        keeper.write(KeptToken(current=token, following=None, user_id=session.user.id))
    if before is not None:
        _revoke_everywhere(session, before)  # nobody has it any more


def is_kept(session: Session) -> bool:
    """Tell whether who is signed in stays signed in on this machine.

    Parameters
    ----------
    session : Session
        Whose user, with which stores.

    Returns
    -------
    bool
        Whether a token of theirs is kept, good or not.
    """
    if session.stores.place is None or not has_kept_token(session.stores.place):
        return False
    with kept_token(session.stores.place) as keeper:
        kept = keeper.read()
    return kept is not None and kept.user_id == session.user.id


def forget(session: Session) -> None:
    """Forget on this machine who is signed in, and revoke what was kept; what is kept of somebody else stays.

    Parameters
    ----------
    session : Session
        A server that cannot be reached keeps the digest of a token that nobody has any more.
    """
    if session.stores.place is None or not has_kept_token(session.stores.place):
        return
    with kept_token(session.stores.place) as keeper:
        kept = keeper.read()
        if kept is not None and kept.user_id != session.user.id:
            return
        keeper.forget()
    if kept is not None:
        _revoke_everywhere(session, kept)


def resume(session: Session) -> None:
    """Sign in who stayed signed in on this machine.

    Parameters
    ----------
    session : Session
        Of the local user. When what is kept is no longer good, it stays the local user's, with a warning.
    """
    if session.stores.place is None or not has_kept_token(session.stores.place):
        return
    with kept_token(session.stores.place) as keeper:
        kept = keeper.read()
        if kept is None:
            return
        try:
            has_resumed = _go_on(session, keeper, kept)
        except StoreUnavailableError:
            warnings.warn(
                "the server cannot be reached and this machine has no copy of the account; nobody is signed in",
                stacklevel=2,
            )
            return
        except (NotFoundError, SealError, SignInError):  # damaged, or of an account that has no place here
            _revoke_everywhere(session, kept)
            has_resumed = False
        if not has_resumed:
            keeper.forget()
            drop_deleted(session)
            warnings.warn("the sign-in kept on this machine is over; sign in with ws.login(email)", stacklevel=2)


def _go_on(session: Session, keeper: Keeper, kept: KeptToken) -> bool:
    try:
        return _redeem(session, keeper, kept)
    except StoreUnavailableError:
        if not _resume_offline(session, kept):
            raise
        return True


def _redeem(session: Session, keeper: Keeper, kept: KeptToken) -> bool:
    """Use up the kept token for the next one; tell whether that worked."""
    store, user_id = session.accounts, kept.user_id
    current = kept.current
    if kept.following is not None and _is_stored(store, kept.following):
        current = kept.following  # the last replacement was stored, and then this machine lost its power
    following = new_refresh_token()
    keeper.write(KeptToken(current=current, following=following, user_id=user_id))
    replaced = _replace(store, current, following)
    if replaced is None:
        return False
    row, data_key = replaced
    refresh_local_copy(session, row.user_id, token_id=row.id)
    keeper.write(KeptToken(current=following, following=None, user_id=row.user_id))
    with store.unit_of_work(row.user_id, read_only=True) as work:
        user = work.users.get(row.user_id)
    session.become(user, data_key=data_key)
    return True


def _replace(store: Store, current: Secret, following: Secret) -> tuple[RefreshToken, DataKey | None] | None:
    now = times.now()
    with store.unit_of_work() as work:
        found = work.refresh_tokens.where(token=digest(current))
        if not found:
            return None
        work.users.lock(found[0].user_id)  # one use at a time: no token of a family that ends is on its way
        if not work.refresh_tokens.use(digest(current), now=now):
            for used in work.refresh_tokens.where(token=digest(current)):  # as whoever was faster left it
                if used.used_at is not None:
                    _end_family(work, used)
            work.commit()
            return None
        (old,) = found
        slots = work.key_slots.where(id=old.id, kind=REFRESH)
        data_key = opened(slots[0], opener=current) if slots else None
        work.key_slots.remove(id=old.id)
        began = work.refresh_tokens.began(old.family)
        row = _add(work, old.user_id, following, data_key, family=old.family, began=began)
        work.commit()
    return row, data_key


def _add(
    work: UnitOfWork, user_id: str, token: Secret, data_key: DataKey | None, *, family: str, began: datetime
) -> RefreshToken:
    now = times.now()
    row = RefreshToken(
        user_id=user_id,
        token=digest(token),
        family=family,
        expires_at=min(now + IDLE, began + ABSOLUTE),
        created_at=now,
    )
    work.refresh_tokens.add(row)
    if data_key is not None:
        work.key_slots.add(make_slot(data_key, kind=REFRESH, opener=token, user_id=user_id, slot_id=row.id))
    return row


def _end_family(work: UnitOfWork, token: RefreshToken) -> None:
    work.refresh_tokens.revoke_family(token.family)
    for relative in work.refresh_tokens.where(family=token.family):
        work.key_slots.remove(id=relative.id, kind=REFRESH)
    audit.record(work, audit.TOKEN_REUSED, user_id=token.user_id, subject=token.family)


def _is_stored(store: Store, token: Secret) -> bool:
    with store.unit_of_work(read_only=True) as work:
        return bool(work.refresh_tokens.where(token=digest(token)))


def _resume_offline(session: Session, kept: KeptToken) -> bool:
    """Sign in by the local copy, without replacing the token: the server has to do that."""
    with session.local_copy.unit_of_work(read_only=True) as work:
        for token in (kept.following, kept.current):
            found = work.refresh_tokens.where(token=digest(token)) if token is not None else []
            if token is None or not found or found[0].revoked or found[0].expires_at <= times.now():
                continue
            slots = work.key_slots.where(id=found[0].id, kind=REFRESH)
            data_key = opened(slots[0], opener=token) if slots else None
            user = work.users.get(found[0].user_id)
            break
        else:
            return False
    session.become(user, data_key=data_key)
    return True


def _revoke_everywhere(session: Session, kept: KeptToken) -> None:
    for store in {session.local_copy, *_reachable(session)}:
        _revoke(store, kept)


def _reachable(session: Session) -> tuple[Store, ...]:
    try:
        return (session.accounts,)
    except StoreUnavailableError:
        return ()


def _revoke(store: Store, kept: KeptToken) -> None:
    try:
        with store.unit_of_work() as work:
            for token in (kept.following, kept.current):
                for row in work.refresh_tokens.where(token=digest(token)) if token is not None else []:
                    work.refresh_tokens.revoke_family(row.family)
                    work.key_slots.remove(id=row.id, kind=REFRESH)
            work.commit()
    except StoreUnavailableError:
        return
