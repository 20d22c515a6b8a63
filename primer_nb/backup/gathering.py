"""Whole chats out of the local store, cut into loads of a bounded size.

Each page is read in a snapshot of its own, so no transaction is open while a load is sent: what changes meanwhile is
in the journal and goes next.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from primer_nb.backup.bookkeeping import reading
from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_CHANGES,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    RefusedError,
    Row,
    Table,
)
from primer_nb.backup.loads import Load, newest
from primer_nb.backup.rows import Quarantined, all_spelled, fetched, read_rows, spelled
from primer_nb.database import Store

MOST_MESSAGES = 5_000
MOST_BYTES = 4_000_000

_CHATS_AT_ONCE = 200
_MESSAGES_AT_ONCE = 500

_WIDTH = len(MESSAGES.columns)
_CONTENT = MESSAGES.names.index("content")
_PAGE = (
    f"SELECT {', '.join([f'm.{name}' for name in MESSAGES.names] + [f'k.{name}' for name in COMPLETIONS.names])}"
    " FROM messages AS m LEFT JOIN completions AS k ON k.message_id = m.id WHERE m.id IN ({0}) ORDER BY m.id"
)
_COUNT = """
WITH wanted (id) AS (SELECT id FROM chats WHERE user_id = ? AND id IN (SELECT value FROM json_each(?)))
SELECT (SELECT count(*) FROM wanted)
    + (SELECT count(*) FROM chat_settings WHERE chat_id IN wanted)
    + (SELECT count(*) FROM chat_tags WHERE chat_id IN wanted)
    + (SELECT count(*) FROM chat_changes WHERE chat_id IN wanted)
    + (SELECT count(*) + count(k.message_id) FROM messages AS m LEFT JOIN completions AS k ON k.message_id = m.id
        WHERE m.chat_id IN wanted)
    + (SELECT count(*) FROM message_attachments AS a
        WHERE (SELECT chat_id FROM messages WHERE id = a.message_id) IN wanted)"""


@dataclass(slots=True)
class _Group:
    """Some chats, and what of them is still to be read."""

    heads: dict[str, Row] = field(default_factory=dict)
    details: list[tuple[Table, Row]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    attachments: list[tuple[str, str]] = field(default_factory=list)


def gather(store: Store, user_id: str, raw_chats: Collection[str], *, refused: list[Quarantined]) -> Iterator[Load]:
    """Read whole chats.

    Parameters
    ----------
    store : Store
        An SQLite file.
    user_id : str
        Whose; chats of others are passed over.
    raw_chats : collection of str
        The chats, as the store calls them.
    refused : list of Quarantined
        Rows that PostgreSQL would not take are added here.

    Yields
    ------
    Load
        At most about `MOST_MESSAGES` or `MOST_BYTES`, whatever is less; a message comes with its chat, and a long
        chat in several loads.
    """
    chats = list(raw_chats)
    load = Load()
    for start in range(0, len(chats), _CHATS_AT_ONCE):
        with reading(store) as connection:
            group = _group(connection, user_id, chats[start : start + _CHATS_AT_ONCE], refused)
        for table, row in group.details:
            load.add(table, row)
        while group.messages or group.attachments:
            with reading(store) as connection:
                if group.messages:
                    _fill(connection, load, group, refused)
                else:
                    _attach(connection, load, group, refused)
            if len(load.of(MESSAGES)) >= MOST_MESSAGES or load.size >= MOST_BYTES:
                yield load
                load = Load()
    if len(load):
        yield load


def count_rows(store: Store, user_id: str, raw_chats: Collection[str]) -> int:
    """Count what `gather` would read.

    Parameters
    ----------
    store : Store
        An SQLite file.
    user_id : str
        Whose; chats of others are passed over.
    raw_chats : collection of str
        The chats, as the store calls them.

    Returns
    -------
    int
        Rows of all tables, those among them that PostgreSQL would not take.
    """
    with reading(store) as connection:
        ((count,),) = connection.execute(_COUNT, (user_id, json.dumps(list(raw_chats))))
    return int(count)


def _group(
    connection: sqlite3.Connection, user_id: str, raw_chats: Sequence[str], refused: list[Quarantined]
) -> _Group:
    group = _Group()
    seen: set[str | None] = set()
    query = f"SELECT {', '.join(CHATS.names)} FROM chats WHERE id IN ({_places(raw_chats)}) AND user_id = ?"
    for raw in fetched(connection, query, [*raw_chats, user_id]):
        try:
            row = spelled(CHATS, raw)
        except RefusedError as reason:
            refused.append(Quarantined("c", raw[0], str(reason)))
            continue
        group.heads[raw[0]] = row
        if row[0] not in seen:
            seen.add(row[0])
            group.details.append((CHATS, row))
    chats = list(group.heads)
    within = f"chat_id IN ({_places(chats)})"
    settings = read_rows(connection, CHAT_SETTINGS, within, chats, refused=refused)
    group.details += [(CHAT_SETTINGS, row) for row in newest(list(settings))]
    # what is bad of a change is bad of what it changed, and named there
    changes = read_rows(connection, CHAT_CHANGES, within, chats, refused=[])
    group.details += [(CHAT_CHANGES, row) for row in newest(list(changes), width=2)]
    group.details += [(CHAT_TAGS, row) for row in read_rows(connection, CHAT_TAGS, within, chats, refused=refused)]
    for (key,) in fetched(connection, f"SELECT id FROM messages WHERE {within}", chats):
        if isinstance(key, str):
            group.messages.append(key)
        else:
            refused.append(Quarantined("m", key or "", "id is no UUID"))
    query = (
        f"SELECT id, message_id FROM message_attachments WHERE message_id IN (SELECT id FROM messages WHERE {within})"
    )
    group.attachments += fetched(connection, query, chats)
    return group


def _fill(connection: sqlite3.Connection, load: Load, group: _Group, refused: list[Quarantined]) -> None:
    page = sorted(group.messages[:_MESSAGES_AT_ONCE])
    raws, size, done = [], load.size, len(page)
    for raw in fetched(connection, _PAGE.format(_places(page)), page):
        if raw[1] in group.heads:  # where it was moved to since, another load brings it
            raws.append(raw)
        size += len(raw[_CONTENT]) if isinstance(raw[_CONTENT], str | bytes) else 0
        if size >= MOST_BYTES:
            done = bisect_right(page, raw[0])
            break
    group.messages = page[done:] + group.messages[_MESSAGES_AT_ONCE:]
    messages = all_spelled(MESSAGES, [raw[:_WIDTH] for raw in raws], refused=refused)
    _add_heads(load, group, dict.fromkeys(raw[1] for raw in raws))
    load.extend(MESSAGES, [row for row in messages if row is not None])
    replies = [raw[_WIDTH:] for raw, row in zip(raws, messages, strict=True) if row and raw[_WIDTH] is not None]
    completions = all_spelled(COMPLETIONS, replies, refused=refused)
    load.extend(COMPLETIONS, [row for row in completions if row is not None])


def _add_heads(load: Load, group: _Group, raw_chats: Collection[str]) -> None:
    there = {row[0] for row in load.of(CHATS)}
    for raw in raw_chats:
        head = group.heads[raw]
        if head[0] not in there:
            there.add(head[0])
            load.add(CHATS, head)


def _attach(connection: sqlite3.Connection, load: Load, group: _Group, refused: list[Quarantined]) -> None:
    # one at a time: each may be as large as a load
    key, message = group.attachments.pop()
    if message not in {row.entity_id for row in refused if row.kind == "m"}:
        for row in read_rows(connection, ATTACHMENTS, "id = ?", (key,), refused=refused):
            load.add(ATTACHMENTS, row)


def _places(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
