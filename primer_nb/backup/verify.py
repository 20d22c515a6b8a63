"""Verify: does the backup hold what the local store holds?

256 sums are compared first, then only the chats in those that differ, and what still differs once more: a message
that was backed up in the meantime is no difference.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from primer_nb.backup.bookkeeping import reading, target_of
from primer_nb.backup.digest_identities import spellings
from primer_nb.backup.digest_values import CONTENTS, IDS, Digest
from primer_nb.backup.digests import buckets_of, local_digests, server_buckets, server_digests
from primer_nb.backup.opening import address_of, check_pair, with_server
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.results import ChatDifference, State, VerifyReport
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.spelling import canonical_id
from primer_nb.errors import InvalidInputError

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.backup.server import Server
    from primer_nb.database import Store
    from primer_nb.database.addresses import Address

_MESSAGES = "SELECT count(*) FROM messages WHERE chat_id IN (SELECT id FROM chats WHERE user_id = ?)"
_BUCKETS_SIZE, _DIGESTS_SIZE = 60, 240  # bytes on the wire, about

_PARTS = {
    "title": ("title",),
    "model": ("model",),
    "updated_at": ("updated_at",),
    "messages": ("count", "ids_xor"),
    "lengths": ("lengths",),
    "content": ("content",),
    "details": ("details",),
}


def verify(
    store: Store, server: Address | Server, user_id: str, *, depth: int = IDS, progress: Progress | None = None
) -> VerifyReport:
    """Compare the local store with its backup; neither is changed.

    Parameters
    ----------
    store : Store
        An SQLite store.
    server : Address or Server
        A PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Whose chats.
    depth : int, default 1
        1 compares identifiers, titles and what hangs on the chats, along indexes; 2 the lengths of the messages too;
        3 everything that they hold.
    progress : Progress, optional
        Told of the messages that were read here; what the server sums up meanwhile is one statement.

    Returns
    -------
    VerifyReport
        The chats that differ.

    Raises
    ------
    InvalidInputError
        If the depth is none of these.
    BackupError, StoreError
        If one of the two cannot be worked with.
    """
    if depth not in range(IDS, CONTENTS + 1):
        raise InvalidInputError(f"depth={depth!r} is not 1 (identifiers), 2 (lengths) or 3 (contents)")
    check_pair(store, server)
    begun = time.monotonic()
    told = progress or NoProgress()

    def attempt(pg: Connection[Any]) -> VerifyReport:
        return _verify(store, pg, server, user_id, depth=depth, progress=told)

    try:
        return replace(with_server(server, user_id, attempt), seconds=time.monotonic() - begun)
    finally:
        told.finish()


def differences(
    here: Mapping[str, Digest], there: Mapping[str, Digest], *, deleted: Collection[str | None] = ()
) -> list[ChatDifference]:
    """Compare digests of the same depth.

    Parameters
    ----------
    here, there : mapping of str to Digest
        By the identifier of the chat.
    deleted : collection of str, optional
        Chats that were deleted here.

    Returns
    -------
    list of ChatDifference
        Of the chats that are not the same, in the order of their identifiers.
    """
    found = []
    for chat_id in sorted(here.keys() | there.keys()):
        mine, theirs = here.get(chat_id), there.get(chat_id)
        known = mine or theirs
        if mine == theirs or known is None:
            continue
        found.append(
            ChatDifference(
                chat_id=chat_id,
                title=known.title,
                state=_state(mine, theirs, is_deleted=chat_id in deleted),
                messages_here=mine.count if mine else 0,
                messages_there=theirs.count if theirs else 0,
                parts=_parts(mine, theirs) if mine and theirs else (),
            )
        )
    return found


def _verify(
    store: Store, pg: Connection[Any], server: Address | Server, user_id: str, *, depth: int, progress: Progress
) -> VerifyReport:
    refused: list[Quarantined] = []
    here, deleted = _look(store, user_id, depth, refused=refused, progress=progress)
    refused += _known(store, address_of(server), user_id, besides=refused)
    there = server_buckets(pg, user_id, depth)
    mine = buckets_of(here)
    differing = {name for name in mine.keys() | there.keys() if mine.get(name) != there.get(name)}
    found: list[ChatDifference] = []
    received = len(there) * _BUCKETS_SIZE
    if differing:
        suspects = server_digests(pg, user_id, depth, buckets=differing)
        mine_too = {chat_id: digest for chat_id, digest in here.items() if chat_id[-2:] in differing}
        wrong = [difference.chat_id for difference in differences(mine_too, suspects, deleted=deleted)]
        again, deleted = _look(store, user_id, depth, chats=wrong)
        theirs = server_digests(pg, user_id, depth, chats=wrong)
        found = differences(again, theirs, deleted=deleted)
        received += (len(suspects) + len(theirs)) * _DIGESTS_SIZE
    return VerifyReport(
        depth=depth,
        chats=len(here),
        messages=sum(digest.count for digest in here.values()),
        differences=tuple(found),
        quarantined=tuple(refused),
        bytes_received=received,
    )


def _look(
    store: Store,
    user_id: str,
    depth: int,
    *,
    chats: Collection[str] | None = None,
    refused: list[Quarantined] | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Digest], Collection[str | None]]:
    with reading(store) as connection:
        if progress is not None:
            progress.start(connection.execute(_MESSAGES, (user_id,)).fetchone()[0])
        digests = local_digests(connection, user_id, depth, chats=chats, refused=refused, progress=progress)
        tombstones = {
            canonical_id(chat_id) for (chat_id,) in connection.execute("SELECT chat_id FROM primer_tombstones")
        }
        living = spellings(connection, user_id)
    return digests, tombstones - living.keys()


def _known(store: Store, server: Address, user_id: str, *, besides: Collection[Quarantined]) -> Iterator[Quarantined]:
    seen = {row[:2] for row in besides}
    query = "SELECT kind, entity_id, reason FROM primer_quarantine WHERE target = ? ORDER BY kind, entity_id"
    with reading(store) as connection:
        rows = connection.execute(query, (target_of(server, user_id),)).fetchall()
    return (Quarantined(*row) for row in rows if row[:2] not in seen)


def _state(mine: Digest | None, theirs: Digest | None, *, is_deleted: bool) -> State:
    if mine is None:
        return "deleted here" if is_deleted else "only there"
    return "only here" if theirs is None else "different"


def _parts(mine: Digest, theirs: Digest) -> tuple[str, ...]:
    return tuple(
        part for part, names in _PARTS.items() if any(getattr(mine, name) != getattr(theirs, name) for name in names)
    )
