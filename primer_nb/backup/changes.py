"""What may change of one chat on two machines, one thing at a time: the latest change wins, whoever backs up first.

A tag that is put on or taken off has a row of its own in ``chat_changes``, kept up by triggers of the local store. So
no machine takes off what it does not know, and what was taken off does not come back from one that has not heard.
"""

from __future__ import annotations

import sqlite3

from primer_nb.backup.copying_out import LocalRow
from primer_nb.backup.spelling import canonical_moment

_TAG = "tag:"

CONFLICT = (
    "ON CONFLICT (chat_id, name) DO UPDATE SET value = EXCLUDED.value, changed_at = EXCLUDED.changed_at"
    " WHERE chat_changes.changed_at < EXCLUDED.changed_at"
)
UNTAGGED = (
    " AND NOT EXISTS (SELECT FROM chat_changes was WHERE was.chat_id = sent.chat_id"
    f" AND was.name = '{_TAG}' || sent.tag AND was.value IS NULL{{besides}})"
)
"""What keeps a tag from being put on a server that knows it was taken off; by a format, for `NOT_AGAIN`."""

NOT_AGAIN = (
    " AND NOT EXISTS (SELECT FROM new_chat_changes won WHERE won.chat_id = was.chat_id AND won.name = was.name)"
)
"""Besides what the same statement puts on again."""

UNTAG = (
    "untagged AS (\n    DELETE FROM chat_tags USING new_chat_changes won"
    f" WHERE won.chat_id = chat_tags.chat_id AND won.name = '{_TAG}' || chat_tags.tag AND won.value IS NULL\n)"
)
TAG = (
    "tagged AS (\n    INSERT INTO chat_tags (chat_id, tag, created_at)"
    f" SELECT chat_id, substr(name, {len(_TAG) + 1}), changed_at FROM new_chat_changes"
    f" WHERE value IS NOT NULL AND starts_with(name, '{_TAG}') ON CONFLICT DO NOTHING\n)"
)


def take_changes(connection: sqlite3.Connection, chat: str, changes: list[LocalRow]) -> None:
    """Take what was changed later on another machine.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of a store, in a transaction that writes.
    chat : str
        The chat, as the store spells it.
    changes : list of tuple
        Of `columns.CHAT_CHANGES`, as the server has them. Tags that were put on come with their own rows.
    """
    for _, name, value, changed_at in changes:
        if not _is_news(connection, chat, name, value, changed_at):
            continue
        if value is None and name.startswith(_TAG):
            statement = "DELETE FROM chat_tags WHERE chat_id = ? AND tag = ?"
            connection.execute(statement, (chat, name.removeprefix(_TAG)))
        # last, for the trigger of that has noted it as a change of this moment
        connection.execute("INSERT OR REPLACE INTO chat_changes VALUES (?, ?, ?, ?)", (chat, name, value, changed_at))


def _is_news(connection: sqlite3.Connection, chat: str, name: str, value: str | None, changed_at: str) -> bool:
    query = "SELECT changed_at, value IS ? FROM chat_changes WHERE chat_id = ? AND name = ?"
    found = connection.execute(query, (value, chat, name)).fetchone()
    here = None if found is None else canonical_moment(str(found[0]))
    # of two at the same moment that of the server, which has decided already
    return here is None or changed_at > here or (changed_at == here and not found[1])
