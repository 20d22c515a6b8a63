"""Change a password, or set a new one with the recovery key. Every sign-in that was kept anywhere ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.credentials.passwords import check_new_password, hash_password
from primer_nb.credentials.recovery_keys import new_recovery_key, parse_recovery_key, slot_id_of
from primer_nb.credentials.sealing import new_data_key
from primer_nb.errors import SignInError
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts.going_on import go_on
from primer_nb.use_cases.accounts.passwords import lock_unchanged, prove_again
from primer_nb.use_cases.attempts import forgive
from primer_nb.use_cases.data_keys import PASSWORD, RECOVERY, REFRESH, make_slot, opened
from primer_nb.use_cases.policy import read_policy

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import KeySlot, User


def change_password(session: Session, *, old: Secret, new: Secret) -> None:
    """Change the password of who is signed in; provider keys stay, since only one slot is sealed anew.

    Parameters
    ----------
    session : Session
        A person is signed in, and the server can be reached.
    old : Secret
        The password until now.
    new : Secret
        The password from now on.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    SignInError
        If the old password is another.
    WeakPasswordError
        If the new one is too short or too common.
    """
    proof = prove_again(session, old)
    _check_new(session, new, email=proof.user.email)
    data_key = proof.data_key or new_data_key()
    slot = make_slot(data_key, kind=PASSWORD, opener=new, user_id=proof.user.id)
    user = _replaced(
        session, proof.user, hash_password(new), [slot], kinds=(PASSWORD,), action=audit.PASSWORD_CHANGED
    )
    go_on(session, user, data_key=data_key)


def reset_password(session: Session, *, recovery_key: Secret, new: Secret) -> Secret:
    """Set a new password with the recovery key, and sign in; provider keys stay.

    Parameters
    ----------
    session : Session
        Whoever works in it now is signed out when this succeeds.
    recovery_key : Secret
        As it was shown at sign-up; case, blanks and dashes do not matter.
    new : Secret
        The password from now on.

    Returns
    -------
    Secret
        A new recovery key; the used one is over. Show it once.

    Raises
    ------
    InvalidInputError
        If the recovery key has a typing error.
    SignInError
        If it belongs to no account.
    WeakPasswordError
        If the new password is too short or too common.
    """
    recovery_key = parse_recovery_key(recovery_key)
    with session.accounts.unit_of_work(read_only=True) as work:
        slots = work.key_slots.where(id=slot_id_of(recovery_key), kind=RECOVERY)
        if not slots:
            raise SignInError("this recovery key belongs to no account; it works once, and a newer one replaces it")
        user = work.users.get(slots[0].user_id)
    data_key = opened(slots[0], opener=recovery_key)
    _check_new(session, new, email=user.email)
    next_key = new_recovery_key()
    made = [
        make_slot(data_key, kind=PASSWORD, opener=new, user_id=user.id),
        make_slot(data_key, kind=RECOVERY, opener=next_key, user_id=user.id, slot_id=slot_id_of(next_key)),
    ]
    kinds = (PASSWORD, RECOVERY)
    user = _replaced(session, user, hash_password(new), made, kinds=kinds, action=audit.PASSWORD_RESET)
    go_on(session, user, data_key=data_key)
    return next_key


def _check_new(session: Session, password: Secret, *, email: str) -> None:
    with session.accounts.unit_of_work(read_only=True) as work:
        minimum = read_policy(work).minimum_password_length
    check_new_password(password, minimum=minimum, email=email)


def _replaced(
    session: Session, user: User, password_hash: str, slots: list[KeySlot], *, kinds: tuple[str, ...], action: str
) -> User:
    with session.accounts.unit_of_work() as work:
        user = lock_unchanged(work, user)
        user.password_hash, user.updated_at = password_hash, times.now()
        work.users.update(user)
        for kind in kinds:
            work.key_slots.remove(user_id=user.id, kind=kind)
        for slot in slots:
            work.key_slots.add(slot)
        end_kept_sign_ins(work, user.id)
        forgive(work, user.email)
        audit.record(work, action, user_id=user.id)
        work.commit()
    return user


def end_kept_sign_ins(work: UnitOfWork, user_id: str) -> None:
    """Let no machine stay signed in.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing, where the account lives.
    user_id : str
        Whose account.
    """
    work.refresh_tokens.remove(user_id=user_id)
    work.key_slots.remove(user_id=user_id, kind=REFRESH)
