"""What may change of one chat on two machines, one thing at a time: the latest change wins, whoever backs up first.

The title of a chat, its model and each tag that is put on or taken off have rows of their own in ``chat_changes``,
kept up by triggers. So a title is not lost to a message, which moves the time of its chat; no machine takes off a tag
that it does not know; and what was taken off does not come back from one that has not heard.
"""

from __future__ import annotations

import sqlite3

from primer_nb.backup.copying_out import LocalRow
from primer_nb.backup.spelling import canonical_moment

_TAG = "tag:"
OF_HEADS = ("title", "model")
"""What is in the row of the chat itself."""

_WON = "EXISTS (SELECT FROM new_chat_changes won WHERE won.chat_id = EXCLUDED.id AND won.name = '{name}')"
# a title that no trigger saw change has no other time than that of its chat
NOT_NOTED = (
    "(chats.updated_at <= EXCLUDED.updated_at AND NOT EXISTS ("
    "SELECT FROM chat_changes noted WHERE noted.chat_id = chats.id AND noted.name = '{name}'))"
)
AT_ONCE = f"{_WON} OR {NOT_NOTED}"
"""Whether what is sent of a chat counts, where the same statement writes the changes."""

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
RENAME = (
    "renamed AS (\n    UPDATE chats SET "
    + ", ".join(f"{name} = CASE WHEN won.has_{name} THEN won.{name} ELSE chats.{name} END" for name in OF_HEADS)
    + " FROM (SELECT chat_id, "
    + ", ".join(
        f"bool_or(name = '{name}') AS has_{name}, max(value) FILTER (WHERE name = '{name}') AS {name}"
        for name in OF_HEADS
    )
    + " FROM new_chat_changes GROUP BY chat_id) AS won"
    " WHERE won.chat_id = chats.id AND (won.has_title OR won.has_model)\n)"
)
TAG = (
    "tagged AS (\n    INSERT INTO chat_tags (chat_id, tag, created_at)"
    f" SELECT chat_id, substr(name, {len(_TAG) + 1}), changed_at FROM new_chat_changes"
    f" WHERE value IS NOT NULL AND starts_with(name, '{_TAG}') ON CONFLICT DO NOTHING\n)"
)


def conflict_of_chats(counts: str) -> str:
    """Write what happens to a chat that a server has.

    Parameters
    ----------
    counts : str
        SQL that tells whether what is sent counts, with ``{name}`` in the place of title or model.

    Returns
    -------
    str
        SQL that follows the rows of an INSERT.
    """
    is_ours = {name: counts.format(name=name) for name in OF_HEADS}
    sets = [f"{name} = CASE WHEN {ours} THEN EXCLUDED.{name} ELSE chats.{name} END" for name, ours in is_ours.items()]
    news = [f"(chats.{name} IS DISTINCT FROM EXCLUDED.{name} AND ({ours}))" for name, ours in is_ours.items()]
    return (
        f"ON CONFLICT (id) DO UPDATE SET {', '.join(sets)},"
        " updated_at = GREATEST(chats.updated_at, EXCLUDED.updated_at)"
        " WHERE chats.user_id = EXCLUDED.user_id"
        f" AND (chats.updated_at < EXCLUDED.updated_at OR {' OR '.join(news)})"
    )


def take_head(connection: sqlite3.Connection, chat: str, row: LocalRow, changes: list[LocalRow]) -> bool:
    """Take the time of a chat when it is later, and with it a title that changed where no trigger saw it.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of a store, in a transaction that writes.
    chat : str
        The chat, as the store spells it.
    row : tuple
        Of `columns.CHATS`, as the server has it.
    changes : list of tuple
        As `take_changes`, which comes next.

    Returns
    -------
    bool
        Whether it did.
    """
    (found,) = connection.execute("SELECT updated_at FROM chats WHERE id = ?", (chat,)).fetchone()
    here = canonical_moment(str(found))
    if here is None or row[5] <= here:
        return False
    noted = {name for _, name, *_ in changes}
    noted |= {name for (name,) in connection.execute("SELECT name FROM chat_changes WHERE chat_id = ?", (chat,))}
    taken = {name: value for name, value in zip(OF_HEADS, row[2:4], strict=True) if name not in noted}
    places = ", ".join(f"{name} = ?" for name in (*taken, "updated_at"))
    connection.execute(f"UPDATE chats SET {places} WHERE id = ?", (*taken.values(), row[5], chat))
    return True


def take_changes(connection: sqlite3.Connection, chat: str, changes: list[LocalRow]) -> bool:
    """Take what was changed later on another machine.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of a store, in a transaction that writes.
    chat : str
        The chat, as the store spells it.
    changes : list of tuple
        Of `columns.CHAT_CHANGES`, as the server has them. Tags that were put on come with their own rows.

    Returns
    -------
    bool
        Whether the chat has another title or model now.
    """
    renamed = 0
    for _, name, value, changed_at in changes:
        if not _is_news(connection, chat, name, value, changed_at):
            continue
        if value is None and name.startswith(_TAG):
            statement = "DELETE FROM chat_tags WHERE chat_id = ? AND tag = ?"
            connection.execute(statement, (chat, name.removeprefix(_TAG)))
        elif name in OF_HEADS:
            statement = f"UPDATE chats SET {name} = ?1 WHERE id = ?2 AND {name} IS NOT ?1"
            renamed += connection.execute(statement, (value, chat)).rowcount
        # last, for the trigger of that has noted it as a change of this moment
        connection.execute("INSERT OR REPLACE INTO chat_changes VALUES (?, ?, ?, ?)", (chat, name, value, changed_at))
    return renamed > 0


def _is_news(connection: sqlite3.Connection, chat: str, name: str, value: str | None, changed_at: str) -> bool:
    query = "SELECT changed_at, value IS ? FROM chat_changes WHERE chat_id = ? AND name = ?"
    found = connection.execute(query, (value, chat, name)).fetchone()
    here = None if found is None else canonical_moment(str(found[0]))
    # of two at the same moment that of the server, which has decided already
    return here is None or changed_at > here or (changed_at == here and not found[1])
