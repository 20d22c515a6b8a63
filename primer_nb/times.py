"""Points in time: always aware, always UTC, one spelling on disk, many accepted when read.

What is written has a fixed width, so that in SQLite the order of the texts is the order of the times. What other
programs left (Primer's Rust code writes 0 to 9 fraction digits, SQLite's own functions a space and no zone) is
read too; a time without a zone is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPELLING = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?\Z",
    re.IGNORECASE,
)


def now() -> datetime:
    """Return the current time.

    Returns
    -------
    datetime
        Aware, in UTC, with microseconds.
    """
    return datetime.now(UTC)


def after(previous: datetime | None) -> datetime:
    """Return the current time, or one microsecond past another time when the clock is not beyond it.

    A clock that was set back must not put a reply before its question.

    Parameters
    ----------
    previous : datetime, optional
        The time that must stay earlier.

    Returns
    -------
    datetime
        Aware, in UTC, later than ``previous``.
    """
    current = now()
    if previous is None or current > previous:
        return current
    return previous + timedelta(microseconds=1)


def to_text(moment: datetime) -> str:
    """Write a time the way the tables keep it.

    Parameters
    ----------
    moment : datetime
        An aware time; any zone.

    Returns
    -------
    str
        ISO 8601 in UTC: 32 characters, six fraction digits and ``+00:00``.

    Raises
    ------
    ValueError
        If ``moment`` has no zone: guessing one would shift it.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; pass an aware datetime such as datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse(text: str) -> datetime:
    """Read a time in any spelling that a writer of this schema may have left.

    Parameters
    ----------
    text : str
        Date and time with ``T`` or a space between, 0 to 9 fraction digits (cut to microseconds, never rounded),
        and ``Z``, an offset or nothing (then UTC) at the end.

    Returns
    -------
    datetime
        Aware, in UTC.

    Raises
    ------
    ValueError
        If the text is not such a time.
    """
    try:  # our own spelling, by far the most frequent
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _parse_loosely(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parse_loosely(text: str) -> datetime:
    match = _SPELLING.match(text.strip())
    if match is None:
        raise ValueError(f"{text[:60]!r} is not a time; write it as '2026-01-31 12:00:00' or in ISO 8601")
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone.upper() in {"Z", "UTC"} else zone
    return datetime.fromisoformat(
        f"{day}T{clock}{'' if clock.count(':') == 2 else ':00'}.{(fraction or '0')[:6]:0<6}{zone}"
    )
