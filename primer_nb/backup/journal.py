"""The next batch of what is new: journalled rows of one user, read in one snapshot, with the rows they hang on.

The journal is the file's and holds the rows of every user; those of others are passed over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from primer_nb.backup.bookkeeping import quarantined
from primer_nb.backup.changes import OF_HEADS
from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_CHANGES,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    USER_SETTINGS,
)
from primer_nb.backup.loads import Load, newest
from primer_nb.backup.rows import Quarantined, fetched, read_rows
from primer_nb.backup.spelling import canonical_id

MOST_ENTRIES = 2_000
MOST_BYTES = 4_000_000

_Place = dict[str, int | str]  # the entry before the first, the last, and the user: parameters of what follows

_ENTRIES = """
SELECT seq, CASE kind WHEN 'm' THEN (SELECT length(content) FROM messages WHERE id = entity_id)
                      WHEN 'a' THEN (SELECT length(content) FROM message_attachments WHERE id = entity_id) END
FROM primer_journal WHERE seq > ? ORDER BY seq LIMIT ?"""

_NAMES = "SELECT kind, entity_id FROM primer_journal WHERE seq > :after AND seq <= :top"
_NAMED = "SELECT entity_id FROM primer_journal WHERE kind = '{0}' AND seq > :after AND seq <= :top"
_MESSAGES = (
    f"{_NAMED.format('m')} UNION SELECT message_id FROM message_attachments WHERE id IN ({_NAMED.format('a')})"
)
_DETAILED = _NAMED.format("d")
_CHATS = f"{_NAMED.format('c')} UNION {_DETAILED} UNION SELECT chat_id FROM messages WHERE id IN ({_MESSAGES})"
_OF_USER = "EXISTS (SELECT 1 FROM chats WHERE chats.id = {0}.chat_id AND chats.user_id = :user)"
_OF_MESSAGE = (
    "EXISTS (SELECT 1 FROM messages JOIN chats ON chats.id = messages.chat_id"
    " WHERE messages.id = {0}.message_id AND chats.user_id = :user)"
)
_ORPHANS = f"""
SELECT id FROM messages WHERE id IN ({_NAMED.format("m")})
AND NOT EXISTS (SELECT 1 FROM chats WHERE chats.id = messages.chat_id)"""

# A chat is new when all that it holds is in the journal; any other must be on the server already.
_SINCE = "SELECT entity_id FROM primer_journal WHERE kind = '{0}' AND seq > :after"
_KNOWN = f"""
SELECT id FROM chats WHERE id IN ({_CHATS}) AND user_id = :user AND (
    id NOT IN ({_SINCE.format("c")})
    OR EXISTS (SELECT 1 FROM messages WHERE chat_id = chats.id AND id NOT IN ({_SINCE.format("m")}))
    OR (id NOT IN ({_SINCE.format("d")}) AND (
        EXISTS (SELECT 1 FROM chat_settings WHERE chat_id = chats.id)
        OR EXISTS (SELECT 1 FROM chat_tags WHERE chat_id = chats.id))))"""

_KEYS = {CHATS: 1, CHAT_SETTINGS: 1, CHAT_CHANGES: 2, USER_SETTINGS: 1}  # of how many columns, where rows may change


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes to a server in one statement.

    Parameters
    ----------
    top : int
        The last entry of the journal that it covers.
    entries : int
        How many are done with when the server has it: of its rows, of rows named twice, of rows of others or that
        are gone; not those of rows that stay behind.
    load : Load
        Its rows.
    known : tuple of str
        Chats that the server must have already: parts of them went there before.
    raw_ids : dict of str to str
        What this store calls a chat, by its canonical identifier.
    quarantined : tuple of Quarantined
        Rows that stay behind.
    released : tuple of (kind, key)
        Rows that stayed behind before and do not now.
    returning : tuple of str
        The chats of those, as this store calls them: all of each has to be sent.
    """

    top: int
    entries: int
    load: Load
    known: tuple[str, ...]
    raw_ids: dict[str, str]
    quarantined: tuple[Quarantined, ...]
    released: tuple[tuple[str, str | bytes], ...]
    returning: tuple[str, ...]


def next_batch(
    connection: sqlite3.Connection,
    user_id: str,
    after: int,
    *,
    target: str,
    limit: int = MOST_ENTRIES,
    most_bytes: int = MOST_BYTES,
    without: Collection[tuple[str, str]] = (),
) -> Batch | None:
    """Read what follows an entry of the journal.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store, in a transaction.
    user_id : str
        Whose rows.
    after : int
        The entry.
    target : str
        Where it goes, for the rows that stayed behind before.
    limit : int, default 2000
        The most entries.
    most_bytes : int, default 4,000,000
        About how many bytes of contents; the first entry is taken whatever its size.
    without : collection of (kind, key)
        Rows that the server refused in this run, by canonical identifier.

    Returns
    -------
    Batch or None
        ``None`` when the journal has nothing more. A batch may be empty: of other users, or of rows that are gone.
    """
    entries, top = _covered(connection, after, limit, most_bytes)
    if not entries:
        return None
    place: _Place = {"after": after, "top": top, "user": user_id}
    refused: list[Quarantined] = []
    raw_ids = _raw_ids(connection, place)
    load = _read(connection, place, refused)
    known = {canonical_id(key) for (key,) in fetched(connection, _KNOWN, place) if isinstance(key, str)}
    bad_chats = {("c", key) for key in raw_ids if key not in {row[0] for row in load.of(CHATS)}}
    before = _names(load)
    load = load.without(bad_chats | set(without))
    behind = before - _names(load)
    refused += [Quarantined("m", key, "its chat is not there") for (key,) in fetched(connection, _ORPHANS, place)]
    sent = {row[0] for row in load.of(CHATS)}
    behind |= {(row.kind, _canonical(row.entity_id)) for row in refused}
    released = _released(connection, place, target, refused)
    return Batch(
        top=top,
        entries=entries - _entries_of(connection, place, behind),
        load=load,
        known=tuple(sorted(key for key in known if key in sent and key is not None)),
        raw_ids=raw_ids,
        quarantined=tuple(refused),
        released=tuple(released),
        returning=tuple(chats_of(connection, released)),
    )


def chats_of(connection: sqlite3.Connection, rows: Collection[tuple[str, str | bytes]]) -> list[str]:
    """Find the chats that rows belong to.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    rows : collection of (kind, key)
        As the journal and the quarantine name them.

    Returns
    -------
    list of str
        As the store calls them; those that are there.
    """
    chats: set[str] = set()
    for kind, key in rows:
        if kind in {"c", "d"}:
            query = "SELECT id FROM chats WHERE id = ?"
        elif kind in {"m", "k"}:
            query = "SELECT chat_id FROM messages WHERE id = ?"
        else:
            query = (
                "SELECT chat_id FROM messages WHERE id IN (SELECT message_id FROM message_attachments WHERE id = ?)"
            )
        chats.update(chat for (chat,) in fetched(connection, query, (key,)) if isinstance(chat, str))
    return sorted(chats)


def _covered(connection: sqlite3.Connection, after: int, limit: int, most_bytes: int) -> tuple[int, int]:
    entries, top, size = 0, after, 0
    for seq, length in fetched(connection, _ENTRIES, (after, limit)):
        size += length or 0
        if entries and size > most_bytes:
            break
        entries, top = entries + 1, int(seq)
    return entries, top


def _names(load: Load) -> set[tuple[str, object]]:
    return {(table.kind, row[0]) for table, rows in load.rows.items() for row in rows}


def _canonical(key: object) -> object:
    return (canonical_id(key) if isinstance(key, str) else None) or key


def _entries_of(connection: sqlite3.Connection, place: _Place, rows: Collection[tuple[str, object]]) -> int:
    if not rows:
        return 0
    return sum((kind, _canonical(key)) in rows for kind, key in fetched(connection, _NAMES, place))


def _raw_ids(connection: sqlite3.Connection, place: _Place) -> dict[str, str]:
    found = fetched(connection, f"SELECT id FROM chats WHERE id IN ({_CHATS}) AND user_id = :user", place)
    spelled = {canonical_id(raw): raw for (raw,) in found if isinstance(raw, str)}
    return {key: raw for key, raw in spelled.items() if key is not None}


def _read(connection: sqlite3.Connection, place: _Place, refused: list[Quarantined]) -> Load:
    conditions = {
        CHATS: f"id IN ({_CHATS}) AND user_id = :user",
        CHAT_SETTINGS: f"chat_id IN ({_DETAILED}) AND {_OF_USER.format('chat_settings')}",
        CHAT_CHANGES: f"(chat_id IN ({_DETAILED}) OR (chat_id IN ({_CHATS}) AND name IN {OF_HEADS!r}))"
        f" AND {_OF_USER.format('chat_changes')}",
        CHAT_TAGS: f"chat_id IN ({_DETAILED}) AND {_OF_USER.format('chat_tags')}",
        MESSAGES: f"id IN ({_MESSAGES}) AND {_OF_USER.format('messages')}",
        COMPLETIONS: f"message_id IN ({_MESSAGES}) AND {_OF_MESSAGE.format('completions')}",
        ATTACHMENTS: f"id IN ({_NAMED.format('a')}) AND {_OF_MESSAGE.format('message_attachments')}",
        USER_SETTINGS: f"user_id IN ({_NAMED.format('s')}) AND user_id = :user",
    }
    load = Load()
    for table, condition in conditions.items():
        # what is bad of a change is bad of what it changed, and named there
        bad = [] if table is CHAT_CHANGES else refused
        rows = list(read_rows(connection, table, condition, place, refused=bad))
        width = _KEYS.get(table)
        for row in sorted(rows, key=str) if width is None else newest(rows, width=width):
            load.add(table, row)
    _drop_what_hangs_in_the_air(load)
    return load


def _drop_what_hangs_in_the_air(load: Load) -> None:
    # a completion or an attachment of a message that is refused itself
    messages = {row[0] for row in load.of(MESSAGES)}
    for table, at in ((COMPLETIONS, 0), (ATTACHMENTS, 1)):
        if table in load.rows:
            load.rows[table] = [row for row in load.rows[table] if row[at] in messages]


def _released(
    connection: sqlite3.Connection, place: _Place, target: str, refused: list[Quarantined]
) -> list[tuple[str, str | bytes]]:
    before = quarantined(connection, target)
    if not before:
        return []
    named = set(fetched(connection, _NAMES, place))
    # a completion is journalled as its message
    touched = {row for row in before if row in named or (row[0] == "k" and ("m", row[1]) in named)}
    return sorted(touched - {(row.kind, row.entity_id) for row in refused}, key=str)
