"""Messages from SQLite into Arrow, through the connection that the kernel already has.

No other library may open the file, nor may this process open it in any other way: when a second copy of SQLite, or
a plain ``open()``, closes it, the process loses its locks, and commits are lost (SQLite, "How To Corrupt An SQLite
Database File", 2.2; measured). So this is the standard library's sqlite3, made fast by `sqlite_reader`.

First come the times, chat by chat, along an index, and with them the numbers of the rows that belong together; then
each table by itself, chats and completions only once; last the messages, in the order of time, so that no text has to
be moved after it was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
)

from primer_nb.history.columns import KINDS
from primer_nb.history.frames import TYPES, Batch
from primer_nb.history.moments import TIMESTAMP
from primer_nb.history.selection import CHATS, COMPLETIONS, MESSAGES, Query, tables_in
from primer_nb.history.sqlite_reader import ROW_OF, PieceReader

_ROW = {table: literal_column(f"{table.name}.rowid", Integer) for table in (CHATS, MESSAGES, COMPLETIONS)}
_NEVER = np.iinfo(np.int64).max  # rows whose time nobody can read come last

Columns = Mapping[str, ColumnElement[Any]]


def load(connection: Connection, query: Query) -> tuple[int, Iterator[Batch]]:
    """Read the columns of a query, oldest message first.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction, so that all pieces see the same rows; the batches are read from it.
    query : Query
        What to read.

    Returns
    -------
    tuple of int and iterator of mapping
        How many messages there are, and batches of them.
    """
    columns: dict[Table, dict[str, ColumnElement[Any]]] = {CHATS: {}, COMPLETIONS: {}, MESSAGES: {}}
    for name, column in query.columns.items():
        tables = tables_in([column])
        columns[tables.pop() if len(tables) == 1 else MESSAGES][name] = column
    moments, rows = _find(connection, query, [table for table in columns if columns[table] or table is MESSAGES])
    return len(moments), _batches(connection, columns, moments, rows)


def _find(connection: Connection, query: Query, tables: list[Table]) -> tuple[Any, dict[Table, Any]]:
    """Find the times of the messages, oldest first, and for each table the rowids of what belongs to them."""
    pieces = list(_read_times(connection, query, tables))
    if not pieces:
        return pa.array([], TIMESTAMP), {table: pa.array([], pa.int64()) for table in tables}
    joined = {name: pa.chunked_array([piece[name] for piece in pieces]).combine_chunks() for name in pieces[0]}
    moments, rows = joined["created_at"], joined[MESSAGES.name + ROW_OF]
    times = moments.cast(pa.int64()).fill_null(_NEVER).to_numpy()
    order = np.flatnonzero(_is_between(moments, query.since, query.until))
    order = order[np.argsort(times[order], kind="stable")]
    same = np.flatnonzero(np.diff(times[order]) == 0)
    if len(same):
        tied = np.union1d(same, same + 1)
        order[tied] = order[tied][_order_of_ties(connection, rows.take(order[tied]), times[order[tied]])]
    return moments.take(order), {table: joined[table.name + ROW_OF].take(order) for table in tables}


def _read_times(connection: Connection, query: Query, tables: list[Table]) -> Iterator[Batch]:
    columns = {table.name + ROW_OF: _ROW[table] for table in tables} | {"created_at": MESSAGES.c.created_at}

    def complete(aggregates: Select[Any]) -> Select[Any]:
        span = _ROW[CHATS].between(bindparam("first"), bindparam("last"))
        source = query.source([COMPLETIONS.c.message_id] if COMPLETIONS in tables else [])
        return aggregates.select_from(source).where(query.of_chats, query.of_messages, span)

    chats = select(_ROW[CHATS]).select_from(CHATS).where(query.of_chats).order_by(_ROW[CHATS])
    reader = PieceReader(connection, columns, complete)
    return reader.read(
        np.array(connection.scalars(chats).all(), np.int64),
        lambda piece: {"first": int(piece[0]), "last": int(piece[-1])},
    )


def _is_between(moments: Any, since: datetime | None, until: datetime | None) -> Any:
    is_in = np.ones(len(moments), bool)
    if since is not None:
        is_in &= pc.greater_equal(moments, pa.scalar(since, TIMESTAMP)).fill_null(False).to_numpy(False)
    if until is not None:
        is_in &= pc.less_equal(moments, pa.scalar(until, TIMESTAMP)).fill_null(False).to_numpy(False)
    return is_in


def _order_of_ties(connection: Connection, rows: Any, times: Any) -> Any:
    batches = _read_rows(connection, MESSAGES, {"id": MESSAGES.c.id}, rows.to_numpy())
    ids = pa.chunked_array([batch["id"] for batch in batches])
    return pc.sort_indices(pa.table({"time": times, "id": ids}), [("time", "ascending"), ("id", "ascending")])


def _batches(
    connection: Connection, columns: Mapping[Table, Columns], moments: Any, rows: dict[Table, Any]
) -> Iterator[Batch]:
    for table in (CHATS, COMPLETIONS):
        if columns[table]:
            yield from _read_shared(connection, table, columns[table], rows.pop(table))
    own = dict(columns[MESSAGES])
    if own.pop("created_at", None) is not None:
        yield {"created_at": moments}
    del moments
    pa.default_memory_pool().release_unused()  # else Arrow keeps up to 100 MB of a million messages for later use
    if own:
        yield from _read_rows(connection, MESSAGES, own, rows[MESSAGES].to_numpy())


def _read_shared(connection: Connection, table: Table, columns: Columns, rows: Any) -> Iterator[Batch]:
    """Read each row once, and spread it over the messages that it belongs to."""
    encoded = rows.dictionary_encode()
    pieces = list(_read_rows(connection, table, columns, encoded.dictionary.to_numpy()))
    for name in columns:
        if pieces:
            values = pa.chunked_array([piece[name] for piece in pieces]).unify_dictionaries().combine_chunks()
            yield {name: values.take(encoded.indices)}
        else:
            yield {name: pa.nulls(len(rows), TYPES[KINDS[name]])}


def _read_rows(connection: Connection, table: Table, columns: Columns, rows: Any) -> Iterator[Batch]:
    # json_each keeps the order of the rows, and outer joins keep SQLite from turning the loops round
    wanted = func.json_each(bindparam("rows")).table_valued("value")
    source: FromClause = wanted.outerjoin(table, wanted.c.value == _ROW[table])
    others = tables_in(columns.values()) - {table}
    if CHATS in others:
        source = source.outerjoin(CHATS, CHATS.c.id == MESSAGES.c.chat_id)
    if COMPLETIONS in others:
        source = source.outerjoin(COMPLETIONS, COMPLETIONS.c.message_id == MESSAGES.c.id)
    reader = PieceReader(connection, columns, lambda aggregates: aggregates.select_from(source))
    return reader.read(rows, lambda piece: {"rows": json.dumps(piece.tolist())})
