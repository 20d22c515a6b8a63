"""Rows out of a server, by COPY, as a local store keeps them: the casts are the server's work.

It streams, needs no cursor and no prepared statement, and so goes through a pooler in transaction mode too.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any

from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_CHANGES,
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

OF_CHATS = (CHAT_CHANGES, CHATS, MESSAGES, COMPLETIONS, CHAT_SETTINGS, CHAT_TAGS, ATTACHMENTS)
"""What belongs to chats, parents first; but what changed of a chat is known before the chat."""

LocalRow = tuple[Any, ...]

_OF_MESSAGES = "IN (SELECT m.id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE {only})"
_OWNERS = {
    CHATS: ("user_id", "= {user_id}"),
    MESSAGES: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    COMPLETIONS: ("message_id", _OF_MESSAGES),
    CHAT_SETTINGS: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    CHAT_CHANGES: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    CHAT_TAGS: ("chat_id", "IN (SELECT c.id FROM chats c WHERE {only})"),
    ATTACHMENTS: ("message_id", _OF_MESSAGES),
    USER_SETTINGS: ("user_id", "= {user_id}"),
}
_READ_AS = {"integer": "int4", "boolean": "int4", "float8": "float8", "bytea": "bytea"}
_UNREADABLE = "?"
_SHORT = (None, 150)
_LONG: dict[Table, tuple[int | None, int]] = {MESSAGES: (3, 120), CHAT_SETTINGS: (5, 120), ATTACHMENTS: (6, 200)}


class Incoming:
    """Rows of a table that belong to a user, as they come from a server; for one iteration.

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
        self.size = 0  # as `weight_of` estimates it, so far
        self._pg = pg
        self._table = table
        self._query = _query(table, user_id, chats)
        self._refused = refused
        self._moments = [place for place, column in enumerate(table.columns) if column.type == "timestamptz"]
        self._types = [_READ_AS.get(column.type, "text") for column in table.columns]
        self._long, self._usual = _LONG.get(table, _SHORT)

    def __iter__(self) -> Generator[LocalRow]:
        """Yield texts, numbers and bytes, in the order of the table's columns."""
        with self._pg.cursor() as cursor, cursor.copy(self._query) as copy:
            copy.set_types(self._types)
            for row in copy.rows():
                if _UNREADABLE in row and any(row[place] == _UNREADABLE for place in self._moments):
                    reason = "has a time beyond the years 1 to 9999"
                    self._refused.append(Quarantined(self._table.kind, row[0], reason))
                else:
                    self.size += self._usual + (0 if self._long is None else _length(row[self._long]))
                    yield row


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
    place, usual = _LONG.get(table, _SHORT)
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
    text = f"COPY (SELECT {columns} FROM {table.name} t WHERE {where}) TO STDOUT"
    return SQL(text).format(user_id=Literal(user_id), chats=Literal(list(chats or ())))


def _cast(column: Column) -> str:
    name = f"t.{column.name}"
    if column.type == "timestamptz":
        return MOMENT.format(name)
    return f"{name}::int4" if column.type == "boolean" else name
