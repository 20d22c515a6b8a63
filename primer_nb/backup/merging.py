"""Rows of a server into a living local store: a union, in which nothing newer is overwritten or deleted.

A message is there or not, by its identifier; of what may change the latest change wins. A chat that was deleted here
stays away unless it is asked for by name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from primer_nb.backup.bookkeeping import writing
from primer_nb.backup.changes import take_changes, take_head
from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_CHANGES,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    USER_SETTINGS,
    Table,
)
from primer_nb.backup.copying_out import LocalRow
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.spelling import canonical_id, canonical_moment
from primer_nb.database import Store

_OWN_CHAT = "EXISTS (SELECT 1 FROM chats WHERE id = {key} AND user_id = {user})"
_OWN_MESSAGE = (
    "EXISTS (SELECT 1 FROM messages JOIN chats ON chats.id = chat_id WHERE messages.id = {key} AND user_id = {user})"
)
_NOT_TAKEN_OFF = (
    " AND NOT EXISTS (SELECT 1 FROM chat_changes WHERE chat_id = ?1 AND name = 'tag:' || ?2 AND value IS NULL)"
)
_OWN_ACCOUNT = "EXISTS (SELECT 1 FROM users WHERE id = {key} AND id = {user})"


@dataclass
class Merged:
    """What came in, as far as it was committed.

    Parameters
    ----------
    chats_added, chats_changed, messages, completions, attachments : int
        Rows.
    refused : list of Quarantined
        Rows that could not be taken, and why.
    """

    chats_added: int = 0
    chats_changed: int = 0
    messages: int = 0
    completions: int = 0
    attachments: int = 0
    refused: list[Quarantined] = field(default_factory=list)


class Merge:
    """Writes rows of one user into a local store.

    Parameters
    ----------
    store : Store
        An SQLite store.
    user_id : str
        Whose rows these are.
    spellings : dict of str to str
        How the store spells the identifiers of the chats it has, by the canonical spelling.
    named : collection of str
        Chats that were asked for by name, so that they come back although they were deleted.
    """

    def __init__(self, store: Store, user_id: str, *, spellings: dict[str, str], named: Collection[str] = ()) -> None:
        self.merged = Merged()
        self._store = store
        self._user_id = user_id
        self._spellings = dict(spellings)
        self._named = named
        self._changes: dict[str, list[LocalRow]] = {}  # of chats that are still to come
        self._messages: dict[str, str] = {}  # how the store spells those it had

    def write(self, rows: Sequence[tuple[Table, LocalRow]]) -> None:
        """Write rows in one transaction.

        Parameters
        ----------
        rows : sequence of tuple
            Rows and their tables, parents before what hangs on them.
        """
        by_table: dict[Table, list[LocalRow]] = {}
        for table, row in rows:
            by_table.setdefault(table, []).append(row)
        with writing(self._store) as self._connection:
            for table, own in by_table.items():
                _WRITERS[table](self, own)

    def _hold_changes(self, rows: Sequence[LocalRow]) -> None:
        for row in rows:
            self._changes.setdefault(row[0], []).append(row)

    def _write_chats(self, rows: Sequence[LocalRow]) -> None:
        tombstones = self._tombstones()
        for row in rows:
            chat_id = row[0]
            changes = self._changes.pop(chat_id, [])
            local = self._spellings.get(chat_id)
            if local is not None:
                self._change_chat(local, row, changes)
            elif chat_id in tombstones and chat_id not in self._named:
                continue  # and what it holds finds no chat to hang on
            elif self._connection.execute("SELECT 1 FROM chats WHERE id = ?", (chat_id,)).fetchone():
                self.merged.refused.append(Quarantined("c", chat_id, "is another user's chat in the local store"))
            else:
                self._insert(CHATS, [(chat_id, self._user_id, *row[2:])])
                self._spellings[chat_id] = chat_id
                self.merged.chats_added += 1
                take_changes(self._connection, chat_id, changes)
            if chat_id in self._named:
                self._connection.execute(
                    "DELETE FROM primer_tombstones WHERE chat_id = ?", (tombstones.get(chat_id),)
                )
        self._find_messages(row[0] for row in rows)

    def _change_chat(self, local: str, row: LocalRow, changes: list[LocalRow]) -> None:
        if not self._connection.execute("SELECT 1 FROM chats WHERE id = ?", (local,)).fetchone():
            del self._spellings[row[0]]  # deleted since this pull began
            return
        is_later = take_head(self._connection, local, row, changes)
        self.merged.chats_changed += take_changes(self._connection, local, changes) or is_later

    def _find_messages(self, chats: Iterable[str]) -> None:
        self._messages = {}
        for chat_id in chats:
            query = "SELECT CAST(id AS BLOB) FROM messages WHERE chat_id = ? AND id IS NOT NULL"
            for (raw,) in self._connection.execute(query, (self._spellings.get(chat_id),)):
                spelled = raw.decode("ascii", "replace")
                canonical = canonical_id(spelled)
                if canonical is not None:
                    self._messages[canonical] = spelled

    def _write_messages(self, rows: Sequence[LocalRow]) -> None:
        new = [(row[0], self._chat(row[1]), *row[2:]) for row in rows if row[0] not in self._messages]
        self.merged.messages += self._insert(MESSAGES, new, where=_OWN_CHAT, key=2)

    def _write_completions(self, rows: Sequence[LocalRow]) -> None:
        spelled = [(self._message(row[0]), *row[1:]) for row in rows]
        self.merged.completions += self._insert(COMPLETIONS, spelled, where=_OWN_MESSAGE)

    def _write_attachments(self, rows: Sequence[LocalRow]) -> None:
        spelled = [(row[0], self._message(row[1]), *row[2:]) for row in rows]
        self.merged.attachments += self._insert(ATTACHMENTS, spelled, where=_OWN_MESSAGE, key=2)

    def _write_tags(self, rows: Sequence[LocalRow]) -> None:
        self._insert(CHAT_TAGS, [(self._chat(row[0]), *row[1:]) for row in rows], where=_OWN_CHAT + _NOT_TAKEN_OFF)

    def _write_chat_settings(self, rows: Sequence[LocalRow]) -> None:
        for row in rows:
            _replace_older(
                self._connection,
                CHAT_SETTINGS,
                (self._chat(row[0]), *row[1:]),
                user_id=self._user_id,
                where=_OWN_CHAT,
            )

    def _write_user_settings(self, rows: Sequence[LocalRow]) -> None:
        for row in rows:
            merge_user_settings(self._connection, (self._user_id, *row[1:]))

    def _insert(self, table: Table, rows: Sequence[LocalRow], *, where: str = "1", key: int = 1) -> int:
        return _insert(self._connection, table, rows, user_id=self._user_id, where=where, key=key)

    def _chat(self, chat_id: str) -> str:
        return self._spellings.get(chat_id, chat_id)

    def _message(self, message_id: str) -> str:
        return self._messages.get(message_id, message_id)

    def _tombstones(self) -> dict[str, str]:
        rows = self._connection.execute("SELECT chat_id FROM primer_tombstones").fetchall()
        return {canonical_id(chat_id) or chat_id: chat_id for (chat_id,) in rows}


def merge_user_settings(connection: sqlite3.Connection, row: LocalRow) -> None:
    """Take the settings of a user when they were changed later than those that are here.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of a store, in a transaction that writes; nothing happens when it does not have the user's account.
    row : tuple
        Of `columns.USER_SETTINGS`.
    """
    _replace_older(connection, USER_SETTINGS, row, user_id=row[0], where=_OWN_ACCOUNT)


def _replace_older(connection: sqlite3.Connection, table: Table, row: LocalRow, *, user_id: str, where: str) -> None:
    key = table.names[0]
    query = f"SELECT updated_at FROM {table.name} WHERE {key} = ?"
    found = connection.execute(query, (row[0],)).fetchone()
    if found is None:
        _insert(connection, table, [row], user_id=user_id, where=where)
        return
    here = canonical_moment(str(found[0]))
    if here is not None and row[-1] > here:
        changes = ", ".join(f"{name} = ?" for name in table.names[1:])
        statement = f"UPDATE {table.name} SET {changes} WHERE {key} = ?"
        connection.execute(statement, (*row[1:], row[0]))


def _insert(
    connection: sqlite3.Connection,
    table: Table,
    rows: Sequence[LocalRow],
    *,
    user_id: str,
    where: str = "1",
    key: int = 1,
) -> int:
    width = len(table.names)
    places = ", ".join(f"?{number}" for number in range(1, width + 1))
    user = f"?{width + 1}"
    condition = where.format(key=f"?{key}", user=user)
    statement = (
        f"INSERT OR IGNORE INTO {table.name} ({', '.join(table.names)}) "
        f"SELECT {places} WHERE {condition} AND {user} IS NOT NULL"
    )
    values = [(*row, user_id) for row in rows]
    return connection.executemany(statement, values).rowcount if values else 0


_WRITERS = {
    CHAT_CHANGES: Merge._hold_changes,
    CHATS: Merge._write_chats,
    MESSAGES: Merge._write_messages,
    COMPLETIONS: Merge._write_completions,
    ATTACHMENTS: Merge._write_attachments,
    CHAT_TAGS: Merge._write_tags,
    CHAT_SETTINGS: Merge._write_chat_settings,
    USER_SETTINGS: Merge._write_user_settings,
}
