"""Programmatic tokens: how a notebook that nobody sits at signs in. Only a digest is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from primer_nb import limits, times
from primer_nb.credentials.tokens import digest, new_token, parse_token, public_id
from primer_nb.errors import InvalidInputError, NotFoundError, StoreUnavailableError, TokenError
from primer_nb.tables import ApiKey
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts.passwords import require_person
from primer_nb.use_cases.chats import checked_id
from primer_nb.use_cases.data_keys import API_KEY, check_current, data_key_for_writing, make_slot, opened
from primer_nb.use_cases.local_copy import drop_deleted, refresh_local_copy

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import User

CHATS, PROVIDER_KEYS = "chats", "provider_keys"
_NOTED = timedelta(minutes=1)  # last_used_at is that exact, and a busy schedule writes no more
_REFUSED = "this token is not known here, was revoked, or is over; make a new one with ws.tokens.create(name)"


@dataclass(frozen=True, slots=True)
class Token:
    """A programmatic token, without what signs in.

    Parameters
    ----------
    id : str
        For `revoke_token`.
    name : str
        What its owner called it.
    prefix : str
        The readable beginning, to tell tokens apart.
    scopes : tuple of str
        ``"chats"``, and ``"provider_keys"`` if it can use stored keys.
    created_at : datetime
        Aware, UTC.
    last_used_at, expires_at : datetime or None
        Aware, UTC; the last use to a minute.
    revoked : bool
        Whether it is over.
    """

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked: bool

    def __repr__(self) -> str:
        """Return one line; what it begins with tells which one lies in a secret store."""
        used = f"used {self.last_used_at:%Y-%m-%d %H:%M} UTC" if self.last_used_at else "never used"
        good = f"good until {self.expires_at:%Y-%m-%d}" if self.expires_at else "good for ever"
        state = "revoked" if self.revoked else good
        return f"<token {self.name!r} ({self.prefix}…): {', '.join(self.scopes)}; {state}; {used}; id {self.id}>"


def create_token(session: Session, name: str, *, days: float | None = 365, provider_keys: bool = False) -> Secret:
    """Make a token.

    Parameters
    ----------
    session : Session
        A person is signed in.
    name : str
        What it is for.
    days : float or None, default 365
        How long it is good; ``None`` for ever.
    provider_keys : bool, default False
        Whether who has it can also use the stored provider keys.

    Returns
    -------
    Secret
        The token. It is stored nowhere: show it once.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    InvalidInputError
        If the name or the days cannot be used.
    """
    require_person(session)
    name = limits.check_text(name, name="name", longest=limits.NAME).strip()
    expires_at = _end(days)
    token, user_id = new_token(), session.user.id
    scopes = f"{CHATS} {PROVIDER_KEYS}" if provider_keys else CHATS
    prefix = f"pnbk_{public_id(token)}"
    row = ApiKey(user_id=user_id, key=digest(token), prefix=prefix, name=name, scopes=scopes, expires_at=expires_at)
    data_key = data_key_for_writing(session)[0] if provider_keys else None
    with session.accounts.unit_of_work(user_id) as work:
        work.users.lock(user_id)
        work.api_keys.add(row)
        if data_key is not None:
            check_current(work, data_key, user_id)
            work.key_slots.add(make_slot(data_key, kind=API_KEY, opener=token, user_id=user_id, slot_id=row.id))
        audit.record(work, audit.TOKEN_CREATED, user_id=user_id, subject=row.id, details=scopes)
        work.commit()
    return token


def list_tokens(session: Session) -> list[Token]:
    """List the user's tokens.

    Parameters
    ----------
    session : Session
        A person is signed in.

    Returns
    -------
    list of Token
        Oldest first.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    """
    require_person(session)
    with session.accounts.unit_of_work(session.user.id, read_only=True) as work:
        rows = work.api_keys.list()
    return [
        Token(
            id=row.id,
            name=row.name,
            prefix=row.prefix or "",
            scopes=tuple((row.scopes or CHATS).split()),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            revoked=row.revoked,
        )
        for row in rows
    ]


def revoke_token(session: Session, token_id: str) -> None:
    """Let a token be over, now, also in the sessions on this machine that it let in.

    Parameters
    ----------
    session : Session
        A person is signed in.
    token_id : str
        Which one.

    Raises
    ------
    NotFoundError
        If there is no such token, or it is another user's.
    NotSignedInError
        If nobody is signed in, or a token is.
    """
    require_person(session)
    token_id = checked_id(token_id)
    with session.accounts.unit_of_work(session.user.id) as work:
        try:
            row = work.api_keys.get(token_id)
        except NotFoundError:
            raise NotFoundError(f"there is no token {token_id!r}; ws.tokens.list() shows yours") from None
        row.revoked = True
        work.api_keys.update(row)
        work.key_slots.remove(id=row.id, kind=API_KEY)
        audit.record(work, audit.TOKEN_REVOKED, user_id=session.user.id, subject=row.id)
        work.commit()
    refresh_local_copy(session, session.user.id)  # which its sessions ask


def sign_in_with_token(session: Session, token: Secret) -> None:
    """Let the owner of a token work from now on, but for what only a person may do.

    Parameters
    ----------
    session : Session
        Of the local user.
    token : Secret
        As it was shown once.

    Raises
    ------
    TokenError
        If it has a typing error, is not known, was revoked, or is over.
    StoreUnavailableError
        If the server cannot be reached and the token was never used on this machine.
    """
    token = parse_token(token)
    try:
        user, row, data_key = _admit(session.accounts, token)
        refresh_local_copy(session, user.id, token_id=row.id)
    except TokenError:
        drop_deleted(session)
        raise
    except StoreUnavailableError:
        try:
            user, row, data_key = _admit(session.local_copy, token)
        except TokenError:
            pass  # this machine has not seen it: only the server could tell
        else:
            session.become(user, data_key=data_key, token_id=row.id)
            return
        raise
    session.become(user, data_key=data_key, token_id=row.id)


def _admit(store: Store, token: Secret) -> tuple[User, ApiKey, DataKey | None]:
    now = times.now()
    with store.unit_of_work(read_only=True) as work:
        found = work.api_keys.where(key=digest(token))
        if not found or found[0].revoked or (found[0].expires_at is not None and found[0].expires_at <= now):
            raise TokenError(_REFUSED)
        row = found[0]
        user, slots = work.users.get(row.user_id), work.key_slots.where(id=row.id, kind=API_KEY)
    if row.last_used_at is None or row.last_used_at <= now - _NOTED:
        with store.unit_of_work() as work:
            work.api_keys.touch(row.id, now=now, unless_since=now - _NOTED)
            work.commit()
    return user, row, opened(slots[0], opener=token) if slots else None


def _end(days: float | None) -> datetime | None:
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= 36_500:
        raise InvalidInputError(f"days={days!r} is not a number of days above 0; None means for ever")
    return times.now() + timedelta(days=days)
