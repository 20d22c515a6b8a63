"""Rows out of a server, by COPY, as a local store keeps them: the casts are the server's work.

It streams, needs no cursor and no prepared statement, and so goes through a pooler in transaction mode too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any

from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    USER_SETTINGS,
    Column,
    Table,
)
from primer_nb.backup.digest_queries import MOMENT
from primer_nb.backup.rows import Quarantined

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

OF_CHATS = (CHATS, MESSAGES, COMPLETIONS, CHAT_SETTINGS, CHAT_TAGS, ATTACHMENTS)
"""What belongs to chats, parents first."""

LocalRow = tuple[Any, ...]

_OF_MESSAGES = "IN (SELECT m.id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE {only})"
_OWNERS = {
    CHATS: ("user_id", "= {user_id}"),
    MESSAGES: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    COMPLETIONS: ("message_id", _OF_MESSAGES),
    CHAT_SETTINGS: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    CHAT_TAGS: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    ATTACHMENTS: ("message_id", _OF_MESSAGES),
    USER_SETTINGS: ("user_id", "= {user_id}"),
}
_READERS: dict[str, Callable[[str], object]] = {
    "integer": int,
    "boolean": int,
    "float8": float,  # SQLite's own reading is not exact
    "bytea": lambda text: bytes.fromhex(text[2:]),
}
# Almost no text holds them, so almost none has to be mended: in COPY's own format each line break has.
_DELIMITER, _QUOTE = "\x01", "\x02"
_FORMAT = "FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02', ENCODING 'UTF8'"
_UNREADABLE = "?"
_LONG = {MESSAGES: (3, 120), CHAT_SETTINGS: (5, 120), ATTACHMENTS: (6, 200)}


class Incoming:
    """Rows of a table that belong to a user, as they come from a server; for one iteration.

    Its rows are taken apart here, which takes a third of the time of psycopg's own reader.

    Parameters
    ----------
    pg : psycopg.Connection
        To the server.
    table : Table
        Which table.
    user_id : str
        Whose rows.
    chats : collection of str, optional
        Only what belongs to these; all by default.
    refused : list of Quarantined
        Rows with a time that no local store can hold (infinity, a year beyond 9999) are added here, not returned.
    """

    def __init__(
        self,
        pg: Connection[Any],
        table: Table,
        user_id: str,
        *,
        chats: Collection[str] | None = None,
        refused: list[Quarantined],
    ) -> None:
        self.size = 0  # bytes so far
        self._pg = pg
        self._table = table
        self._query = _query(table, user_id, chats)
        self._refused = refused
        self._moments = [place for place, column in enumerate(table.columns) if column.type == "timestamptz"]
        self._readers = [
            (place, _READERS[column.type]) for place, column in enumerate(table.columns) if column.type in _READERS
        ]

    def __iter__(self) -> Generator[LocalRow]:
        """Yield texts, numbers and bytes, in the order of the table's columns."""
        width, moments = len(self._table.columns), self._moments
        with self._pg.cursor() as cursor, cursor.copy(self._query) as copy:
            for row in copy:  # one each
                self.size += len(row)
                line = str(row, "utf-8")[:-1]
                fields: list[Any] = line.split(_DELIMITER)
                if len(fields) != width:
                    fields = _put_together(fields)
                if "" in fields:
                    fields = [field or None for field in fields]
                if _QUOTE in line:
                    fields = [_unquoted(field) if field and field[0] == _QUOTE else field for field in fields]
                if _UNREADABLE in fields and any(fields[place] == _UNREADABLE for place in moments):
                    reason = "has a time beyond the years 1 to 9999"
                    self._refused.append(Quarantined(self._table.kind, fields[0], reason))
                    continue
                for place, read in self._readers:
                    if fields[place] is not None:
                        fields[place] = read(fields[place])
                yield tuple(fields)


def _put_together(pieces: list[str]) -> list[str]:
    """Mend fields that hold the delimiter: of a whole field the quotes are even."""
    fields: list[str] = []
    is_open = False
    for piece in pieces:
        if is_open:
            fields[-1] += _DELIMITER + piece
        else:
            fields.append(piece)
        is_open = fields[-1].count(_QUOTE) % 2 == 1
    return fields


def _unquoted(field: str) -> str:
    return field[1:-1].replace(_QUOTE * 2, _QUOTE)


def weight_of(table: Table, rows: Sequence[LocalRow]) -> int:
    """Estimate what rows took on the wire.

    Parameters
    ----------
    table : Table
        Whose.
    rows : sequence of tuple
        From `Incoming`.

    Returns
    -------
    int
        Bytes: of the one long column of the table, and of the others what they usually take.
    """
    place, usual = _LONG.get(table, (None, 150))
    if place is None:
        return usual * len(rows)
    return sum([usual + _length(row[place]) for row in rows])


def _length(value: str | bytes | None) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return 2 * len(value or b"")


def _query(table: Table, user_id: str, chats: Collection[str] | None) -> Composed:
    from psycopg.sql import SQL, Literal

    column, owned = _OWNERS[table]
    columns = ", ".join(_cast(column) for column in table.columns)
    only = "c.user_id = {user_id}" + ("" if chats is None else " AND c.id = ANY ({chats}::uuid[])")
    where = f"t.{column} {owned}".replace("{only}", only)
    if table is CHATS and chats is not None:
        where += " AND t.id = ANY ({chats}::uuid[])"
    text = f"COPY (SELECT {columns} FROM {table.name} t WHERE {where}) TO STDOUT ({_FORMAT})"
    return SQL(text).format(user_id=Literal(user_id), chats=Literal(list(chats or ())))


def _cast(column: Column) -> str:
    name = f"t.{column.name}"
    if column.type == "timestamptz":
        return MOMENT.format(name)
    return f"{name}::int4" if column.type == "boolean" else name
