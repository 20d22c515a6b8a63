"""Our own tokens: ``pnbk_`` for programs, ``pnbr_`` to stay signed in.

The prefix lets scanners of leaked secrets know them, the checksum refuses a typo without asking a database, and
only the digest is stored: 256 random bits cannot be guessed from it, so it need not be slow.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

from primer_nb.errors import TokenError
from primer_nb.secret import Secret

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET = 43  # characters of Base62 that hold 256 bits
_CHECKSUM = 6  # characters that hold a CRC-32
_TOKEN = re.compile(r"(?P<body>pnbk_(?P<id>[0-9A-Za-z]{8})_[0-9A-Za-z]{43})(?P<checksum>[0-9A-Za-z]{6})")


def new_token() -> Secret:
    """Make a token for a program.

    Returns
    -------
    Secret
        63 characters: ``pnbk_``, a public id of 8, ``_``, 256 random bits in Base62, and a CRC-32 of it all.
    """
    public = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    body = f"pnbk_{public}_{_random_part()}"
    return Secret(body + _checksum(body))


def parse_token(text: Secret) -> Secret:
    """Check a token that somebody typed or pasted.

    The checksum finds every wrong character, so a typo costs no query.

    Parameters
    ----------
    text : Secret
        The token; blanks around it are forgiven.

    Returns
    -------
    Secret
        The token without them.

    Raises
    ------
    TokenError
        If it is not a whole token of ours.
    """
    if not _is_whole(text.reveal().strip()):
        raise TokenError("this is not a token of ours, or not all of it: pnbk_ and 58 characters; copy it again")
    return Secret(text.reveal().strip())


def public_id(token: Secret) -> str:
    """Return the part of a token that may be shown and stored.

    Parameters
    ----------
    token : Secret
        A token for a program.

    Returns
    -------
    str
        8 characters.

    Raises
    ------
    TokenError
        If it is not a whole token of ours.
    """
    return parse_token(token).reveal()[5:13]


def new_refresh_token() -> Secret:
    """Make a token that keeps somebody signed in.

    Returns
    -------
    Secret
        48 characters: ``pnbr_`` and 256 random bits in Base62. Nobody types it, so it has no checksum.
    """
    return Secret(f"pnbr_{_random_part()}")


def digest(token: Secret) -> str:
    """Return what is stored of a token.

    Parameters
    ----------
    token : Secret
        A token of either kind.

    Returns
    -------
    str
        SHA-256 of its UTF-8, 64 hexadecimal digits.
    """
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def _random_part() -> str:
    return _base62(int.from_bytes(secrets.token_bytes(32), "big"), width=_SECRET)


def _is_whole(text: str) -> bool:
    found = _TOKEN.fullmatch(text)
    return found is not None and _checksum(found["body"]) == found["checksum"]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), width=_CHECKSUM)


def _base62(number: int, *, width: int) -> str:
    characters = ""
    for _ in range(width):
        number, rest = divmod(number, len(_ALPHABET))
        characters = _ALPHABET[rest] + characters
    return characters
