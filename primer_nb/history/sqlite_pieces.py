"""How values travel from SQLite to Arrow: glued together by SQLite itself, a piece of the rows at a time.

``group_concat`` makes one text of a column, so Python handles a few objects a piece in place of one for each
value, and SQLite works without the interpreter's lock. Texts travel as one blob beside the list of their lengths,
so that they may hold anything: separators, NUL, broken UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from sqlalchemy import BLOB, REAL, ColumnElement, Integer, Label, RowMapping, case, cast, func, literal_column
from sqlalchemy.exc import DataError

from primer_nb.history.columns import Kind
from primer_nb.history.moments import to_moments

_MISSING = -(2**63)  # stands for NULL in a list of whole numbers
_LENGTHS = "_lengths"
_EMPTY: ColumnElement[str] = literal_column("''")
_COMMA: ColumnElement[str] = literal_column("','")

_FIRST_PIECE, _LARGEST_PIECE = 500, 20_000  # keys
_PIECE_WEIGHT = 4_000_000  # bytes

Piece = TypeVar("Piece")


def glued(name: str, column: ColumnElement[Any], kind: Kind) -> list[Label[Any]]:
    """Make the aggregates that carry a column.

    Parameters
    ----------
    name : str
        Under which `unglued` finds them.
    column : sqlalchemy.ColumnElement
        Its values.
    kind : str
        Of `columns.KINDS`.

    Returns
    -------
    list of sqlalchemy.Label
        One for numbers; two for texts and times.
    """
    if kind == "integer":
        numbers = func.coalesce(cast(column, Integer), _MISSING)
        return [func.group_concat(numbers, _COMMA).label(name)]
    if kind == "float":
        # group_concat would write 15 digits; 17 give back the very same number where they are rounded correctly,
        # which SQLite does not at the ends of the range: 19 did for each of 700,000 random ones
        digits = case((column.is_(None), "nan"), else_=func.printf("%!.19g", cast(column, REAL)))
        return [func.group_concat(digits, _COMMA).label(name)]
    lengths = func.coalesce(func.length(cast(column, BLOB)), -1)
    return [
        cast(func.group_concat(column, _EMPTY), BLOB).label(name),
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
    """
    if kind == "integer":
        numbers = _numbers(row[name], np.int64)
        return pa.array(numbers, mask=numbers == _MISSING)
    if kind == "float":
        return pa.array(_numbers(row[name], np.float64), from_pandas=True)
    texts = unglued_texts(row[name], row[name + _LENGTHS], encoding=encoding)
    if kind == "moment":
        return to_moments(texts)
    return texts.dictionary_encode() if kind == "category" else texts


def unglued_texts(glued_texts: bytes | None, lengths: str, *, encoding: str) -> pa.Array:
    """Cut a blob into texts without copying it.

    Parameters
    ----------
    glued_texts : bytes or None
        All texts, one behind the other; None when all are missing.
    lengths : str
        Bytes of each text, -1 for a missing one, between commas.
    encoding : str
        As for `unglued`.

    Returns
    -------
    pyarrow.Array
        Strings. Bytes that are no character in the encoding become U+FFFD.
    """
    each = _numbers(lengths, np.int64)
    offsets = np.zeros(len(each) + 1, np.int64)
    np.cumsum(each.clip(0), out=offsets[1:])
    blob = glued_texts or b""
    if encoding != "utf-8":
        return _decoded(blob, offsets, each < 0, encoding)
    valid = pa.array(each >= 0).buffers()[1] if each.min() < 0 else None
    texts = pa.LargeStringArray.from_buffers(len(each), pa.py_buffer(offsets), pa.py_buffer(blob), valid)
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return _decoded(blob, offsets, each < 0, encoding)
    return texts


def in_pieces(keys: Any, read: Callable[[Any], tuple[int, Piece]]) -> Iterator[Piece]:
    """Read rows piece by piece, each about as heavy as is good for speed and memory.

    Parameters
    ----------
    keys : numpy.ndarray
        What tells the rows, in order.
    read : callable
        Takes the keys of a piece; returns how many bytes came, and what was made of them.

    Yields
    ------
    object
        What ``read`` made, piece by piece.
    """
    start, size = 0, _FIRST_PIECE
    while start < len(keys):
        piece = keys[start : start + size]
        try:
            weight, value = read(piece)
        except DataError:  # more than a billion bytes, the most that SQLite makes one value of
            if len(piece) == 1:
                raise
            size = len(piece) // 2
            continue
        yield value
        start += len(piece)
        size = max(1, min(4 * size, _LARGEST_PIECE, size * _PIECE_WEIGHT // max(weight, 1)))


def _numbers(listed: str, kind: type[np.generic]) -> Any:
    return np.fromstring(listed, dtype=kind, sep=",")


def _decoded(blob: bytes, offsets: Any, is_missing: Any, encoding: str) -> pa.Array:
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), is_missing.tolist(), strict=True)
    texts = [None if missing else blob[start:end].decode(encoding, "replace") for start, end, missing in spans]
    return pa.array(texts, pa.large_string())
