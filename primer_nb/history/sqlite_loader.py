"""Messages from SQLite into Arrow, through the connection that the kernel already has.

No other library may open the file, nor may this process open it in any other way: when a second copy of SQLite, or
a plain ``open()``, closes it, the process loses its locks, and commits are lost (SQLite, "How To Corrupt An SQLite
Database File", 2.2; measured). So this is the standard library's sqlite3, made fast by `sqlite_reader`.

First come the times, chat by chat, along an index; then all other columns, in the order of time: no value is moved
after it was read.
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
    bindparam,
    func,
    literal_column,
    select,
)

from primer_nb.history.frames import Batch
from primer_nb.history.moments import TIMESTAMP
from primer_nb.history.selection import CHATS, COMPLETIONS, MESSAGES, Query, tables_in
from primer_nb.history.sqlite_reader import PieceReader

_CHAT_ROW, _MESSAGE_ROW = literal_column("chats.rowid", Integer), literal_column("messages.rowid", Integer)
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
    rows, moments = _in_order(connection, query)
    return len(rows), _batches(connection, query.columns, rows, moments)


def _in_order(connection: Connection, query: Query) -> tuple[Any, Any]:
    """Find the rowids and the times of all messages, oldest first."""
    found = list(_read_times(connection, query))
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
        order[tied] = order[tied][_order_of_ties(connection, rows[order[tied]], times[order[tied]])]
    return rows[order], moments.take(pa.array(order))


def _read_times(connection: Connection, query: Query) -> Iterator[Batch]:
    def complete(aggregates: Select[Any]) -> Select[Any]:
        span = _CHAT_ROW.between(bindparam("first"), bindparam("last"))
        return aggregates.select_from(query.source()).where(query.of_chats, query.of_messages, span)

    reader = PieceReader(connection, {"row": _MESSAGE_ROW, "created_at": MESSAGES.c.created_at}, complete)
    chats = connection.scalars(select(_CHAT_ROW).select_from(CHATS).where(query.of_chats).order_by(_CHAT_ROW)).all()
    return reader.read(np.array(chats), lambda piece: {"first": int(piece[0]), "last": int(piece[-1])})


def _is_between(moments: Any, since: datetime | None, until: datetime | None) -> Any:
    is_in = np.ones(len(moments), bool)
    if since is not None:
        is_in &= pc.greater_equal(moments, pa.scalar(since, TIMESTAMP)).fill_null(False).to_numpy(False)
    if until is not None:
        is_in &= pc.less_equal(moments, pa.scalar(until, TIMESTAMP)).fill_null(False).to_numpy(False)
    return is_in


def _order_of_ties(connection: Connection, rows: Any, times: Any) -> Any:
    ids = pa.chunked_array([batch["id"] for batch in _read_rows(connection, {"id": MESSAGES.c.id}, rows)])
    return pc.sort_indices(pa.table({"time": times, "id": ids}), [("time", "ascending"), ("id", "ascending")])


def _batches(
    connection: Connection, columns: Mapping[str, ColumnElement[Any]], rows: Any, moments: Any
) -> Iterator[Batch]:
    if "created_at" in columns:
        yield {"created_at": moments}
    del moments
    others = {name: column for name, column in columns.items() if name != "created_at"}
    if others:
        yield from _read_rows(connection, others, rows)


def _read_rows(connection: Connection, columns: Mapping[str, ColumnElement[Any]], rows: Any) -> Iterator[Batch]:
    # json_each keeps the order of the rows, and outer joins keep SQLite from turning the loops round
    wanted = func.json_each(bindparam("rows")).table_valued("value")
    source: FromClause = wanted.outerjoin(MESSAGES, wanted.c.value == _MESSAGE_ROW)
    needed = tables_in(columns.values())
    if CHATS in needed:
        source = source.outerjoin(CHATS, CHATS.c.id == MESSAGES.c.chat_id)
    if COMPLETIONS in needed:
        source = source.outerjoin(COMPLETIONS, COMPLETIONS.c.message_id == MESSAGES.c.id)
    reader = PieceReader(connection, columns, lambda aggregates: aggregates.select_from(source))
    return reader.read(rows, lambda piece: {"rows": json.dumps(piece.tolist())})
