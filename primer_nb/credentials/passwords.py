"""Passwords: what is accepted as a new one, how it is stored, and how it is checked.

Argon2id with the second recommended parameters of RFC 9106, section 4. No function keeps a password in a variable
of its own in a frame that raises, so that a verbose traceback does not show it.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata

from argon2 import Parameters, Type
from argon2.exceptions import HashingError
from argon2.low_level import hash_secret_raw

from primer_nb.credentials.argon2_texts import Argon2Text, parse
from primer_nb.credentials.guessable import is_common, is_pattern, resembles_email
from primer_nb.errors import AccountError, InvalidInputError, WeakPasswordError
from primer_nb.secret import Secret

MINIMUM_LENGTH = 15  # characters; NIST SP 800-63B-4 for a password that is all there is
LOWEST_MINIMUM = 8  # an administrator may go down to here, and no further
LONGEST_BYTES = 1024

UNKNOWN = "*"  # stands for the hash of an account that is not there

# RFC 9106, section 4, second choice; 175 ms on the machine it was measured on. Read at each call.
cost = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=3, memory_cost=65_536, parallelism=4)

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_ADVICE = "four or more words that have nothing to do with each other make a good one"


def normalized(password: Secret) -> bytes:
    """Bring a password into the one form that is hashed.

    The same letters typed on another system may arrive as other code points; NFC makes them equal. Nothing is
    trimmed, cut or folded.

    Parameters
    ----------
    password : Secret
        As it was typed.

    Returns
    -------
    bytes
        UTF-8, at most `LONGEST_BYTES`.

    Raises
    ------
    InvalidInputError
        If it is longer, or holds half of a surrogate pair.
    """
    if _HALF_CHARACTER.search(password.reveal()):
        raise InvalidInputError(
            "the password holds half of a surrogate pair, which is not a character; type it again"
        )
    if len(_composed(password).encode()) > LONGEST_BYTES:
        raise InvalidInputError(f"the password is longer than {LONGEST_BYTES:,} bytes; choose a shorter one")
    return _composed(password).encode()


def check_new_password(password: Secret, *, minimum: int = MINIMUM_LENGTH, email: str = "") -> None:
    """Refuse a new password that would be guessed; every other one is good, whatever characters it is made of.

    Parameters
    ----------
    password : Secret
        The password that somebody wishes to have.
    minimum : int, default 15
        The fewest characters, counted after NFC. Less than 8 counts as 8.
    email : str, optional
        The e-mail address of the account: an attacker tries that first.

    Raises
    ------
    WeakPasswordError
        If it is too short, is one that many people use (alone, repeated, or with digits and symbols around it),
        only repeats a short piece, is a run along the alphabet or the keyboard, or is the e-mail address.
    InvalidInputError
        If no password can be like this: too long, or not made of characters.

    Examples
    --------
    >>> check_new_password(Secret("purple otter reads maps"))
    """
    normalized(password)
    least = max(minimum, LOWEST_MINIMUM)
    if len(_composed(password)) < least:
        raise WeakPasswordError(f"a password has at least {least} characters; {_ADVICE}")
    if is_pattern(_composed(password)):
        raise WeakPasswordError(
            "this password only repeats a short piece, or runs along the alphabet or the keyboard; "
            f"choose another: {_ADVICE}"
        )
    if resembles_email(_composed(password), email=email):
        raise WeakPasswordError(f"this password is the e-mail address; choose another: {_ADVICE}")
    if is_common(_composed(password)):
        raise WeakPasswordError(
            f"many people use this password, as it is or with a little added; choose another: {_ADVICE}"
        )


def hash_password(password: Secret) -> str:
    """Hash a password for storing.

    Parameters
    ----------
    password : Secret
        The password; whether it is a good one is not asked here.

    Returns
    -------
    str
        A PHC string with a new salt: ``$argon2id$v=19$m=65536,t=3,p=4$<salt>$<tag>``, 97 characters.

    Raises
    ------
    InvalidInputError
        If `normalized` refuses it.
    AccountError
        If there is not enough memory.
    """
    salt = secrets.token_bytes(cost.salt_len)
    return str(Argon2Text(cost, salt=salt, tag=stretched(password, salt=salt, parameters=cost)))


def verify_password(stored: str, password: Secret) -> bool:
    """Tell whether a password is the one that was hashed.

    Parameters
    ----------
    stored : str
        What the database holds: a PHC string of any Argon2 within the bounds of `argon2_texts`. For anything else,
        also for `UNKNOWN`, the time of a hash of today's cost is spent, so that the time tells nothing.
    password : Secret
        As it was typed.

    Returns
    -------
    bool
        Whether it is.

    Raises
    ------
    InvalidInputError
        If `normalized` refuses it.
    AccountError
        If there is not enough memory.
    """
    known = parse(stored)
    if known is None or known.tag is None:
        stretched(password, salt=bytes(cost.salt_len), parameters=cost)
        return False
    return hmac.compare_digest(known.tag, stretched(password, salt=known.salt, parameters=known.parameters))


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash is weaker than a new one would be.

    Parameters
    ----------
    stored : str
        A hash that `verify_password` just took.

    Returns
    -------
    bool
        Whether `is_weaker` says so of its parameters.
    """
    known = parse(stored)
    return known is not None and known.tag is not None and is_weaker(known.parameters)


def is_weaker(has: Parameters) -> bool:
    """Tell whether what is stored takes less to guess at than what is made now.

    Parameters
    ----------
    has : argon2.Parameters
        Of a hash, or of a slot that a password opens.

    Returns
    -------
    bool
        Whether it has less memory, fewer passes, a shorter salt or tag, or is of an older kind. The number of lanes
        does not count: it makes the hash faster on several cores, not stronger.
    """
    pairs = [
        (has.memory_cost, cost.memory_cost),
        (has.time_cost, cost.time_cost),
        (has.salt_len, cost.salt_len),
        (has.hash_len, cost.hash_len),
        (has.version, cost.version),
    ]
    return has.type is not cost.type or any(present < wanted for present, wanted in pairs)


def stretched(password: Secret, *, salt: bytes, parameters: Parameters) -> bytes:
    """Run Argon2 over a password.

    Parameters
    ----------
    password : Secret
        As it was typed.
    salt : bytes
        At least 8 bytes.
    parameters : argon2.Parameters
        The kind of Argon2, its cost and the length of the result.

    Returns
    -------
    bytes
        The tag: a verifier if it is stored, a key if it is not. Never both: a key needs a salt of its own.

    Raises
    ------
    InvalidInputError
        If `normalized` refuses the password.
    AccountError
        If there is not enough memory.
    """
    normalized(password)
    try:
        return hash_secret_raw(
            normalized(password),
            salt,
            time_cost=parameters.time_cost,
            memory_cost=parameters.memory_cost,
            parallelism=parameters.parallelism,
            hash_len=parameters.hash_len,
            type=parameters.type,
            version=parameters.version,
        )
    except HashingError:
        pass  # its frames hold the password: what is raised below does not lead to them
    raise AccountError(
        f"a password takes {parameters.memory_cost // 1024:,} MiB of memory to check, and there is not so much left; "
        "close other programs or restart a kernel, then try again"
    )


def _composed(password: Secret) -> str:
    return unicodedata.normalize("NFC", password.reveal())
