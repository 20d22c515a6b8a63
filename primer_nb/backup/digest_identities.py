"""Digests of depth 1 out of a local store: identifiers only, along indexes, no text of a message is read.

Whether a row could be sent is known here from its identifier; those that a backup noted as refused are read whole, as
a digest of greater depth reads every row. So it does not matter which server refused them, and why, nor whether they
have been put right since.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    Row,
    Table,
)
from primer_nb.backup.digest_values import Digest, hash_of, low_half, text_field
from primer_nb.backup.rows import Quarantined, read_rows
from primer_nb.backup.spelling import canonical_id

# Of each row its chat, its key, the message that it hangs on or is.
_KEYS = {
    MESSAGES: "SELECT chat_id, id, id FROM messages WHERE chat_id ",
    COMPLETIONS: "SELECT chat_id, message_id, message_id FROM completions "
    "JOIN messages ON messages.id = message_id WHERE chat_id ",
    ATTACHMENTS: "SELECT chat_id, message_attachments.id, message_id FROM message_attachments "
    "JOIN messages ON messages.id = message_id WHERE chat_id ",
}
_NOTED = "{0} IN (SELECT entity_id FROM primer_quarantine WHERE kind = '{1}')"
_OWN = "IN (SELECT id FROM chats WHERE user_id = ?)"


def spellings(
    connection: sqlite3.Connection, user_id: str, *, chats: Collection[str] | None = None
) -> dict[str, str]:
    """Find how the local store spells the identifiers of its chats.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    user_id : str
        Whose chats.
    chats : collection of str, optional
        Only these, canonical.

    Returns
    -------
    dict of str to str
        By the canonical spelling. Chats whose identifier is no UUID are left out.
    """
    found: dict[str, str] = {}
    query = "SELECT CAST(id AS BLOB) FROM chats WHERE user_id = ? AND id IS NOT NULL"
    for (raw,) in connection.execute(query, (user_id,)):
        spelled = raw.decode("ascii", "replace")
        chat_id = canonical_id(spelled)
        if chat_id is not None and (chats is None or chat_id in chats):
            found.setdefault(chat_id, spelled)
    return found


class Identities:
    """The identifiers in the chats of a user.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    user_id : str
        Whose chats.
    chats : mapping of str to str
        The chats, canonical and as the store spells them.
    is_all : bool
        Whether these are all chats of the user: then one query reads them together.
    """

    def __init__(
        self, connection: sqlite3.Connection, user_id: str, *, chats: Mapping[str, str], is_all: bool
    ) -> None:
        self._connection = connection
        self._user_id = user_id
        self._chats = chats
        self._canonical: dict[str | bytes, str] = {raw: chat_id for chat_id, raw in chats.items()}
        self._is_all = is_all

    def digests(self, *, refused: list[Quarantined]) -> Iterator[tuple[str, Digest]]:
        """Sum up the identifiers in each chat.

        Parameters
        ----------
        refused : list of Quarantined
            Rows that no server would take are added here, as far as they were read.

        Yields
        ------
        tuple of str and Digest
            The canonical identifier of a chat, and what it holds.
        """
        counts: dict[str, int] = defaultdict(int)
        sums: dict[str, int] = defaultdict(int)
        for chat_id, message in self._pairs(MESSAGES, refused):
            counts[chat_id] += 1
            sums[chat_id] ^= low_half(message)
        details = self.details(refused=refused)
        for row in self._rows(CHATS, "id", refused):
            chat_id, title, model, updated_at = str(row[0]), row[2], row[3], str(row[5])
            if chat_id in self._chats:
                yield chat_id, Digest(title, model, updated_at, counts[chat_id], sums[chat_id], details[chat_id])

    def details(self, *, refused: list[Quarantined]) -> dict[str, int]:
        """Sum up the identifiers of what hangs on the messages and chats.

        Parameters
        ----------
        refused : list of Quarantined
            What no server would take is added here.

        Returns
        -------
        dict of str to int
            By the canonical identifier of the chat; 0 for any other.
        """
        details: dict[str, int] = defaultdict(int)
        for chat_id, message in self._pairs(COMPLETIONS, refused):
            details[chat_id] ^= low_half(message)
        for chat_id, attachment in self._pairs(ATTACHMENTS, refused):
            details[chat_id] ^= hash_of("a", attachment)
        for row in self._rows(CHAT_SETTINGS, "chat_id", refused):
            details[str(row[0])] ^= hash_of("s", str(row[-1]))
        for chat, tag, _ in self._rows(CHAT_TAGS, "chat_id", refused):
            details[str(chat)] ^= hash_of("t", text_field(tag))
        return details

    def _pairs(self, table: Table, refused: list[Quarantined]) -> Iterator[tuple[str, str]]:
        bad = self._bad
        for chat, raw, message in self._found(_KEYS[table]):
            chat_id = self._canonical.get(chat)
            if chat_id is None or (table is not MESSAGES and (("m", message) in bad or _id(message) is None)):
                continue  # of what hangs on a bad message only the message is named
            entity, reason = _id(raw), bad.get((table.kind, raw))
            if entity is not None and reason is None:
                yield chat_id, entity
            else:
                refused.append(Quarantined(table.kind, raw or "", reason or "id is no UUID"))

    def _found(self, query: str) -> Iterator[tuple[str | bytes, str | bytes | None, str | bytes | None]]:
        before = self._connection.text_factory
        self._connection.text_factory = _text  # a text that is not UTF-8 would end the whole query
        try:
            if self._is_all:
                yield from self._connection.execute(query + _OWN, (self._user_id,))
            else:
                for raw in self._chats.values():
                    yield from self._connection.execute(query + "= ?", (raw,))
        finally:
            self._connection.text_factory = before

    def _rows(self, table: Table, column: str, refused: list[Quarantined]) -> Iterator[Row]:
        if self._is_all:
            where = "user_id = ?" if column == "id" else f"{column} {_OWN}"
            yield from read_rows(self._connection, table, where, (self._user_id,), refused=refused)
        else:
            for raw in self._chats.values():
                yield from read_rows(self._connection, table, f"{column} = ?", (raw,), refused=refused)

    @cached_property
    def _bad(self) -> dict[tuple[str, str | bytes | None], str]:
        """Read what was refused once; what no server takes, with its reason."""
        refused: list[Quarantined] = []
        for table in _KEYS:
            noted = _NOTED.format(table.names[0], table.kind)
            deque(read_rows(self._connection, table, noted, refused=refused), maxlen=0)
        return {(kind, key): reason for kind, key, reason in refused}


def _id(raw: str | bytes | None) -> str | None:
    return canonical_id(raw) if isinstance(raw, str) else None


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
