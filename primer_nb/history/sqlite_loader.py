"""Messages from SQLite into Arrow, through the connection that the kernel already has.

No other library may open the file, nor may this process open it in any other way: when a second copy of SQLite, or
a plain ``open()``, closes it, the process loses its locks, and commits are lost (SQLite, "How To Corrupt An SQLite
Database File", 2.2; measured). So this is the standard library's sqlite3, made fast by `sqlite_pieces`.

First come the times, chat by chat, along an index; then all other columns, in the order of time: no value is moved
after it was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
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
    bindparam,
    func,
    literal_column,
    select,
)

from primer_nb.history.columns import KINDS, Kind
from primer_nb.history.frames import Batch
from primer_nb.history.moments import TIMESTAMP
from primer_nb.history.selection import CHATS, COMPLETIONS, MESSAGES, Query, tables_in
from primer_nb.history.sqlite_pieces import glued, in_pieces, unglued

_CHAT_ROW, _MESSAGE_ROW = literal_column("chats.rowid", Integer), literal_column("messages.rowid", Integer)
_KINDS: dict[str, Kind] = {**KINDS, "row": "integer"}
_NEVER = np.iinfo(np.int64).max  # rows whose time nobody can read come last


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
    encoding = str(connection.exec_driver_sql("PRAGMA encoding").scalar_one()).lower()
    rows, moments = _in_order(connection, query, encoding)
    return len(rows), _batches(connection, query.columns, rows, moments, encoding)


def _in_order(connection: Connection, query: Query, encoding: str) -> tuple[Any, Any]:
    """Find the rowids and the times of all messages, oldest first."""
    found = list(_read_times(connection, query, encoding))
    if not found:
        return np.empty(0, np.int64), pa.array([], TIMESTAMP)
    rows = np.concatenate([piece["row"].to_numpy() for piece in found])
    moments = pa.chunked_array([piece["created_at"] for piece in found]).combine_chunks()
    times = moments.cast(pa.int64()).fill_null(_NEVER).to_numpy()
    order = np.flatnonzero(_is_between(moments, query.since, query.until))
    order = order[np.argsort(times[order], kind="stable")]
    same = np.flatnonzero(np.diff(times[order]) == 0)
    if len(same):
        tied = np.union1d(same, same + 1)
        order[tied] = order[tied][_order_of_ties(connection, rows[order[tied]], times[order[tied]], encoding)]
    return rows[order], moments.take(pa.array(order))


def _read_times(connection: Connection, query: Query, encoding: str) -> Iterator[Batch]:
    columns = {"row": _MESSAGE_ROW, "created_at": MESSAGES.c.created_at}
    statement = (
        _glued_together(columns)
        .select_from(query.source())
        .where(query.of_chats, query.of_messages, _CHAT_ROW.between(bindparam("first"), bindparam("last")))
    )

    def read(chats: Any) -> tuple[int, Batch]:
        span = {"first": int(chats[0]), "last": int(chats[-1])}
        return _read_piece(connection, statement, span, columns, encoding)

    chats = connection.scalars(select(_CHAT_ROW).select_from(CHATS).where(query.of_chats).order_by(_CHAT_ROW)).all()
    return (piece for piece in in_pieces(np.array(chats), read) if piece)


def _is_between(moments: Any, since: datetime | None, until: datetime | None) -> Any:
    is_in = np.ones(len(moments), bool)
    if since is not None:
        is_in &= pc.greater_equal(moments, pa.scalar(since, TIMESTAMP)).fill_null(False).to_numpy(False)
    if until is not None:
        is_in &= pc.less_equal(moments, pa.scalar(until, TIMESTAMP)).fill_null(False).to_numpy(False)
    return is_in


def _order_of_ties(connection: Connection, rows: Any, times: Any, encoding: str) -> Any:
    batches = _read_rows(connection, {"id": MESSAGES.c.id}, rows, encoding)
    ids = pa.chunked_array([batch["id"] for batch in batches])
    table = pa.table({"time": times, "id": ids})
    return pc.sort_indices(table, [("time", "ascending"), ("id", "ascending")]).to_numpy()


def _batches(
    connection: Connection, columns: Mapping[str, ColumnElement[Any]], rows: Any, moments: Any, encoding: str
) -> Iterator[Batch]:
    if "created_at" in columns:
        yield {"created_at": moments}
    del moments
    others = {name: column for name, column in columns.items() if name != "created_at"}
    if others:
        yield from _read_rows(connection, others, rows, encoding)


def _read_rows(
    connection: Connection, columns: Mapping[str, ColumnElement[Any]], rows: Any, encoding: str
) -> Iterator[Batch]:
    # json_each keeps the order of the rows, and outer joins keep SQLite from turning the loops round
    wanted = func.json_each(bindparam("rows")).table_valued("value")
    source: FromClause = wanted.outerjoin(MESSAGES, wanted.c.value == _MESSAGE_ROW)
    needed = tables_in(columns.values())
    if CHATS in needed:
        source = source.outerjoin(CHATS, CHATS.c.id == MESSAGES.c.chat_id)
    if COMPLETIONS in needed:
        source = source.outerjoin(COMPLETIONS, COMPLETIONS.c.message_id == MESSAGES.c.id)
    statement = _glued_together(columns).select_from(source)

    def read(keys: Any) -> tuple[int, Batch]:
        return _read_piece(connection, statement, {"rows": json.dumps(keys.tolist())}, columns, encoding)

    return in_pieces(rows, read)


def _glued_together(columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    parts = [part for name, column in columns.items() for part in glued(name, column, _KINDS[name])]
    return select(func.count().label("count"), *parts)


def _read_piece(
    connection: Connection, statement: Select[Any], values: dict[str, Any], names: Iterable[str], encoding: str
) -> tuple[int, Batch]:
    row = connection.execute(statement, values).mappings().one()
    if row["count"] == 0:
        return 0, {}
    weight = sum(len(value) for value in row.values() if isinstance(value, bytes | str))
    return weight, {name: unglued(row, name, _KINDS[name], encoding=encoding) for name in names}
