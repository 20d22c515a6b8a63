"""The data key of a user: one random key that seals the provider keys, itself sealed in slots.

Each slot opens with something else: the password, the recovery key, the master key of the local user, a token. What
is costly (Argon2) is done before a transaction begins; a slot is a row that is made first and stored later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import ids
from primer_nb.credentials.master_keys import find_master_key, make_master_key
from primer_nb.credentials.sealing import kid_of, new_data_key
from primer_nb.credentials.slots import SealedSlot, open_slot, seal_slot
from primer_nb.errors import KeysLockedError, NotSignedInError, SealError
from primer_nb.tables import KeySlot

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session

PASSWORD, RECOVERY, MASTER, API_KEY, REFRESH = "password", "recovery", "master", "api_key", "refresh"


def make_slot(data_key: DataKey, *, kind: str, opener: Secret, user_id: str, slot_id: str | None = None) -> KeySlot:
    """Seal a data key in a new slot.

    Parameters
    ----------
    data_key : DataKey
        What is sealed.
    kind : str
        What opens it.
    opener : Secret
        The password, key or token.
    user_id : str
        Whose data key it is.
    slot_id : str, optional
        The id of the token it belongs to; a new one by default.

    Returns
    -------
    KeySlot
        Not stored yet.
    """
    slot_id = slot_id or ids.new_id()
    sealed = seal_slot(data_key, kind=kind, opener=opener, user_id=user_id, slot_id=slot_id)
    return KeySlot(id=slot_id, user_id=user_id, kind=kind, kdf=sealed.kdf, sealed_key=sealed.sealed_key)


def opened(slot: KeySlot, *, opener: Secret) -> DataKey:
    """Open a slot.

    Parameters
    ----------
    slot : KeySlot
        As stored.
    opener : Secret
        What it was sealed with.

    Returns
    -------
    DataKey
        The data key.

    Raises
    ------
    SealError
        If it does not open.
    """
    sealed = SealedSlot(kdf=slot.kdf, sealed_key=slot.sealed_key)
    return open_slot(sealed, kind=slot.kind, opener=opener, user_id=slot.user_id, slot_id=slot.id)


def local_data_key(session: Session) -> DataKey | None:
    """Open the data key of the local user: the one that is stored now, whatever this session holds.

    Parameters
    ----------
    session : Session
        Nobody is signed in.

    Returns
    -------
    DataKey or None
        ``None`` when there is none yet.

    Raises
    ------
    KeysLockedError
        If there is one and the master key is missing or another.
    """
    with session.read() as work:
        slots = work.key_slots.where(kind=MASTER)
    if session.data_key is not None and not _is_in(slots, session.data_key):
        session.data_key = None  # another kernel rotated it, or removed the last provider key and with it the slots
    if session.data_key is not None or not slots:
        return session.data_key
    master_key = find_master_key()
    if master_key is not None:
        for slot in slots:
            try:
                session.data_key = opened(slot, opener=master_key)
            except SealError:
                continue
            return session.data_key
    raise KeysLockedError(
        "provider keys are stored here, sealed with a master key that this process does not have; set "
        "PRIMER_MASTER_KEY to the one they were stored with, or remove them with ws.api_keys.remove(provider)"
    )


def data_key_for_writing(session: Session) -> tuple[DataKey, KeySlot | None]:
    """Find the data key that new provider keys are sealed with, or make one for the local user.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    tuple of DataKey and KeySlot or None
        The key, and a slot that has to be stored with it when the key is new.

    Raises
    ------
    NotSignedInError
        If a token let this session in, or its sign-in has no data key.
    MasterKeyError
        If there is no place for the master key of the local user.
    """
    if session.is_local:
        data_key = local_data_key(session)
        if data_key is not None:
            return data_key, None
        data_key = new_data_key()
        master_key = find_master_key() or make_master_key()
        return data_key, make_slot(data_key, kind=MASTER, opener=master_key, user_id=session.user.id)
    if session.by_token:
        raise NotSignedInError("a token may not change provider keys; sign in with ws.login(email)")
    if session.data_key is None:
        raise NotSignedInError("your provider keys are locked here; sign in again with ws.login(email)")
    return session.data_key, None


def check_current(work: UnitOfWork, data_key: DataKey, user_id: str, *, new_slot: KeySlot | None = None) -> None:
    """Refuse a data key that was replaced meanwhile, so that nothing is sealed with a key nobody has any more.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing, where the account lives.
    data_key : DataKey
        The one this session holds.
    user_id : str
        Whose.
    new_slot : KeySlot, optional
        About to be stored, with the first data key that the user has.

    Raises
    ------
    NotSignedInError
        If it is not the user's any more.
    """
    slots = work.key_slots.where(user_id=user_id)
    is_first = new_slot is not None and not slots
    if not is_first and not _is_in(slots, data_key):
        raise NotSignedInError(
            "your keys were rotated elsewhere; try again, and if it does not help sign in again with ws.login(email)"
        )


def _is_in(slots: list[KeySlot], data_key: DataKey) -> bool:
    return any(kid_of(slot.sealed_key) == data_key.kid for slot in slots)
