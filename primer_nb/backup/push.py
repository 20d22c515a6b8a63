"""The push: all that is new in one statement, which is one transaction and one round trip.

It does nothing unless the server still knows this file's token, has the schema of this release, has every chat of
which parts were sent before, and has none of the chats for another user.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from primer_nb.backup import changes
from primer_nb.backup.bookkeeping import Chain
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
from primer_nb.backup.journal import Batch
from primer_nb.backup.loads import TABLES
from primer_nb.backup.server import needed_version

if TYPE_CHECKING:
    from psycopg import Connection


FOREIGN = "on the server it belongs to another account"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did.

    Parameters
    ----------
    is_accepted : bool
        Whether the guard let it in; otherwise nothing happened.
    version : str or None
        The revision of the server's schema.
    foreign : tuple of str
        Chats of the batch that belong to another user there.
    missing : tuple of str
        Chats that the server should have and has not: somebody deleted them there.
    taken : tuple of str
        Messages that stay behind: there the identifier is that of another user's message.
    counts : dict of str to int
        Rows written, by table.
    """

    is_accepted: bool
    version: str | None
    foreign: tuple[str, ...]
    missing: tuple[str, ...]
    taken: tuple[str, ...]
    counts: dict[str, int]


# By table: what follows the rows of an INSERT. The larger or equal time wins, so the last push of one device does.
_NEWER = "{table}.updated_at <= EXCLUDED.updated_at"
CONFLICTS = {
    CHATS: changes.conflict_of_chats(changes.AT_ONCE),
    CHAT_SETTINGS: "ON CONFLICT (chat_id) DO UPDATE SET provider = EXCLUDED.provider, model = EXCLUDED.model,"
    " temperature = EXCLUDED.temperature, max_tokens = EXCLUDED.max_tokens,"
    " system_prompt = EXCLUDED.system_prompt, updated_at = EXCLUDED.updated_at WHERE "
    + _NEWER.format(table="chat_settings"),
    CHAT_CHANGES: changes.CONFLICT,
    CHAT_TAGS: "ON CONFLICT DO NOTHING",
    MESSAGES: "ON CONFLICT (id) DO NOTHING",
    COMPLETIONS: "ON CONFLICT (message_id) DO NOTHING",
    ATTACHMENTS: "ON CONFLICT (id) DO NOTHING",
    USER_SETTINGS: "ON CONFLICT (user_id) DO UPDATE SET theme = EXCLUDED.theme, language = EXCLUDED.language,"
    " notifications_enabled = EXCLUDED.notifications_enabled, automatic_backup = EXCLUDED.automatic_backup,"
    " updated_at = EXCLUDED.updated_at WHERE " + _NEWER.format(table="user_settings"),
}
# A chat or message of this identifier may be another user's: nothing is hung on it.
_OWN_CHAT = " AND NOT EXISTS (SELECT FROM chats WHERE chats.id = sent.chat_id AND chats.user_id <> {user}::uuid)"
_OWN_MESSAGE = (
    " AND NOT EXISTS (SELECT FROM messages WHERE messages.id = sent.message_id AND messages.user_id <> {user}::uuid)"
)
OWN = {
    CHAT_SETTINGS: _OWN_CHAT,
    CHAT_CHANGES: _OWN_CHAT,
    CHAT_TAGS: _OWN_CHAT + changes.UNTAGGED.format(besides=""),
    COMPLETIONS: _OWN_MESSAGE,
    ATTACHMENTS: _OWN_MESSAGE,
}
# The same where one statement writes all.
_OWN_AT_ONCE = {CHAT_TAGS: _OWN_CHAT + changes.UNTAGGED.format(besides=changes.NOT_AGAIN)}

_HEAD = """\
WITH others AS (
    SELECT id FROM chats WHERE id = ANY(%(chats_0)s::uuid[]) AND user_id <> %(user)s::uuid
), missing AS (
    SELECT id FROM unnest(%(known)s::uuid[]) AS wanted(id)
    WHERE NOT EXISTS (SELECT FROM chats WHERE chats.id = wanted.id)
), guard AS (
    UPDATE primer_sync_device SET prev_token = %(token)s::uuid, token = %(next_token)s::uuid,
        acked_seq = %(top)s::bigint, seen_at = now()
    WHERE device_id = %(device)s::uuid AND user_id = %(user)s::uuid AND %(token)s::uuid IN (token, prev_token)
        AND EXISTS (SELECT FROM primer_alembic_version WHERE version_num = %(version)s)
        AND NOT EXISTS (SELECT FROM others) AND NOT EXISTS (SELECT FROM missing)
    RETURNING 1
)"""
_TAIL = """
SELECT (SELECT count(*) FROM guard), (SELECT version_num FROM primer_alembic_version),
    ARRAY(SELECT id::text FROM others), ARRAY(SELECT id::text FROM missing),
    ARRAY(SELECT id::text FROM messages WHERE id = ANY(%(messages_0)s::uuid[]) AND user_id <> %(user)s::uuid)"""


def push_batch(pg: Connection[Any], batch: Batch, *, user_id: str, chain: Chain, next_token: str) -> Pushed:
    """Send a batch; one round trip.

    Parameters
    ----------
    pg : psycopg.Connection
        In autocommit.
    batch : Batch
        From `next_batch`.
    user_id : str
        Whose.
    chain : Chain
        How far the server is, as this side knows.
    next_token : str
        Takes the place of the chain's token on the server.

    Returns
    -------
    Pushed
        What happened.

    Raises
    ------
    psycopg.Error
        If the server refuses a value, or is lost; then nothing was written, or all was.
    """
    chosen = [table for table in TABLES if batch.load.of(table) or table in {CHATS, CHAT_CHANGES, MESSAGES}]
    tables = tuple(sorted(chosen, key=lambda table: table is not CHAT_CHANGES))  # which decide on the others
    parameters: dict[str, object] = {
        "user": user_id,
        "known": list(batch.known),
        "device": chain.device_id,
        "token": chain.token,
        "next_token": next_token,
        "top": batch.top,
        "version": needed_version(),
    }
    for table in tables:
        columns = zip(*batch.load.of(table), strict=True) if batch.load.of(table) else ((),) * len(table.columns)
        parameters |= {f"{table.name}_{at}": list(values) for at, values in enumerate(columns)}
    row = pg.execute(_statement(tables), parameters).fetchone()
    assert row is not None
    hit, version, foreign, missing, taken, *counts = row
    named = dict(zip((table.name for table in tables), counts, strict=True))
    return Pushed(bool(hit), version, tuple(foreign), tuple(missing), tuple(taken), named)


@cache
def _statement(tables: tuple[Table, ...]) -> bytes:
    parts = [_HEAD]
    for table in tables:
        names = [*table.names, "user_id"] if table is MESSAGES else list(table.names)
        values = ", ".join(f"%({table.name}_{at})s::{column.type}[]" for at, column in enumerate(table.columns))
        chosen = "sent.*, %(user)s::uuid" if table is MESSAGES else "sent.*"
        own = (OWN | _OWN_AT_ONCE).get(table, "").format(user="%(user)s")
        returned = "chat_id, name, value" if table is CHAT_CHANGES else "1"
        parts.append(
            f", new_{table.name} AS (\n    INSERT INTO {table.name} ({', '.join(names)}) SELECT {chosen}"
            f" FROM unnest({values}) AS sent({', '.join(table.names)})"
            f" WHERE EXISTS (SELECT FROM guard){own}\n    {CONFLICTS[table]} RETURNING {returned}\n)"
        )
    parts.append(f", {changes.UNTAG}")
    counts = "".join(f", (SELECT count(*) FROM new_{table.name})" for table in tables)
    return "".join([*parts, _TAIL, counts]).encode()
