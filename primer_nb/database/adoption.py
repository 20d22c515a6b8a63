"""Adopt a database that Primer made: recognise its tables, so that they can be upgraded with their rows kept.

Nothing is taken on trust. Tables that carry our names but look different are never touched; whoever owns them gets
the list of differences instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, text

from primer_nb.database.addresses import Address
from primer_nb.database.baseline import INDEXES, TABLES
from primer_nb.database.shapes import ColumnShape, TableShape, read_shapes
from primer_nb.errors import MigrationError
from primer_nb.tables import metadata_for

_NOTHING = "(none)"


class Difference(NamedTuple):
    """One thing that is not as Primer makes it.

    Parameters
    ----------
    table : str
        Its table.
    item : str
        The column or rule; empty for the table itself.
    expected : str
        What Primer makes.
    found : str
        What is there.
    """

    table: str
    item: str
    expected: str
    found: str


def is_primers(connection: Connection, address: Address) -> bool:
    """Tell a database that Primer made from one without any of our tables.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        To a database without our version table. Tables of other names, such as the bookkeeping of ``sqlx``, and
        more columns than Primer has are no hindrance.
    address : Address
        Of the database, for the message.

    Returns
    -------
    bool
        Whether the tables of the first revision are there.

    Raises
    ------
    MigrationError
        If there are tables with our names that are not Primer's; it lists the differences.
    """
    dialect = connection.dialect.name
    found, ours = read_shapes(connection), metadata_for(dialect)
    if not found.keys() & ours.tables.keys():
        return False
    if differences := list(compare(TABLES[dialect], found, ours)):
        raise MigrationError(
            f"{address}: there are tables with our names that are neither ours nor Primer's; nothing was changed:\n"
            f"{_as_table(differences)}\n"
            "Use another file or schema, or rename these tables first."
        )
    return True


def add_missing_indexes(connection: Connection) -> None:
    """Make the documented indexes that an adopted database lacks.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction.
    """
    for index in INDEXES[connection.dialect.name]:
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {index}"))


def compare(
    expected: Mapping[str, TableShape], found: Mapping[str, TableShape], ours: MetaData
) -> Iterator[Difference]:
    """Find what keeps a database from being what Primer makes.

    Parameters
    ----------
    expected : mapping of str to TableShape
        Primer's tables.
    found : mapping of str to TableShape
        The tables of the database.
    ours : sqlalchemy.MetaData
        The tables of this release: what later revisions are going to add must not be there yet.

    Yields
    ------
    Difference
        One for each.
    """
    for name in sorted((ours.tables.keys() - expected.keys()) & found.keys()):
        yield Difference(name, "", _NOTHING, "a table")
    for name, table in expected.items():
        if name in found:
            later = set(ours.tables[name].columns.keys())
            yield from _compare_columns(name, table.columns, found[name].columns, later)
            yield from (Difference(name, "", rule, _NOTHING) for rule in sorted(table.rules - found[name].rules))
        else:
            yield Difference(name, "", "a table", _NOTHING)


def _compare_columns(
    table: str, expected: Mapping[str, ColumnShape], found: Mapping[str, ColumnShape], later: set[str]
) -> Iterator[Difference]:
    for name, column in expected.items():
        if name not in found:
            yield Difference(table, name, str(column), _NOTHING)
        elif str(found[name]) != str(column):
            yield Difference(table, name, str(column), str(found[name]))
    for name in found.keys() - expected.keys():
        column = found[name]
        if name in later:
            yield Difference(table, name, _NOTHING, str(column))
        elif column.is_key or (column.is_required and not column.has_default):
            yield Difference(table, name, "(none that every row must fill)", str(column))


def _as_table(differences: list[Difference]) -> str:
    rows = [Difference("table", "column", "expected", "found"), *differences]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row.found]) for row in rows
    )
