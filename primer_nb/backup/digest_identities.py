"""Digests of depth 1 out of a local store: identifiers only, along indexes, no text of a message is read.

Whether a row could be sent is known here from the quarantine and from its identifiers; what only its text tells, a
digest of greater depth sees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from primer_nb.backup.digest_values import Digest, hash_of, low_half, text_field
from primer_nb.backup.spelling import canonical_id, canonical_moment
from primer_nb.limits import MODEL, TITLE

if TYPE_CHECKING:
    import sqlite3

_CHATS = "SELECT id, title, model, updated_at FROM chats WHERE user_id = ?"
_OWN = " JOIN chats ON chats.id = {0}.chat_id WHERE chats.user_id = ?"
_MESSAGES = "SELECT messages.chat_id, messages.id FROM messages"
_COMPLETIONS = (
    "SELECT messages.chat_id, completions.message_id FROM completions JOIN messages ON messages.id = message_id"
)
_ATTACHMENTS = "SELECT messages.chat_id, message_attachments.id FROM message_attachments JOIN messages ON messages.id = message_id"
_SETTINGS = "SELECT chat_settings.chat_id, chat_settings.updated_at FROM chat_settings"
_TAGS = "SELECT chat_tags.chat_id, chat_tags.tag FROM chat_tags"


@contextmanager
def as_bytes(connection: sqlite3.Connection) -> Iterator[None]:
    """Read texts as bytes: one that is not UTF-8 would end the whole query.

    Parameters
    ----------
    connection : sqlite3.Connection
        Any.

    Yields
    ------
    None
        Nothing; queries run in the block.
    """
    before = connection.text_factory
    connection.text_factory = bytes
    try:
        yield
    finally:
        connection.text_factory = before


def identities(
    connection: sqlite3.Connection, user_id: str, *, chats: Collection[str] | None
) -> Iterator[tuple[str, Digest]]:
    """Sum up the identifiers in each chat.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store, with texts as bytes.
    user_id : str
        Whose chats.
    chats : collection of str or None
        Only these, canonical.

    Yields
    ------
    tuple of str and Digest
        The canonical identifier of a chat, and what it holds.
    """
    refused = _refused(connection)
    rows = {
        chat_id: row for chat_id, row in _chats(connection, user_id, refused) if chats is None or chat_id in chats
    }
    reader = _Reader(connection, user_id, None if chats is None else [row[0] for row in rows.values()])
    counts: dict[bytes, int] = defaultdict(int)
    ids: dict[bytes, int] = defaultdict(int)
    for chat, message in reader.rows(_MESSAGES, "messages"):
        canonical = canonical_id(_ascii(message))
        if canonical is not None and ("m", message) not in refused:
            counts[chat] += 1
            ids[chat] ^= low_half(canonical)
    details = _details(reader, refused)
    for chat_id, (raw, title, model, updated_at) in rows.items():
        yield chat_id, Digest(title, model, updated_at, counts[raw], ids[raw], details[raw])


class _Reader:
    """Reads what belongs to all chats of a user by one query, or to few chats by one query each."""

    def __init__(self, connection: sqlite3.Connection, user_id: str, chats: list[bytes] | None) -> None:
        self._connection = connection
        self._user_id = user_id
        self._chats = chats

    def rows(self, query: str, table: str) -> Iterator[tuple[bytes, bytes]]:
        if self._chats is None:
            yield from self._connection.execute(query + _OWN.format(table), (self._user_id,))
            return
        for chat in self._chats:
            yield from self._connection.execute(f"{query} WHERE {table}.chat_id = CAST(? AS TEXT)", (chat,))


def _chats(
    connection: sqlite3.Connection, user_id: str, refused: Collection[tuple[str, bytes]]
) -> Iterator[tuple[str, tuple[bytes, str | None, str | None, str]]]:
    for raw, *texts in connection.execute(_CHATS, (user_id,)):
        chat_id = canonical_id(_ascii(raw))
        try:
            title, model, moment = (None if text is None else text.decode() for text in texts)
        except UnicodeDecodeError:
            continue
        updated_at = canonical_moment(moment or "")
        fits = _fits(title, TITLE) and _fits(model, MODEL)
        if chat_id is not None and updated_at is not None and fits and ("c", raw) not in refused:
            yield chat_id, (raw, title, model, updated_at)


def _details(reader: _Reader, refused: Collection[tuple[str, bytes]]) -> dict[bytes, int]:
    details: dict[bytes, int] = defaultdict(int)
    for chat, message in reader.rows(_COMPLETIONS, "messages"):
        canonical = canonical_id(_ascii(message))
        if canonical is not None and ("m", message) not in refused:
            details[chat] ^= low_half(canonical)
    for chat, attachment in reader.rows(_ATTACHMENTS, "messages"):
        canonical = canonical_id(_ascii(attachment))
        if canonical is not None and ("a", attachment) not in refused:
            details[chat] ^= hash_of("a", canonical)
    for chat, moment in reader.rows(_SETTINGS, "chat_settings"):
        if ("d", chat) not in refused:
            details[chat] ^= hash_of("s", canonical_moment(_ascii(moment)) or "?")
    for chat, tag in reader.rows(_TAGS, "chat_tags"):
        if ("d", chat) not in refused:
            details[chat] ^= hash_of("t", text_field(tag.decode(errors="replace")))
    return details


def _refused(connection: sqlite3.Connection) -> set[tuple[str, Any]]:
    rows = connection.execute("SELECT kind, entity_id FROM primer_quarantine")
    return {(kind.decode(), entity) for kind, entity in rows}


def _fits(text: str | None, longest: int) -> bool:
    return text is None or (len(text) <= longest and "\x00" not in text)


def _ascii(text: bytes) -> str:
    return text.decode("ascii", "replace")
