"""E-mail addresses as names of accounts: checked, trimmed and case-folded."""

from __future__ import annotations

import re
import unicodedata

from primer_nb import limits
from primer_nb.errors import InvalidInputError
from primer_nb.session import LOCAL_EMAIL

# One @, something before it, a name after it, no blanks or control characters. Only a message sent there could tell
# more; addresses with characters beyond ASCII exist (RFC 6531).
_SHAPE = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")


def folded(email: object) -> str:
    """Bring an e-mail address into the form it is stored and looked up in.

    Parameters
    ----------
    email : object
        What somebody typed.

    Returns
    -------
    str
        Without blanks around it, in Unicode's form NFC, case-folded.

    Raises
    ------
    InvalidInputError
        If it is not a text that could be stored.
    """
    text = limits.check_text(email, name="e-mail address", longest=limits.EMAIL).strip()
    return limits.check_text(
        unicodedata.normalize("NFC", text).casefold(), name="e-mail address", longest=limits.EMAIL
    )


def checked_email(email: object) -> str:
    """Check the e-mail address of a new account.

    Parameters
    ----------
    email : object
        What somebody typed.

    Returns
    -------
    str
        As it is stored.

    Raises
    ------
    InvalidInputError
        If it is not an e-mail address.
    """
    text = folded(email)
    if not _SHAPE.fullmatch(text) or text == LOCAL_EMAIL:
        raise InvalidInputError(f"{text[:60]!r} is not an e-mail address; write it like ada@example.org")
    return text
