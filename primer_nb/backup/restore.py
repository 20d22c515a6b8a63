"""Restore: the chats of a backup into a store that has none, or some of them into a living one.

Into an empty store they go by way of a new file beside it, loaded without indexes, checked, brought to the disk and
swapped in at once: whatever goes wrong before, the old file is as it was. When the file is in use elsewhere, or
holds chats, they are merged into it instead.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from psycopg.errors import ReadOnlySqlTransaction

from primer_nb.backup.bookkeeping import acknowledge, last_entry, new_chain, reading, target_of
from primer_nb.backup.columns import ATTACHMENTS, CHATS, COMPLETIONS, MESSAGES
from primer_nb.backup.loading import Loaded, TakenError, load
from primer_nb.backup.lock import alone
from primer_nb.backup.opening import address_of, check_pair, with_server
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.pull import Merging, named_as
from primer_nb.backup.results import PullReport, RestoreReport
from primer_nb.backup.spelling import canonical_id
from primer_nb.backup.swapping import Original, keep, new_file
from primer_nb.database.failures import translated

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

    from primer_nb.backup.server import Server
    from primer_nb.database import Store
    from primer_nb.database.addresses import Address

_REGISTER = """\
INSERT INTO primer_sync_device (device_id, user_id, token, acked_seq, seen_at) VALUES (%s, %s, %s, %s, now())"""


def restore(
    store: Store,
    server: Address | Server,
    user_id: str,
    *,
    chats: Collection[str] | None = None,
    progress: Progress | None = None,
) -> RestoreReport:
    """Bring chats back from the backup.

    Parameters
    ----------
    store : Store
        An SQLite store. When it has no chats of the user, all come back, deleted ones too. When it has some, this is
        a pull: nothing is overwritten, and what was deleted stays away unless it is named.
    server : Address or Server
        A PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Whose chats.
    chats : collection of str, optional
        Only these.
    progress : Progress, optional
        Told of the messages that were written; into a new file, before it takes the place of the old one.

    Returns
    -------
    RestoreReport
        What came back.

    Raises
    ------
    ChatNotFoundError
        If the backup has no such chat of this user.
    BackupInProgressError
        If another process backs up or restores this file.
    BackupError, StoreError
        If one of the two cannot be worked with. The store is unchanged then; when it is merged into, what was
        committed stays.
    """
    check_pair(store, server)
    begun = time.monotonic()
    told = progress or NoProgress()
    with alone(store):
        is_empty = chats is None and not _has_chats(store, user_id)
        merging = Merging(store, user_id, named=named_as(chats), progress=told, are_deleted_wanted=is_empty)

        def attempt(pg: Connection[Any]) -> RestoreReport:
            if is_empty and not store.address.is_in_memory:
                loaded = _swap_in(store, address_of(server), pg, user_id, progress=told)
                if loaded is not None:
                    return _of_new_file(loaded, seconds=time.monotonic() - begun)
            return _of_pull(merging.run(pg))

        try:
            return with_server(server, user_id, attempt)
        finally:
            told.finish()


def _has_chats(store: Store, user_id: str) -> bool:
    with reading(store) as connection:
        return connection.execute("SELECT 1 FROM chats WHERE user_id = ?", (user_id,)).fetchone() is not None


def _swap_in(
    store: Store, server: Address, pg: Connection[Any], user_id: str, *, progress: Progress
) -> Loaded | None:
    path = store.address.path
    assert path is not None
    with translated(store.address), new_file(path, purpose="restoring") as part, closing(Original(store)) as original:
        original.copy_to(part)
        loaded = _fill(part, server, pg, user_id, progress=progress)
        if loaded is None:
            return None
        keep(part)
        return loaded if original.replace_by(part) else None


def _fill(part: Path, server: Address, pg: Connection[Any], user_id: str, *, progress: Progress) -> Loaded | None:
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM chats WHERE user_id = ?", (user_id,)).fetchone():
            return None  # written by somebody since we looked
        try:
            loaded = load(connection, pg, user_id, progress=progress)
        except TakenError:
            return None
        _register(connection, target_of(server, user_id), pg, user_id)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    return loaded


def _register(connection: sqlite3.Connection, target: str, pg: Connection[Any], user_id: str) -> None:
    """Begin a new chain: what was loaded needs no backup, what is in the journal still does."""
    connection.execute("BEGIN IMMEDIATE")
    tombstones = connection.execute("SELECT chat_id FROM primer_tombstones").fetchall()
    back = {chat_id for (chat_id,) in connection.execute("SELECT id FROM chats")}
    connection.executemany(
        "DELETE FROM primer_tombstones WHERE chat_id = ?",
        [(chat_id,) for (chat_id,) in tombstones if canonical_id(chat_id) in back],
    )
    first = connection.execute("SELECT min(seq) FROM primer_journal").fetchone()[0]
    chain = new_chain(last_entry(connection) if first is None else first - 1)
    # to every other server of this user what was loaded is new, and no journal tells so: they are compared next time
    connection.execute("DELETE FROM primer_backup_state WHERE target LIKE '%:' || ?", (user_id,))
    with suppress(ReadOnlySqlTransaction):  # a standby is compared next time, too
        pg.execute(_REGISTER, (chain.device_id, user_id, chain.token, chain.acked_seq))
        acknowledge(connection, target, chain)
    connection.execute("COMMIT")


def _of_new_file(loaded: Loaded, *, seconds: float) -> RestoreReport:
    return RestoreReport(
        chats=loaded.rows[CHATS],
        messages=loaded.rows[MESSAGES],
        completions=loaded.rows[COMPLETIONS],
        attachments=loaded.rows[ATTACHMENTS],
        is_new_file=True,
        quarantined=tuple(loaded.refused),
        bytes_received=loaded.size,
        seconds=seconds,
    )


def _of_pull(pulled: PullReport) -> RestoreReport:
    return RestoreReport(
        chats=pulled.chats_added,
        messages=pulled.messages,
        completions=pulled.completions,
        attachments=pulled.attachments,
        chats_changed=pulled.chats_changed,
        kept_away=pulled.kept_away,
        quarantined=pulled.quarantined,
        bytes_received=pulled.bytes_received,
        seconds=pulled.seconds,
    )
