"""Give a user a new data key: every provider key is sealed anew, and only what opens now opens then.

One transaction replaces all of it, so a rotation that is killed has not happened and is simply begun again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.credentials.master_keys import find_master_key
from primer_nb.credentials.recovery_keys import new_recovery_key, slot_id_of
from primer_nb.credentials.sealing import new_data_key, seal
from primer_nb.errors import InvalidInputError, KeysLockedError
from primer_nb.session.standing import check_local
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts.going_on import go_on
from primer_nb.use_cases.accounts.password_changes import end_kept_sign_ins
from primer_nb.use_cases.accounts.passwords import lock_unchanged, prove_again, require_person
from primer_nb.use_cases.data_keys import (
    API_KEY,
    MASTER,
    PASSWORD,
    RECOVERY,
    check_current,
    local_data_key,
    make_slot,
)
from primer_nb.use_cases.stored_keys import context_of, open_row

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import KeySlot


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did.

    Parameters
    ----------
    keys : int
        How many provider keys were sealed anew.
    recovery_key : Secret or None
        Takes the place of the old one; ``None`` for the local user. Show it once.
    tokens_revoked : int
        Programmatic tokens that could open provider keys, and cannot open the new ones.
    """

    keys: int
    recovery_key: Secret | None
    tokens_revoked: int


def rotate_keys(session: Session, *, password: Secret | None = None) -> Rotation:
    """Replace the data key of the user.

    Machines that stayed signed in have to sign in again, but for this one; tokens that could open provider keys are
    revoked.

    Parameters
    ----------
    session : Session
        On whose behalf.
    password : Secret, optional
        Of the account; the local user has none.

    Returns
    -------
    Rotation
        With a new recovery key.

    Raises
    ------
    NotSignedInError
        If a token let this session in.
    SignInError
        If the password is another.
    KeysLockedError
        If a stored key does not open; nothing is changed.
    InvalidInputError
        If there is nothing to rotate, or the password of an account is missing.
    """
    if session.is_local:
        return _rotate_local(session)
    require_person(session)
    if password is None:
        raise InvalidInputError("the password of the account is needed to seal its new data key")
    return _rotate_account(session, password)


def _rotate_local(session: Session) -> Rotation:
    old, master_key = local_data_key(session), find_master_key()
    if old is None or master_key is None:
        raise InvalidInputError("no provider key is stored, so there is nothing to rotate")
    new = new_data_key()
    slot = make_slot(new, kind=MASTER, opener=master_key, user_id=session.user.id)
    with session.write() as work:
        check_local(work.users.lock(session.user.id))
        count = _seal_anew(work, session.user.id, old, new, [slot])
        work.commit()
    session.data_key = new
    old.wipe()
    return Rotation(keys=count, recovery_key=None, tokens_revoked=0)


def _rotate_account(session: Session, password: Secret) -> Rotation:
    proof = prove_again(session, password)
    old, user_id = proof.data_key, proof.user.id
    if old is None:
        raise KeysLockedError("this account has no data key yet; sign in once more with ws.login(email)")
    new, recovery_key = new_data_key(), new_recovery_key()
    slots = [
        make_slot(new, kind=PASSWORD, opener=password, user_id=user_id),
        make_slot(new, kind=RECOVERY, opener=recovery_key, user_id=user_id, slot_id=slot_id_of(recovery_key)),
    ]
    with session.accounts.unit_of_work() as work:
        user = lock_unchanged(work, proof.user)
        revoked = _revoke_tokens(work, user_id)
        end_kept_sign_ins(work, user_id)
        count = _seal_anew(work, user_id, old, new, slots)
        work.commit()
    go_on(session, user, data_key=new)
    return Rotation(keys=count, recovery_key=recovery_key, tokens_revoked=revoked)


def _seal_anew(work: UnitOfWork, user_id: str, old: DataKey, new: DataKey, slots: list[KeySlot]) -> int:
    check_current(work, old, user_id)
    rows = work.user_api_keys.where(user_id=user_id)
    for row in rows:
        row.api_key = seal(new, open_row(row, old), context=context_of(row))
        work.user_api_keys.update(row)
    work.key_slots.remove(user_id=user_id)
    for slot in slots:
        work.key_slots.add(slot)
    audit.record(work, audit.KEYS_ROTATED, user_id=user_id)
    return len(rows)


def _revoke_tokens(work: UnitOfWork, user_id: str) -> int:
    held = [slot.id for slot in work.key_slots.where(user_id=user_id, kind=API_KEY)]
    for token_id in held:
        token = work.api_keys.get(token_id)
        token.revoked = True
        work.api_keys.update(token)
    return len(held)
