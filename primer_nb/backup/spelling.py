"""One spelling of identifiers and times, whoever wrote them: what PostgreSQL would keep of them.

SQLite holds any text; digests and rows on their way to a server go by these spellings.
"""

from __future__ import annotations

import re
from datetime import datetime

from primer_nb.times import parse, to_text

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LOOSE = re.compile(r"(\{)?([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})(?(1)\})", re.IGNORECASE)
_OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
_DATED = re.compile(r"\s*\d{4}-\d\d-\d\d[T ]\d", re.IGNORECASE)


def canonical_id(text: str) -> str | None:
    """Spell a UUID as PostgreSQL does.

    Parameters
    ----------
    text : str
        In any case, with or without dashes and braces: every spelling that PostgreSQL takes.

    Returns
    -------
    str or None
        Lower case, hyphenated; ``None`` when it is no UUID.
    """
    if _CANONICAL.fullmatch(text):
        return text
    match = _LOOSE.fullmatch(text)
    if match is None:
        return None
    digits = match[2].replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def canonical_moment(text: str) -> str | None:
    """Spell a time as our tables do: UTC, six fraction digits, cut and not rounded.

    Parameters
    ----------
    text : str
        As `primer_nb.times.parse` takes it, with a day that is written with dashes: what has none may be an epoch.

    Returns
    -------
    str or None
        32 characters; ``None`` when it is no time.
    """
    if _DATED.match(text) is None:
        return None
    try:
        if _OURS.fullmatch(text):  # by far the most frequent
            datetime.fromisoformat(text)
            return text
        return to_text(parse(text))
    except (ValueError, OverflowError):  # the zone may carry the first or last year over the edge
        return None
