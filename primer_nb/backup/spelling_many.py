"""The values of a column all at once: what is usual is looked through in a few calls, anything else one by one.

Gives what `Column.spell` gives for each value, in half the time; nearly all that was ever written is usual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from primer_nb.backup.columns import Column, Value

_INTEGER = 2**31
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUIDS = re.compile(f"{_UUID}(?:\n{_UUID})*")
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00"
_MOMENTS = re.compile(f"{_MOMENT}(?:\n{_MOMENT})*")

Values = Sequence[object]


def spell_many(column: Column, values: Values) -> Sequence[Value]:
    """Spell values of a column as PostgreSQL reads them.

    Parameters
    ----------
    column : Column
        Whose values.
    values : sequence
        As SQLite has them.

    Returns
    -------
    sequence of str or None
        As many, in the same order.

    Raises
    ------
    RefusedError
        If PostgreSQL would not take one of them.
    """
    some = [value for value in values if value is not None] if column.is_optional else values
    if not some:
        return [None] * len(values)
    usual = _usual(column, some)
    if usual is None:
        spell = column.spell
        return [spell(value) for value in values]
    if len(some) == len(values):
        return usual
    following = iter(usual)
    return [None if value is None else next(following) for value in values]


def _usual(column: Column, values: Values) -> Sequence[Value] | None:
    match column.type:
        case "uuid":
            return _all_like(_UUIDS, values)
        case "timestamptz":
            return _moments(values)
        case "text":
            return _texts(values, column.longest)
        case "integer":
            return _integers(values)
        case "float8":
            return list(map(repr, values)) if set(map(type, values)) == {float} else None
    return None


def _moments(values: Values) -> Sequence[Value] | None:
    texts = _all_like(_MOMENTS, values)
    try:
        for _ in map(datetime.fromisoformat, texts or ()):  # there is no 30th of February
            pass
    except ValueError:
        return None
    return texts


def _all_like(lines: re.Pattern[str], values: Values) -> Sequence[str] | None:
    # a value with a line break of its own makes one line too many, whatever it holds
    if set(map(type, values)) != {str}:
        return None
    texts = cast("Sequence[str]", values)
    joined = "\n".join(texts)
    is_usual = joined.count("\n") == len(texts) - 1 and lines.fullmatch(joined)
    return texts if is_usual else None


def _texts(values: Values, longest: int | None) -> Sequence[Value] | None:
    if set(map(type, values)) != {str}:
        return None
    texts = cast("Sequence[str]", values)
    if longest is not None and max(map(len, texts)) > longest:
        return None
    return None if any("\x00" in text for text in texts) else texts


def _integers(values: Values) -> Sequence[Value] | None:
    if set(map(type, values)) != {int}:
        return None
    numbers = cast("Sequence[int]", values)
    return list(map(str, numbers)) if min(numbers) >= -_INTEGER and max(numbers) < _INTEGER else None
