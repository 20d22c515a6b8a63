"""How values travel from SQLite to Arrow: glued together by SQLite itself, a piece of the rows at a time.

``group_concat`` makes one text of a column, so Python handles a few objects a piece in place of one for each
value, and SQLite works without the interpreter's lock. There are two ways to glue: the quick one puts a separator
between short values and a marker for NULL, and notices when a value looks like one of these; then the careful one
takes over, which sends the length of each text. Long texts always go the careful way, which copies nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    BLOB,
    REAL,
    ColumnElement,
    Integer,
    Label,
    RowMapping,
    Text,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)

from primer_nb.history.columns import Kind
from primer_nb.history.moments import to_moments

_SEPARATOR, _NULL = 0x1E, 0x1F  # control characters that hardly any text holds
_MISSING = -(2**63)  # stands for NULL in a list of whole numbers
_LENGTHS, _COUNT = "_lengths", "_count"
_EMPTY: ColumnElement[str] = literal_column("''")
_COMMA: ColumnElement[str] = literal_column("','")
_BETWEEN: ColumnElement[str] = literal_column(f"char({_SEPARATOR})")
_INSTEAD: ColumnElement[str] = literal_column(f"char({_NULL})")


class UnclearError(Exception):
    """A piece that was glued the quick way cannot be taken apart."""


def glued(name: str, column: ColumnElement[Any], kind: Kind, *, careful: bool) -> list[Label[Any]]:
    """Make the aggregates that carry a column.

    Parameters
    ----------
    name : str
        Under which `unglued` finds them.
    column : sqlalchemy.ColumnElement
        Its values.
    kind : str
        Of `columns.KINDS`.
    careful : bool
        Which way.

    Returns
    -------
    list of sqlalchemy.Label
        One or two.
    """
    if kind == "float":
        # group_concat would write 15 digits; 17 give back the very same number where they are rounded correctly,
        # which SQLite does not at the ends of the range: 19 did for each of 700,000 random ones
        digits = case((column.is_(None), "nan"), else_=func.printf("%!.19g", cast(column, REAL)))
        return [func.group_concat(digits, _COMMA).label(name)]
    if kind == "integer":
        return [func.group_concat(func.coalesce(cast(column, Integer), _MISSING), _COMMA).label(name)]
    text = type_coerce(column, Text)
    if not careful:
        whole = func.group_concat(func.coalesce(text, _INSTEAD), _BETWEEN)
        return [cast(whole, BLOB).label(name), func.count(text).label(name + _COUNT)]
    lengths = func.coalesce(func.length(cast(text, BLOB)), -1)
    return [
        cast(func.group_concat(text, _EMPTY), BLOB).label(name),
        func.group_concat(lengths, _COMMA).label(name + _LENGTHS),
    ]


def unglued(row: RowMapping, name: str, kind: Kind, *, encoding: str) -> pa.Array:
    """Make an Arrow array of what `glued` brought.

    Parameters
    ----------
    row : sqlalchemy.RowMapping
        The result of the aggregates over at least one row.
    name, kind : str
        As for `glued`.
    encoding : str
        How the database spells texts: ``"utf-8"``, ``"utf-16le"`` or ``"utf-16be"``.

    Returns
    -------
    pyarrow.Array
        Strings (dictionary-encoded for a category), int64, double or timestamp[us, UTC].

    Raises
    ------
    UnclearError
        If it was glued the quick way, and a value looks like a separator or like the marker for NULL.
    """
    if kind == "float":
        return pa.array(_numbers(row[name], np.float64), from_pandas=True)
    if kind == "integer":
        numbers = _numbers(row[name], np.int64)
        return pa.array(numbers, mask=numbers == _MISSING)
    if name + _LENGTHS in row:
        texts = _cut(row[name] or b"", _numbers(row[name + _LENGTHS], np.int64), encoding=encoding)
    else:
        texts = _split(row[name], rows=row["count"], missing=row["count"] - row[name + _COUNT])
    if kind == "moment":
        return to_moments(texts)
    return texts.dictionary_encode() if kind == "category" else texts


def _numbers(listed: str, kind: type[np.generic]) -> Any:
    return np.fromstring(listed, dtype=kind, sep=",")


def _split(whole: bytes, *, rows: int, missing: int) -> pa.Array:
    """Take separated texts apart, or raise if that can be done in more than one way."""
    ended = np.frombuffer(whole + bytes([_SEPARATOR]), np.uint8)
    width, rest = divmod(len(ended), rows)
    if rest == 0 and missing == 0:
        table = ended.reshape(rows, width)
        if (table[:, -1] == _SEPARATOR).all() and np.count_nonzero(ended == _SEPARATOR) == rows:
            ends = np.arange(0, rows * (width - 1) + 1, width - 1) if width > 1 else np.zeros(rows + 1, np.int64)
            return _texts(ends, np.ascontiguousarray(table[:, :-1]))
    is_end = ended == _SEPARATOR
    ends = np.flatnonzero(is_end)
    if len(ends) != rows:
        raise UnclearError
    lengths = np.diff(ends, prepend=-1) - 1
    is_missing = (lengths == 1) & (ended[ends - 1] == _NULL)
    if np.count_nonzero(is_missing) != missing:
        raise UnclearError
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return _texts(offsets, ended[~is_end], is_missing)


def _cut(blob: bytes, lengths: Any, *, encoding: str) -> pa.Array:
    """Cut a blob into texts without copying it; a length of -1 stands for a missing one."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths.clip(0), out=offsets[1:])
    if encoding != "utf-8":
        return _decoded(blob, offsets, lengths < 0, encoding)
    return _texts(offsets, blob, lengths < 0)


def _texts(offsets: Any, data: Any, is_missing: Any = None) -> pa.Array:
    rows = len(offsets) - 1
    valid = None if is_missing is None or not is_missing.any() else pa.array(~is_missing).buffers()[1]
    texts = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data), valid)
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return _decoded(bytes(data), offsets, np.zeros(rows, bool) if is_missing is None else is_missing, "utf-8")
    return texts


def _decoded(blob: bytes, offsets: Any, is_missing: Any, encoding: str) -> pa.Array:
    """Make texts of bytes that are not UTF-8; what is no character becomes U+FFFD."""
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), is_missing.tolist(), strict=True)
    texts = [None if missing else blob[start:end].decode(encoding, "replace") for start, end, missing in spans]
    return pa.array(texts, pa.large_string())
