"""A load as the text that COPY reads: all rows of all tables in one stream, each after the number of its table.

Made in large pieces, and before it is needed: while the server writes one load, the next is brought into this form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from primer_nb.backup.columns import Column, Row, Table, Value
from primer_nb.backup.loads import TABLES, Load

_ROWS_AT_ONCE = 250  # bounds what is held of a text while it is put together

_PLAIN = {"uuid", "timestamptz", "integer", "float8", "boolean"}  # nothing in their spelling means anything to COPY


def copied(load: Load) -> Load:
    """Bring a load into the form of COPY, unless it is.

    Parameters
    ----------
    load : Load
        Complete.

    Returns
    -------
    Load
        The same.
    """
    if load.copied is None:
        load.copied = list(_pieces(load))
    return load


def width_of(load: Load) -> int:
    """Tell how many values follow the number of the table.

    Parameters
    ----------
    load : Load
        The load.

    Returns
    -------
    int
        Of the widest of its tables; rows of the others are filled up.
    """
    return max(len(table.columns) for table in TABLES if load.of(table))


def _pieces(load: Load) -> Iterator[bytes]:
    width = width_of(load)
    for table in TABLES:
        rows = load.of(table)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield _lines(table, rows[start : start + _ROWS_AT_ONCE], width).encode()


def _lines(table: Table, rows: Sequence[Row], width: int) -> str:
    values = zip(*rows, strict=True)
    columns = [_column(column, some) for column, some in zip(table.columns, values, strict=True)]
    head, padding = f"{TABLES.index(table)}\t", "\t\\N" * (width - len(columns))
    return "".join([f"{head}{line}{padding}\n" for line in map("\t".join, zip(*columns, strict=True))])


def _column(column: Column, values: Sequence[Value]) -> Sequence[str]:
    texts = [value or "" for value in values]
    if column.type not in _PLAIN:
        texts = _escaped(texts)
    if None in values:
        texts = ["\\N" if value is None else text for value, text in zip(values, texts, strict=True)]
    return texts


def _escaped(texts: list[str]) -> list[str]:
    # all in one text, parted by the one character that none of them holds
    joined = "\x00".join(texts)
    for character, spelled in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        joined = joined.replace(character, spelled)
    return joined.split("\x00")
