"""Look at a password: counted before, and with the same time and text whether or not there is an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import ids
from primer_nb.credentials.passwords import UNKNOWN, verify_password
from primer_nb.errors import NotFoundError, NotSignedInError, SealError, SignInError
from primer_nb.use_cases import attempts, audit
from primer_nb.use_cases.data_keys import PASSWORD, opened

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import KeySlot, User


@dataclass(frozen=True, slots=True)
class Proof:
    """An account whose password somebody knew.

    Parameters
    ----------
    user : User
        As it was read before the password was looked at.
    data_key : DataKey or None
        Opened by the password; ``None`` for an account that another program made.
    slot : KeySlot or None
        What the data key was in.
    """

    user: User
    data_key: DataKey | None
    slot: KeySlot | None


def prove(store: Store, email: str, password: Secret) -> Proof:
    """Check a password.

    Parameters
    ----------
    store : Store
        Where the account lives, or its local copy.
    email : str
        Case-folded.
    password : Secret
        What somebody typed.

    Returns
    -------
    Proof
        The password was right.

    Raises
    ------
    TooManyAttemptsError
        If it may not be tried now.
    SignInError
        If there is no such account or the password is another; the text is the same.
    """
    attempts.admit(store, email)
    with store.unit_of_work(read_only=True) as work:
        user, slots = _read(work, email)
    if not verify_password(user.password_hash if user else UNKNOWN, password) or user is None:
        with store.unit_of_work() as work:
            audit.record(work, audit.SIGN_IN_FAILED, user_id=user.id if user else None)
            work.commit()
        raise SignInError("this e-mail address and this password do not belong together; check both")
    with store.unit_of_work() as work:  # by itself: what follows may fail, and the password was right all the same
        attempts.forgive(work, email)
        work.commit()
    return Proof(user, *_open(slots, password))


def is_known(store: Store, email: str) -> bool:
    """Tell whether a store has an account.

    Parameters
    ----------
    store : Store
        On this machine.
    email : str
        Case-folded.

    Returns
    -------
    bool
        Whether somebody could sign in there.
    """
    with store.unit_of_work(read_only=True) as work:
        return any(user.is_account for user in work.users.where(email=email))


def prove_again(session: Session, password: Secret) -> Proof:
    """Check the password of who is signed in, before something that cannot be undone.

    Parameters
    ----------
    session : Session
        A person is signed in.
    password : Secret
        What they typed.

    Returns
    -------
    Proof
        The password was right.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    TooManyAttemptsError, SignInError
        If it may not be tried, or is another.
    """
    require_person(session)
    return prove(session.accounts, session.user.email, password)


def require_person(session: Session) -> None:
    """Refuse the local user and tokens.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    """
    if session.is_local:
        raise NotSignedInError("nobody is signed in; call ws.login(email), or ws.register(email) for an account")
    if session.by_token:
        raise NotSignedInError("a token may not do this; sign in with ws.login(email)")


def lock_unchanged(work: UnitOfWork, user: User) -> User:
    """Begin a change of an account: lock its row, and see that its password is still the one that was proved.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing.
    user : User
        As it was read before.

    Returns
    -------
    User
        As it is now.

    Raises
    ------
    SignInError
        If the password was changed, or the account deleted, in between.
    """
    try:
        now = work.users.lock(user.id)
    except NotFoundError:
        raise SignInError("this account was deleted") from None
    if now.password_hash != user.password_hash:
        raise SignInError("the password of this account was changed a moment ago; try again")
    return now


def _read(work: UnitOfWork, email: str) -> tuple[User | None, list[KeySlot]]:
    found = work.users.where(email=email)
    user_id = found[0].id if found else ids.new_id()  # a query without an answer takes as long as one with it
    slots = work.key_slots.where(user_id=user_id, kind=PASSWORD)
    return (found[0] if found else None), slots


def _open(slots: list[KeySlot], password: Secret) -> tuple[DataKey | None, KeySlot | None]:
    for slot in slots:
        try:
            return opened(slot, opener=password), slot
        except SealError:
            continue  # of a password before this one, left by a program that was killed
    return None, None
