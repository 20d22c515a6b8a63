"""Forget: one chat out of the backup, for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from primer_nb.backup.bookkeeping import writing
from primer_nb.backup.digest_identities import spellings
from primer_nb.backup.opening import check_pair, with_server
from primer_nb.backup.results import ForgetReport
from primer_nb.backup.spelling import canonical_id
from primer_nb.database.silence import long_work
from primer_nb.errors import ChatNotFoundError
from primer_nb.times import now, to_text

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.backup.server import Server
    from primer_nb.database import Store
    from primer_nb.database.addresses import Address

_COUNT = """\
SELECT count(messages.id), coalesce(sum(octet_length(content)), 0)::bigint
FROM chats LEFT JOIN messages ON chat_id = chats.id
WHERE chats.id = %(chat)s::uuid AND chats.user_id = %(user)s::uuid GROUP BY chats.id"""
# what hangs on the chat goes with it: each of its tables says ON DELETE CASCADE
_DELETE = "DELETE FROM chats WHERE id = %(chat)s::uuid AND user_id = %(user)s::uuid"


def forget(store: Store, server: Address | Server, user_id: str, chat_id: str) -> ForgetReport:
    """Delete one chat and all that hangs on it from the backup, and keep it from coming back by a pull.

    What lives in a store belongs to its backup. A chat that is still in this store, or in another machine's, is sent
    again, whole: when something in it changes, when it is backed up by name, and when a backup has to compare both
    sides, as after the server was wiped. To be rid of it for good, delete it first, on every machine that has it.

    Parameters
    ----------
    store : Store
        An SQLite store. If the chat is still in it, it stays, and the report says so.
    server : Address or Server
        A PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Whose chat.
    chat_id : str
        Which.

    Returns
    -------
    ForgetReport
        What was removed.

    Raises
    ------
    ChatNotFoundError
        If the backup has no such chat, or it is another user's: the answer is the same.
    BackupError, StoreError
        If one of the two cannot be worked with.
    """
    check_pair(store, server)
    begun = time.monotonic()
    canonical = canonical_id(chat_id)
    found: list[tuple[int, int]] = []  # an attempt whose answer was lost has deleted it perhaps

    def attempt(pg: Connection[Any]) -> None:
        chosen = {"chat": canonical, "user": user_id}
        found.extend(pg.execute(_COUNT, chosen))
        with long_work(pg):
            pg.execute(_DELETE, chosen)

    if canonical:
        with_server(server, user_id, attempt)
    if not canonical or not found:
        raise ChatNotFoundError(
            f"the backup has no chat {chat_id!r} of yours; ws.verify() names those that only it has"
        )
    # after the server's commit: a tombstone alone would hide a chat that is still there
    with writing(store) as connection:
        is_still_here = canonical in spellings(connection, user_id)
        connection.execute(
            "INSERT OR REPLACE INTO primer_tombstones (chat_id, deleted_at) VALUES (?, ?)",
            (canonical, to_text(now())),
        )
    messages, size = found[0]
    return ForgetReport(
        chat_id=canonical,
        messages=messages,
        is_still_here=is_still_here,
        bytes_deleted=size,
        seconds=time.monotonic() - begun,
    )
