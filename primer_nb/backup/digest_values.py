"""What a digest is made of: its fields, the hash of a line, and how a value is told in one.

The same in `digest_queries`, in SQL.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

IDS, LENGTHS, CONTENTS = 1, 2, 3
"""The depths of a digest."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What one chat holds.

    Parameters
    ----------
    title, model : str or None
        Of the chat.
    updated_at : str
        When it changed last, in the canonical spelling; ``"?"`` for a time that has none.
    count : int
        Its messages.
    ids_xor : int
        Of the identifiers of its messages.
    details : int
        Of its completions, settings, tags and attachments: their identifiers, or at depth 3 all they hold.
    lengths : int, default 0
        Bytes of its messages; 0 at depth 1.
    content : int, default 0
        Of all that its messages hold; 0 at depths 1 and 2.
    """

    title: str | None
    model: str | None
    updated_at: str
    count: int
    ids_xor: int
    details: int
    lengths: int = 0
    content: int = 0

    def hash_with(self, chat_id: str) -> int:
        """Hash the digest itself, for its bucket.

        Parameters
        ----------
        chat_id : str
            Whose digest it is.

        Returns
        -------
        int
            64 bits, signed.
        """
        texts = (text_field(self.title), text_field(self.model), self.updated_at)
        numbers = (self.count, self.ids_xor, self.details, self.lengths, self.content)
        return hash_of("b", chat_id, *texts, *map(str, numbers))


@dataclass(frozen=True, slots=True)
class Bucket:
    """The chats whose identifiers end in the same byte.

    Parameters
    ----------
    chats, messages : int
        How many.
    content : int
        Of their digests.
    """

    chats: int
    messages: int
    content: int


def hash_of(*fields: str) -> int:
    """Hash a line of fields.

    Parameters
    ----------
    *fields : str
        What UTF-8 can spell. Only the last may hold any text as it is; others by `text_field`.

    Returns
    -------
    int
        The first 64 bits of the line's SHA-256, signed.
    """
    return int.from_bytes(hashlib.sha256("|".join(fields).encode()).digest()[:8], "big", signed=True)


def low_half(canonical: str) -> int:
    """Take the last 64 bits of an identifier, which are random in every version of UUID in use.

    Parameters
    ----------
    canonical : str
        36 characters.

    Returns
    -------
    int
        Signed.
    """
    value = int(canonical[19:23] + canonical[24:], 16)
    return value - (1 << 64) if value >> 63 else value


def text_field(value: str | None) -> str:
    """Tell a text so that it cannot run into the next field.

    Parameters
    ----------
    value : str or None
        The text.

    Returns
    -------
    str
        With its length before it; a dash for none.
    """
    return "-" if value is None else f"{len(value)}:{value}"


def number_field(value: float | None) -> str:
    """Tell a number by its bits: databases do not agree on its digits.

    Parameters
    ----------
    value : float or None
        The number.

    Returns
    -------
    str
        16 hexadecimal digits; a dash for none.
    """
    return "-" if value is None else struct.pack(">d", value + 0.0).hex()


def whole_field(value: object | None) -> str:
    """Tell a whole number or an identifier.

    Parameters
    ----------
    value : object or None
        The value.

    Returns
    -------
    str
        As it is; a dash for none.
    """
    return "-" if value is None else str(value)
