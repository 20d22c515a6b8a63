"""Slots: a user's data key, sealed once for each thing that opens it.

So a new password seals one slot anew and leaves every sealed value as it is, and a recovery key or a token opens
what the password opens. Where slots are stored is the caller's affair.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from argon2 import Type

from primer_nb.credentials import envelope, passwords
from primer_nb.credentials.argon2_texts import Argon2Text, parse
from primer_nb.credentials.sealing import DataKey
from primer_nb.errors import InvalidInputError
from primer_nb.secret import Secret

SLOT_KINDS = ("password", "recovery", "master", "api_key", "refresh")

_PLAIN_KDF = "hkdf-sha256"  # enough for what a machine made; the envelope applies it to every slot


@dataclass(frozen=True, slots=True)
class SealedSlot:
    """A slot as it is stored.

    Parameters
    ----------
    kdf : str
        How the key that opens it is made: ``hkdf-sha256``, or for a password Argon2's parameters and salt.
    sealed_key : str
        The data key, sealed; its ``kid`` is the data key's.
    """

    kdf: str
    sealed_key: str = field(repr=False)


def seal_slot(data_key: DataKey, *, kind: str, opener: Secret, user_id: str, slot_id: str) -> SealedSlot:
    """Seal a data key for one thing that shall open it.

    Parameters
    ----------
    data_key : DataKey
        The user's key.
    kind : str
        One of `SLOT_KINDS`.
    opener : Secret
        The password, recovery key, master key or token. All but the password have to be random: they are not
        stretched.
    user_id : str
        Whose key it is.
    slot_id : str
        The row that stores the slot.

    Returns
    -------
    SealedSlot
        What to store. A password slot has a salt of its own: with the salt of the stored hash, the hash would be the
        key.

    Raises
    ------
    InvalidInputError
        If the kind is unknown, or the password one that `passwords.normalized` refuses.
    SealError
        If the data key was wiped.
    """
    if kind not in SLOT_KINDS:
        raise InvalidInputError(f"{kind!r} is not a kind of slot; use one of {', '.join(SLOT_KINDS)}")
    kdf = _PLAIN_KDF
    if kind == "password":
        kdf = str(Argon2Text(passwords.cost, salt=secrets.token_bytes(passwords.cost.salt_len)))
    sealed_key = envelope.seal_bytes(
        data_key.reveal(),
        material=_material(opener, kdf=kdf),
        kid=data_key.kid,
        purpose=f"slot/{kind}",
        context=(user_id, kind, slot_id, kdf),
    )
    return SealedSlot(kdf=kdf, sealed_key=sealed_key)


def open_slot(slot: SealedSlot, *, kind: str, opener: Secret, user_id: str, slot_id: str) -> DataKey:
    """Open a slot.

    Parameters
    ----------
    slot : SealedSlot
        From `seal_slot`.
    kind : str
        As for sealing.
    opener : Secret
        What shall open it.
    user_id : str
        As for sealing.
    slot_id : str
        As for sealing.

    Returns
    -------
    DataKey
        The user's key.

    Raises
    ------
    SealError
        If it does not open: another opener, another place, damaged, or a way of making keys that is unknown or asks
        for more work than any of ours. The error does not say which.
    InvalidInputError
        If the password is one that `passwords.normalized` refuses.
    """
    plain = None
    if _is_known(slot.kdf, kind=kind):
        plain = envelope.open_bytes(
            slot.sealed_key,
            material=_material(opener, kdf=slot.kdf),
            purpose=f"slot/{kind}",
            context=(user_id, kind, slot_id, slot.kdf),
        )
    if plain is None:
        raise envelope.refusal()
    return DataKey(plain, kid=envelope.kid_of(slot.sealed_key))


def needs_new_slot(kdf: str) -> bool:
    """Tell whether a slot is weaker than a new one would be.

    Parameters
    ----------
    kdf : str
        Of a slot that `open_slot` just opened.

    Returns
    -------
    bool
        Whether a password opens it, with less work than it takes now.
    """
    known = parse(kdf)
    return known is not None and passwords.is_weaker(known.parameters)


def _is_known(kdf: str, *, kind: str) -> bool:
    if kind != "password":
        return kdf == _PLAIN_KDF and kind in SLOT_KINDS
    known = parse(kdf)
    return known is not None and known.tag is None and known.parameters.type is Type.ID


def _material(opener: Secret, *, kdf: str) -> bytes:
    known = parse(kdf)
    if known is None:
        return opener.reveal().encode("utf-8", "surrogatepass")
    return passwords.stretched(opener, salt=known.salt, parameters=known.parameters)
