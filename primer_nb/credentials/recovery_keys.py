"""Recovery keys: 160 random bits on paper, which open an account's data key when the password is forgotten.

32 characters of Base32 (RFC 4648) in groups of four, and a check group: the number modulo a prime. As that prime
divides neither the difference of two digits at one place nor that of two exchanged neighbours, no such slip passes.
"""

from __future__ import annotations

import base64
import re
import secrets
import uuid

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from primer_nb.errors import InvalidInputError
from primer_nb.secret import Secret

_BYTES = 20
_CHECK_BITS = 20
_PRIME = 1_048_573  # the largest below 2**20
_FORM = re.compile("[A-Z2-7]{36}")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015_.]+")
_MISTAKEN = str.maketrans("01", "OI")  # Base32 has the letters and not the digits


def new_recovery_key() -> Secret:
    """Make a recovery key.

    Returns
    -------
    Secret
        Nine groups of four characters with dashes between, as `parse_recovery_key` returns it.
    """
    return _written(secrets.token_bytes(_BYTES))


def parse_recovery_key(text: Secret) -> Secret:
    """Read a recovery key that somebody typed.

    Parameters
    ----------
    text : Secret
        The key in any case, with or without blanks and dashes; 0 for O and 1 for I are forgiven.

    Returns
    -------
    Secret
        The key as it was shown at first.

    Raises
    ------
    InvalidInputError
        If it is not a whole key, or has a typo.
    """
    if not _is_whole(text):
        raise InvalidInputError(
            "this is not a recovery key: nine groups of four letters and digits (2 to 7), of which the last checks "
            "the others; compare it with what you wrote down"
        )
    return _written(_read(text))


def slot_id_of(key: Secret) -> str:
    """Return the id of the slot that a recovery key opens, so that the slot is found without an e-mail address.

    Parameters
    ----------
    key : Secret
        A recovery key in any spelling.

    Returns
    -------
    str
        A UUID of version 8, made from the key by HKDF-SHA256 (RFC 5869); it tells nothing about the key.

    Raises
    ------
    InvalidInputError
        If it is not a whole key, or has a typo.
    """
    parse_recovery_key(key)
    made = HKDF(algorithm=SHA256(), length=16, salt=None, info=b"primer_nb/v1/recovery slot").derive(_read(key))
    number = int.from_bytes(made, "big")
    number = number & ~(0xF << 76) | 0x8 << 76  # RFC 9562, section 5.8: version and variant
    return str(uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62))


def _written(value: bytes) -> Secret:
    checked = int.from_bytes(value, "big") << _CHECK_BITS | int.from_bytes(value, "big") % _PRIME
    # 180 bits are 36 characters; the four that make whole bytes of them end up in a 37th
    characters = base64.b32encode((checked << 4).to_bytes(23, "big")).decode()[:36]
    return Secret("-".join(characters[place : place + 4] for place in range(0, 36, 4)))


def _bare(text: Secret) -> str:
    return _BETWEEN.sub("", text.reveal()).upper().translate(_MISTAKEN)


def _is_whole(text: Secret) -> bool:
    return _FORM.fullmatch(_bare(text)) is not None and _written(_read(text)).reveal().replace("-", "") == _bare(text)


def _read(text: Secret) -> bytes:
    return base64.b32decode(_bare(text)[:32])
