"""Version 1 of the sealed form: ``pnb1.<kid>.<base64url(salt ‖ nonce ‖ commitment ‖ ciphertext and tag)>``.

AES-256-GCM under a key of its own for each value: HKDF-SHA256 makes it, and the commitment, from the key material
and a random salt. The commitment is there since GCM alone lets one ciphertext open under two keys. The associated
data are length-prefixed, so that no two lists of them are the same bytes. Nothing but this form opens.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from primer_nb.errors import SealError

VERSION = "pnb1"
KID = 8  # hexadecimal digits
KEY = 32  # bytes of an AES-256 key
_SALT, _NONCE, _COMMITMENT, _TAG = 16, 12, 16, 16
HEADER = len(VERSION) + 1 + KID + 1  # characters before the Base64
OVERHEAD = _SALT + _NONCE + _COMMITMENT + _TAG  # bytes in it beside the plain ones

_FORM = re.compile(rf"{VERSION}\.(?P<kid>[0-9a-f]{{{KID}}})\.(?P<body>[A-Za-z0-9_-]+)")
# One text for every reason: which of them it was would help only who tries to forge a value.
_REFUSAL = (
    "a sealed value does not open: it was sealed with another key or for another owner, or it is damaged; "
    "sign in again, and if that does not help, add the provider's key again"
)


class _Parts(NamedTuple):
    kid: str
    salt: bytes
    nonce: bytes
    commitment: bytes
    ciphertext: bytes


def refusal() -> SealError:
    """Make the one error of this package's sealed values.

    Returns
    -------
    SealError
        To be raised where no local variable holds a secret.
    """
    return SealError(_REFUSAL)


def seal_bytes(plain: bytes, *, material: bytes, kid: str, purpose: str, context: tuple[str, ...]) -> str:
    """Seal bytes.

    Parameters
    ----------
    plain : bytes
        What to hide.
    material : bytes
        At least 16 random bytes, or the result of a password hash.
    kid : str
        The id of the key, 8 hexadecimal digits; stored in the open.
    purpose : str
        What is sealed; the same material makes other keys for another purpose.
    context : tuple of str
        Where the value belongs. It opens nowhere else.

    Returns
    -------
    str
        ASCII.
    """
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    key, commitment = _derived(material, salt=salt, purpose=purpose)
    ciphertext = AESGCM(key).encrypt(nonce, plain, _associated(purpose, kid, context))
    return f"{VERSION}.{kid}.{_to_base64(salt + nonce + commitment + ciphertext)}"


def open_bytes(sealed: str, *, material: bytes, purpose: str, context: tuple[str, ...]) -> bytes | None:
    """Open sealed bytes.

    Parameters
    ----------
    sealed : str
        From `seal_bytes`.
    material : bytes
        As for sealing.
    purpose : str
        As for sealing.
    context : tuple of str
        As for sealing.

    Returns
    -------
    bytes or None
        ``None`` when it does not open. Raising is left to the caller, since a traceback would show the material.
    """
    parts = _parse(sealed)
    if parts is None:
        return None
    key, commitment = _derived(material, salt=parts.salt, purpose=purpose)
    if not hmac.compare_digest(commitment, parts.commitment):
        return None
    try:
        return AESGCM(key).decrypt(parts.nonce, parts.ciphertext, _associated(purpose, parts.kid, context))
    except InvalidTag:
        return None


def kid_of(sealed: str) -> str:
    """Read the id of the key that a value was sealed with.

    Parameters
    ----------
    sealed : str
        A sealed value.

    Returns
    -------
    str
        8 hexadecimal digits. They are checked only when the value is opened.

    Raises
    ------
    SealError
        If the text is not of the sealed form.
    """
    parts = _parse(sealed)
    if parts is None:
        raise refusal()
    return parts.kid


def _derived(material: bytes, *, salt: bytes, purpose: str) -> tuple[bytes, bytes]:
    info = f"primer_nb/v1/{purpose}".encode("utf-8", "surrogatepass")
    made = HKDF(algorithm=SHA256(), length=KEY + _COMMITMENT, salt=salt, info=info).derive(material)
    return made[:KEY], made[KEY:]


def _associated(purpose: str, kid: str, context: tuple[str, ...]) -> bytes:
    fields = ("primer_nb", purpose, VERSION, kid, *context)
    # ids are text of any kind; surrogatepass keeps every two of them apart
    encoded = (field.encode("utf-8", "surrogatepass") for field in fields)
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


def _parse(sealed: str) -> _Parts | None:
    found = _FORM.fullmatch(sealed)
    if found is None or len(found["body"]) % 4 == 1:
        return None
    body = base64.urlsafe_b64decode(found["body"] + "=" * (-len(found["body"]) % 4))
    if len(body) < OVERHEAD or _to_base64(body) != found["body"]:
        return None
    salt, rest = body[:_SALT], body[_SALT:]
    nonce, rest = rest[:_NONCE], rest[_NONCE:]
    return _Parts(found["kid"], salt, nonce, rest[:_COMMITMENT], rest[_COMMITMENT:])


def _to_base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
