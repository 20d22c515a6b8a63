"""Rows of a local store as PostgreSQL reads them, and those that it would not take.

Every text is checked here, before anything is sent; no row is changed in the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from primer_nb.backup.columns import RefusedError, Row, Table
from primer_nb.backup.spelling_many import spell_many

Parameters = Sequence[object] | Mapping[str, object]


class Quarantined(NamedTuple):
    """A row that stays behind, and why.

    Parameters
    ----------
    kind : str
        ``"c"`` chat, ``"m"`` message, ``"k"`` completion, ``"d"`` settings or tag of a chat, ``"a"`` attachment,
        ``"s"`` settings of the user.
    entity_id : str or bytes
        Its key as the local store has it; bytes where that is no text.
    reason : str
        What is wrong with it, without the value.
    """

    kind: str
    entity_id: str | bytes
    reason: str


def read_rows(
    connection: sqlite3.Connection,
    table: Table,
    condition: str,
    parameters: Parameters = (),
    *,
    refused: list[Quarantined],
) -> Iterator[Row]:
    """Read rows, ready for PostgreSQL.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store; in a transaction when several reads must be of one moment.
    table : Table
        Which.
    condition : str
        What follows WHERE; the columns may be called by the table's name.
    parameters : sequence or mapping, optional
        Of the condition.
    refused : list of Quarantined
        Rows that PostgreSQL would not take are added here and not returned.

    Yields
    ------
    tuple of str or None
        One value a column of the table, in the spelling of PostgreSQL.
    """
    names = ", ".join(f"{table.name}.{name}" for name in table.names)
    query = f"SELECT {names} FROM {table.name} WHERE {condition}"
    for raw in fetched(connection, query, parameters):
        try:
            yield spelled(table, raw)
        except RefusedError as reason:
            refused.append(Quarantined(table.kind, raw[0] or "", str(reason)))


def spelled(table: Table, raw: Sequence[object]) -> Row:
    """Spell a row as PostgreSQL reads it.

    Parameters
    ----------
    table : Table
        Whose row.
    raw : sequence
        Its values as SQLite has them, one a column.

    Returns
    -------
    tuple of str or None
        The same values.

    Raises
    ------
    RefusedError
        If PostgreSQL would not take one of them; it says which column.
    """
    try:
        return tuple([spell(value) for spell, value in zip(table.spellers, raw, strict=True)])
    except RefusedError:
        raise RefusedError(_reason(table, raw)) from None


def all_spelled(table: Table, raws: Sequence[Sequence[object]], *, refused: list[Quarantined]) -> list[Row | None]:
    """Spell many rows as `spelled` does.

    Parameters
    ----------
    table : Table
        Whose rows.
    raws : sequence of sequence
        The rows as SQLite has them.
    refused : list of Quarantined
        Rows that PostgreSQL would not take are added here.

    Returns
    -------
    list of tuple or None
        As many as there were, in the same order; ``None`` for a refused one.
    """
    if not raws:
        return []
    try:
        columns = [
            spell_many(column, values) for column, values in zip(table.columns, zip(*raws, strict=True), strict=True)
        ]
        return list(zip(*columns, strict=True))
    except RefusedError:  # which of them it is, they tell one by one
        return [_spelled_or_refused(table, raw, refused) for raw in raws]


def fetched(connection: sqlite3.Connection, query: str, parameters: Parameters = ()) -> Iterator[tuple[Any, ...]]:
    """Run a query on texts that may be broken: one that is not UTF-8 would end it.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    query : str
        SQL.
    parameters : sequence or mapping, optional
        Of the query.

    Yields
    ------
    tuple
        A row; a text that is not UTF-8 comes as bytes.
    """
    done = 0
    try:
        for row in connection.execute(query, parameters):
            yield row
            done += 1
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        yield from islice(_decoded_one_by_one(connection, query, parameters), done, None)


def _spelled_or_refused(table: Table, raw: Sequence[Any], refused: list[Quarantined]) -> Row | None:
    try:
        return spelled(table, raw)
    except RefusedError as reason:
        refused.append(Quarantined(table.kind, raw[0] or "", str(reason)))
        return None


def _reason(table: Table, raw: Sequence[object]) -> str:
    for column, value in zip(table.columns, raw, strict=True):
        try:
            column.spell(value)
        except RefusedError as reason:
            return f"{column.name} {reason}"
    raise AssertionError(table.name)


def _decoded_one_by_one(
    connection: sqlite3.Connection, query: str, parameters: Parameters
) -> Iterator[tuple[Any, ...]]:
    # The module asks for the factory at each row, and others use the connection between two of ours.
    usual = connection.text_factory
    cursor = connection.cursor()
    try:
        connection.text_factory = _decoded
        cursor.execute(query, parameters)
        while (row := cursor.fetchone()) is not None:
            connection.text_factory = usual
            yield row
            connection.text_factory = _decoded
    finally:
        connection.text_factory = usual
        cursor.close()


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
