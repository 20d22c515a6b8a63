"""A load: rows of several tables that go to a server in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain

from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_CHANGES,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    USER_SETTINGS,
    Row,
    Table,
)

TABLES = (CHATS, CHAT_SETTINGS, CHAT_TAGS, CHAT_CHANGES, MESSAGES, COMPLETIONS, ATTACHMENTS, USER_SETTINGS)
"""In an order in which every row comes after those it hangs on."""

# Where a row says which chat and which message it hangs on.
_CHAT_AT = {CHATS: 0, CHAT_SETTINGS: 0, CHAT_CHANGES: 0, CHAT_TAGS: 0, MESSAGES: 1}
_MESSAGE_AT = {MESSAGES: 0, COMPLETIONS: 0, ATTACHMENTS: 1}


@dataclass(slots=True)
class Load:
    """Rows to be sent, by table.

    Parameters
    ----------
    rows : dict, optional
        In the spelling of PostgreSQL; a table may be missing.
    size : int, default 0
        About how many bytes they are.
    copied : list of bytes, optional
        The same as COPY reads it, from when `copying_in.copied` makes it until it is sent; no row is added then.
    """

    rows: dict[Table, list[Row]] = field(default_factory=dict)
    size: int = 0
    copied: list[bytes] | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return sum(map(len, self.rows.values()))

    def of(self, table: Table) -> list[Row]:
        """Return the rows of one table.

        Parameters
        ----------
        table : Table
            Which.

        Returns
        -------
        list of tuple
            Empty when there are none; not to be changed.
        """
        return self.rows.get(table, [])

    def add(self, table: Table, row: Row) -> None:
        """Add a row.

        Parameters
        ----------
        table : Table
            Whose.
        row : tuple of str or None
            In the spelling of PostgreSQL.
        """
        self.extend(table, [row])

    def extend(self, table: Table, rows: Collection[Row]) -> None:
        """Add rows.

        Parameters
        ----------
        table : Table
            Whose.
        rows : collection of tuple of str or None
            In the spelling of PostgreSQL.
        """
        if rows:
            self.rows.setdefault(table, []).extend(rows)
            self.size += sum(map(len, filter(None, chain.from_iterable(rows))))

    def halves(self) -> tuple[Load, Load]:
        """Cut it in two.

        Returns
        -------
        tuple of Load
            What the rows of the second hang on is in the first, or on the server.
        """
        flat = [(table, row) for table in TABLES for row in self.of(table)]
        middle = len(flat) // 2
        first, second = Load(), Load()
        for number, (table, row) in enumerate(flat):
            (first if number < middle else second).add(table, row)
        return first, second

    def without(self, refused: Collection[tuple[str, str]]) -> Load:
        """Leave out rows that were refused, and all that hangs on them.

        Parameters
        ----------
        refused : collection of (kind, key)
            Letter of the table and canonical identifier.

        Returns
        -------
        Load
            Itself when nothing was refused.
        """
        if not refused:
            return self
        kept = Load()
        gone = {row[0] for row in self.of(MESSAGES) if ("m", row[0]) in refused or ("c", row[1]) in refused}
        for table, rows in self.rows.items():
            chat, message = _CHAT_AT.get(table), _MESSAGE_AT.get(table)
            for row in rows:
                hangs_on_chat = chat is not None and ("c", row[chat]) in refused
                hangs_on_message = message is not None and (row[message] in gone or ("m", row[message]) in refused)
                if not (hangs_on_chat or hangs_on_message or (table.kind, row[0]) in refused):
                    kept.add(table, row)
        return kept


def newest(rows: Collection[Row], *, width: int = 1) -> list[Row]:
    """Keep one row a key, the one that changed last, in the order of the keys.

    Two spellings of one identifier are one key on a server, which changes no row twice in a statement. The order
    keeps two devices from waiting for each other's rows.

    Parameters
    ----------
    rows : collection of tuple
        Key first, time of the last change last.
    width : int, default 1
        How many columns the key has.

    Returns
    -------
    list of tuple
        Without doubles.
    """
    found: dict[Row, Row] = {}
    for row in sorted(rows, key=lambda row: row[-1] or ""):
        found[row[:width]] = row
    return [found[key] for key in sorted(found, key=str)]
