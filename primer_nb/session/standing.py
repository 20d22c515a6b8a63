"""Whether who works in a session still may: they signed up in another kernel, their account or token is over.

It is asked of the local store in the very transaction that follows, by one statement that an index answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import NotSignedInError
from primer_nb.session.users import LOCAL_EMAIL

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import UnitOfWork
    from primer_nb.session.stores import Stores
    from primer_nb.tables import User

_LET_OUT = (
    "the token that signed in here was revoked, or is over; make a new one with ws.tokens.create(name) and connect "
    "with it, or sign in with ws.login(email)"
)


@dataclass(slots=True)
class Who:
    """Who works, and what opens their keys: one object, so that no other thread finds one user's with another's.

    Parameters
    ----------
    user : User
        As they were when they came.
    data_key : DataKey, optional
        Opens the user's provider keys, if it is there.
    token_id : str, optional
        Of the token that let them in, if one did.
    """

    user: User
    data_key: DataKey | None = None
    token_id: str | None = None


def why_over(work: UnitOfWork, who: Who, stores: Stores) -> str | None:
    """Look whether a user still is who they were.

    Parameters
    ----------
    work : UnitOfWork
        On the local store, on behalf of the user.
    who : Who
        As the session knows them.
    stores : Stores
        Of the session: with a server, a token is looked for in what this machine keeps of it.

    Returns
    -------
    str or None
        What to tell them when they are not.
    """
    if who.token_id is not None and stores.server is not None:
        with stores.local_copy.unit_of_work(who.user.id, read_only=True) as known:
            return _why_token_is_over(known, who.token_id, is_copy=True)
    if who.token_id is not None:
        return _why_token_is_over(work, who.token_id, is_copy=False)
    email = work.users.own_email()
    if who.user.email == LOCAL_EMAIL:
        return None if email == LOCAL_EMAIL else _signed_up(_known_email(who.user, stores) or email)
    return None if email is not None else f"the account {who.user.email} is not here any more; nobody is signed in"


def check_local(user: User) -> None:
    """Refuse to take an account for the local user: before its row or its slots are changed, under its lock.

    Parameters
    ----------
    user : User
        As it is now.

    Raises
    ------
    NotSignedInError
        If the local user has become this account meanwhile.
    """
    if user.email != LOCAL_EMAIL:
        raise NotSignedInError(_signed_up(user.email))


def _why_token_is_over(work: UnitOfWork, token_id: str, *, is_copy: bool) -> str | None:
    found = work.api_keys.where(id=token_id)
    if found:
        is_good = not found[0].revoked and (found[0].expires_at is None or found[0].expires_at > times.now())
    else:  # kernels that copy an account at once may leave a token out, and none is ever deleted alone
        is_good = is_copy and work.users.own_email() is not None
    return None if is_good else _LET_OUT


def _signed_up(email: str | None) -> str:
    if email is None:
        return "who worked here signed up and deleted the account in another kernel; nobody is signed in"
    if "@" not in email:  # the account is on a server, and another machine signed it up
        return "who worked here signed up on a server; sign in with ws.login(email), or go on without the chats"
    return (
        f"{email} signed up in another kernel and has the chats and keys that were here; sign in with "
        f"ws.login({email!r}), or go on without an account and without those"
    )


def _known_email(user: User, stores: Stores) -> str | None:
    """Look for the account in what this machine keeps of the server: the local store has only its chats."""
    if not stores.has_local_copy:
        return None
    with stores.local_copy.unit_of_work(user.id, read_only=True) as known:
        return known.users.own_email()
