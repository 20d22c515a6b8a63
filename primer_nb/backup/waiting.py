"""What a server does not have yet, as far as the local store knows: read from the journal, at the price of the new.

The server is not asked. Of a store that was never sent there, everything is new.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime

from primer_nb.backup.rows import fetched
from primer_nb.times import parse

_STATE = "SELECT acked_seq, updated_at FROM primer_backup_state WHERE target = ?"
_EVERYTHING = """
WITH waiting AS MATERIALIZED
    (SELECT id FROM chats WHERE user_id = :user AND id NOT IN (SELECT value FROM json_each(:without)))
SELECT (SELECT count(*) FROM waiting)
    + (SELECT count(*) FROM waiting CROSS JOIN messages ON messages.chat_id = waiting.id)"""
_NEW = "SELECT DISTINCT kind, entity_id FROM primer_journal WHERE seq > :acked"
_REFUSED = "SELECT kind, entity_id FROM primer_quarantine WHERE target = :target"
# CROSS JOIN: in this order, from what is new to the chats, never from all chats of a user to what is new
_CHAT_OF = """
CASE WHEN kind IN ('c', 'd') THEN entity_id
     WHEN kind IN ('m', 'k') THEN (SELECT chat_id FROM messages WHERE id = entity_id)
     WHEN kind = 'a' THEN (SELECT chat_id FROM messages WHERE id =
        (SELECT message_id FROM message_attachments WHERE message_attachments.id = entity_id)) END"""
_ROWS = f"""
SELECT count(*) FROM ({_NEW}) AS news
WHERE CASE kind WHEN 's' THEN entity_id = :user
    ELSE EXISTS (SELECT 1 FROM chats WHERE id = ({_CHAT_OF}) AND user_id = :user
        AND id NOT IN (SELECT value FROM json_each(:without))) END"""
_CHATS = f"""
SELECT chats.id FROM (SELECT {_CHAT_OF} AS chat_id FROM ({_NEW} UNION {_REFUSED})) AS news
CROSS JOIN chats ON chats.id = news.chat_id WHERE chats.user_id = :user"""
# deleted from the backup, and not gone on since: it is sent again when it does
_FORGOTTEN = """
SELECT chats.id FROM primer_tombstones AS gone CROSS JOIN chats ON chats.id = gone.chat_id
WHERE chats.user_id = :user AND chats.updated_at <= gone.deleted_at"""
_ALL_CHATS = "SELECT id FROM chats WHERE user_id = :user"


def acknowledged_at(connection: sqlite3.Connection, target: str) -> datetime | None:
    """Look when a server last acknowledged something.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str
        From `bookkeeping.target_of`.

    Returns
    -------
    datetime or None
        Aware, in UTC; ``None``: nothing went there yet.
    """
    row = connection.execute(_STATE, (target,)).fetchone()
    return None if row is None else parse(row[1])


def unchanged_since(
    connection: sqlite3.Connection, target: str | None, user_id: str, sent: Mapping[str, int]
) -> set[str]:
    """Find the chats that have not changed since each was sent by itself.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str or None
        From `bookkeeping.target_of`.
    user_id : str
        Whose.
    sent : mapping of str to int
        By the chat's id, the last entry of the journal from before it was sent.

    Returns
    -------
    set of str
        Of those.
    """
    unchanged = set()
    for entry in set(sent.values()):
        place = {"user": user_id, "target": target, "acked": entry}
        changed = {key for (key,) in fetched(connection, _CHATS, place)}
        unchanged |= {chat for chat, before in sent.items() if before == entry and chat not in changed}
    return unchanged


def count_waiting(connection: sqlite3.Connection, target: str, user_id: str, *, without: Collection[str] = ()) -> int:
    """Count the rows of a user that a server does not have yet.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str
        From `bookkeeping.target_of`.
    user_id : str
        Whose.
    without : collection of str, optional
        Ids of chats that are there all the same.

    Returns
    -------
    int
        Of chats, messages, details, attachments and settings, each once; none that the server refused.
    """
    state = connection.execute(_STATE, (target,)).fetchone()
    place = {"user": user_id, "without": json.dumps(list(without)), "acked": None if state is None else state[0]}
    return int(connection.execute(_EVERYTHING if state is None else _ROWS, place).fetchone()[0])


def chats_waiting(connection: sqlite3.Connection, target: str | None, user_id: str) -> set[str]:
    """Find the chats of a user of which a server lacks something.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store.
    target : str or None
        From `bookkeeping.target_of`; ``None`` when there is no server.
    user_id : str
        Whose.

    Returns
    -------
    set of str
        As the store calls them. All, when nothing went there yet.
    """
    state = connection.execute(_STATE, (target,)).fetchone()
    place = {"user": user_id, "target": target, "acked": None if state is None else state[0]}
    queries = [_ALL_CHATS] if state is None else [_CHATS, _FORGOTTEN]
    return {key for query in queries for (key,) in fetched(connection, query, place) if isinstance(key, str)}
