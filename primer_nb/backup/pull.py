"""Pull: what other machines of the same account backed up comes into the living local store.

The digests of all chats tell which ones differ; only those are fetched, some thousand messages at a time, and each
batch is committed before the next is awaited: whatever ends a pull, the next one goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from primer_nb.backup.bookkeeping import reading
from primer_nb.backup.columns import MESSAGES, USER_SETTINGS, Table
from primer_nb.backup.copying_out import OF_CHATS, Incoming, LocalRow, weight_of
from primer_nb.backup.digest_identities import spellings
from primer_nb.backup.digest_values import Digest
from primer_nb.backup.digests import local_digests, server_digests
from primer_nb.backup.merging import Merge, Merged
from primer_nb.backup.opening import check_pair, with_server
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.results import PullReport
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.spelling import canonical_id
from primer_nb.errors import ChatNotFoundError

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.backup.server import Server
    from primer_nb.database import Store
    from primer_nb.database.addresses import Address

MESSAGES_AT_ONCE = 5_000
BYTES_AT_ONCE = 4_000_000
_CHATS_AT_ONCE = 1_000


def pull(
    store: Store,
    server: Address | Server,
    user_id: str,
    *,
    chats: Collection[str] | None = None,
    progress: Progress | None = None,
) -> PullReport:
    """Bring in what the server has and the local store has not.

    Parameters
    ----------
    store : Store
        An SQLite store. No message in it is changed or deleted; of a chat's title, its model and each tag the latest
        change is taken.
    server : Address or Server
        A PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Whose chats.
    chats : collection of str, optional
        Only these, also when they were deleted here. All by default, but those that were deleted here.
    progress : Progress, optional
        Told after each commit.

    Returns
    -------
    PullReport
        What came in.

    Raises
    ------
    ChatNotFoundError
        If the server has no such chat of this user.
    BackupError, StoreError
        If one of the two cannot be worked with; what was committed stays.
    """
    check_pair(store, server)
    told = progress or NoProgress()
    merging = Merging(store, user_id, named=named_as(chats), progress=told)
    try:
        return with_server(server, user_id, merging.run)
    finally:
        told.finish()


def named_as(chats: Collection[str] | None) -> dict[str, str] | None:
    """Find what the server calls chats that a user named.

    Parameters
    ----------
    chats : collection of str or None
        As the user spelled them.

    Returns
    -------
    dict of str to str, or None
        How the user spelled them, by their canonical identifiers.
    """
    return None if chats is None else {canonical_id(chat) or chat: chat for chat in chats}


class Merging:
    """Merges what a server has into a living store; a new attempt goes on where a lost connection ended the last.

    Parameters
    ----------
    store : Store
        An SQLite store.
    user_id : str
        Whose chats.
    named : mapping of str to str, or None
        Only these, from `named_as`.
    progress : Progress
        Told after each commit.
    are_deleted_wanted : bool, default False
        Whether all chats that were deleted here come back.
    """

    def __init__(
        self,
        store: Store,
        user_id: str,
        *,
        named: Mapping[str, str] | None,
        progress: Progress,
        are_deleted_wanted: bool = False,
    ) -> None:
        self._store = store
        self._user_id = user_id
        self._named = named
        self._progress = progress
        self._are_deleted_wanted = are_deleted_wanted
        self._begun = time.monotonic()
        self._merged = Merged()
        self._received = 0

    def run(self, pg: Connection[Any]) -> PullReport:
        """Merge all that is missing here.

        Parameters
        ----------
        pg : psycopg.Connection
            To the server.

        Returns
        -------
        PullReport
            What came in, in all attempts.

        Raises
        ------
        ChatNotFoundError
            If the server has no such chat of this user.
        """
        named = self._named
        here = _look(self._store, self._user_id, named)
        there = server_digests(pg, self._user_id, chats=None if named is None else list(filter(canonical_id, named)))
        _check_found(named or {}, there)
        back = there.keys() if self._are_deleted_wanted else set(named or ())
        kept_away = {chat_id for chat_id in there if chat_id in here.deleted} - back
        news = {
            chat_id: theirs.count
            for chat_id, theirs in there.items()
            if chat_id not in kept_away and _has_news(here.digests.get(chat_id), theirs)
        }
        merge = Merge(self._store, self._user_id, spellings=here.spellings, named=back)
        merge.merged = self._merged
        try:
            self._fetch(pg, news, merge=merge)
        finally:
            self._merged = merge.merged
        counts = {name: value for name, value in vars(self._merged).items() if name != "refused"}
        return PullReport(
            **counts,
            kept_away=len(kept_away),
            quarantined=tuple(dict.fromkeys(self._merged.refused)),
            bytes_received=self._received,
            seconds=time.monotonic() - self._begun,
        )

    def _fetch(self, pg: Connection[Any], news: Mapping[str, int], *, merge: Merge) -> None:
        self._progress.start(sum(news.values()))
        for group in [*_groups(news), *([None] if self._named is None else [])]:
            for size, batch in _batches(_rows(pg, self._user_id, group, refused=merge.merged.refused)):
                merge.write(batch)
                self._received += size
                self._progress.advance(sum(table is MESSAGES for table, _ in batch), size)


@dataclass(frozen=True, slots=True)
class _Here:
    """What the local store has, at one moment."""

    digests: Mapping[str, Digest]
    spellings: dict[str, str]
    deleted: Collection[str | None]


def _look(store: Store, user_id: str, named: Collection[str] | None) -> _Here:
    with reading(store) as connection:
        digests = local_digests(connection, user_id, chats=named)
        names = spellings(connection, user_id)
        tombstones = connection.execute("SELECT chat_id FROM primer_tombstones").fetchall()
    return _Here(digests, names, {canonical_id(chat_id) for (chat_id,) in tombstones} - names.keys())


def _check_found(named: Mapping[str, str], there: Mapping[str, Digest]) -> None:
    for chat_id, spelled in named.items():
        if chat_id not in there:
            raise ChatNotFoundError(
                f"the backup has no chat {spelled!r} of yours; ws.verify() names those that only it has"
            )


def _has_news(mine: Digest | None, theirs: Digest) -> bool:
    if mine is None or theirs.updated_at > mine.updated_at:
        return True
    if (theirs.title, theirs.model) != (mine.title, mine.model):
        return True  # perhaps: whose is newer, the time of the chat does not tell
    rows = (theirs.count, theirs.ids_xor, theirs.details)
    return rows not in {(0, 0, 0), (mine.count, mine.ids_xor, mine.details)}


def _rows(
    pg: Connection[Any], user_id: str, chats: list[str] | None, *, refused: list[Quarantined]
) -> Iterator[tuple[Table, LocalRow]]:
    for table in (USER_SETTINGS,) if chats is None else OF_CHATS:
        for row in Incoming(pg, table, user_id, chats=chats, refused=refused):
            yield table, row


def _groups(news: Mapping[str, int]) -> Iterator[list[str]]:
    group: list[str] = []
    messages = 0
    for chat_id, count in news.items():
        if group and (messages + count > MESSAGES_AT_ONCE or len(group) == _CHATS_AT_ONCE):
            yield group
            group, messages = [], 0
        group.append(chat_id)
        messages += count
    if group:
        yield group


def _batches(rows: Iterable[tuple[Table, LocalRow]]) -> Iterator[tuple[int, list[tuple[Table, LocalRow]]]]:
    batch: list[tuple[Table, LocalRow]] = []
    size = 0
    for table, row in rows:
        batch.append((table, row))
        size += weight_of(table, [row])
        if size > BYTES_AT_ONCE or len(batch) > 4 * MESSAGES_AT_ONCE:
            yield size, batch
            batch, size = [], 0
    if batch:
        yield size, batch
