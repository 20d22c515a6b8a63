"""Digests of depths 2 and 3 out of a local store: all rows of some chats at a time, as a server would get them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping

from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    Row,
    Table,
    Value,
)
from primer_nb.backup.digest_values import (
    CONTENTS,
    Digest,
    hash_of,
    low_half,
    number_field,
    text_field,
    whole_field,
)
from primer_nb.backup.rows import Quarantined, read_rows

_CHATS_AT_ONCE = 200  # bounds the identifiers held at a time, and the parameters of a query

_OF_MESSAGES = "message_id IN (SELECT id FROM messages WHERE chat_id IN ({0}))"
_CONDITIONS = {CHATS: "id IN ({0})", COMPLETIONS: _OF_MESSAGES, ATTACHMENTS: _OF_MESSAGES}


def contents(
    connection: sqlite3.Connection, depth: int, *, chats: Mapping[str, str], refused: list[Quarantined]
) -> Iterator[tuple[str, Digest]]:
    """Sum up what each chat holds.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    depth : int
        2 lengths, 3 contents.
    chats : mapping of str to str
        The chats, canonical and as the store spells them.
    refused : list of Quarantined
        Rows that no server would take are added here.

    Yields
    ------
    tuple of str and Digest
        The canonical identifier of a chat, and what it holds.
    """
    spellings = list(chats.values())
    for start in range(0, len(spellings), _CHATS_AT_ONCE):
        reader = _Reader(connection, spellings[start : start + _CHATS_AT_ONCE], depth, refused)
        yield from reader.digests()


class _Reader:
    """Reads the rows of some chats and adds them up."""

    def __init__(
        self, connection: sqlite3.Connection, spellings: list[str], depth: int, refused: list[Quarantined]
    ) -> None:
        self._connection = connection
        self._spellings = spellings
        self._is_whole = depth >= CONTENTS
        self._refused = refused
        self._chat_of: dict[Value, str] = {}  # by message
        self._sums: dict[str, list[int]] = {}

    def digests(self) -> Iterator[tuple[str, Digest]]:
        chats = {str(row[0]): row for row in self._rows(CHATS)}
        # count, identifiers, details, lengths, content
        self._sums = {chat_id: [0, 0, 0, 0, 0] for chat_id in chats}
        for row in self._rows(MESSAGES):
            self._add_message(row)
        for row in self._rows(COMPLETIONS):
            self._add_detail(self._chat_of.get(row[0]), self._completion(row))
        for row in self._rows(ATTACHMENTS):
            self._add_detail(self._chat_of.get(row[1]), self._attachment(row))
        for row in self._rows(CHAT_SETTINGS):
            self._add_detail(row[0], self._settings(row))
        for row in self._rows(CHAT_TAGS):
            self._add_detail(row[0], hash_of("t", text_field(row[1])))
        for chat_id, (_, _, title, model, created_at, updated_at) in chats.items():
            if self._is_whole:
                self._add_detail(chat_id, hash_of("c", str(created_at)))
            yield chat_id, Digest(title, model, str(updated_at), *self._sums[chat_id])

    def _rows(self, table: Table) -> Iterator[Row]:
        places = ", ".join("?" * len(self._spellings))
        condition = _CONDITIONS.get(table, "chat_id IN ({0})").format(places)
        return read_rows(self._connection, table, condition, self._spellings, refused=self._refused)

    def _add_message(self, row: Row) -> None:
        message, chat_id, role, content, tokens, created_at = (str(value) for value in row)
        sums = self._sums.get(chat_id)
        if sums is None:
            return
        self._chat_of[message] = chat_id
        sums[0] += 1
        sums[1] ^= low_half(message)
        sums[3] += len(content.encode())
        if self._is_whole:
            sums[4] ^= hash_of("m", message, created_at, tokens, text_field(role), content)

    def _add_detail(self, chat_id: Value, hashed: int) -> None:
        if chat_id in self._sums:
            self._sums[chat_id][2] ^= hashed

    def _completion(self, row: Row) -> int:
        if not self._is_whole:
            return low_half(str(row[0]))
        value = dict(zip(COMPLETIONS.names, row, strict=True))
        texts = [text_field(value[name]) for name in ("provider", "model", "finish_reason")]
        wholes = [whole_field(value[name]) for name in ("prompt_tokens", "completion_tokens", "parent_id")]
        numbers = [_number(value[name]) for name in ("time_to_first_token", "duration", "temperature")]
        return hash_of("k", str(row[0]), *texts, *wholes, *numbers)

    def _attachment(self, row: Row) -> int:
        if not self._is_whole:
            return hash_of("a", str(row[0]))
        key, message, name, media_type, size, sha256, content, created_at = row
        texts = [text_field(text) for text in (name, media_type, sha256)]
        held = hashlib.sha256(bytes.fromhex(str(content)[2:])).hexdigest()
        return hash_of("a", str(key), str(message), *texts, str(size), str(created_at), held)

    def _settings(self, row: Row) -> int:
        _, provider, model, temperature, max_tokens, system_prompt, _, updated_at = row
        if not self._is_whole:
            return hash_of("s", str(updated_at))
        texts = [text_field(text) for text in (provider, model, system_prompt)]
        return hash_of("s", str(updated_at), *texts, whole_field(max_tokens), _number(temperature))


def _number(value: Value) -> str:
    return number_field(None if value is None else float(value))
