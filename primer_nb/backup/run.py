"""Back up a local store: what is new in one statement, whole chats where that cannot be trusted.

Safe at every fault: the server commits a batch whole or not at all, and only then this side writes down that it did.
Whatever happens, nothing but the bookkeeping of the local store is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from primer_nb.backup.bookkeeping import (
    Chain,
    acknowledge,
    new_token,
    quarantine,
    read_chain,
    reading,
    release,
    writing,
)
from primer_nb.backup.bulk import REFUSALS, AccountMissingError, raise_when_nobody
from primer_nb.backup.digests import local_digests, server_digests
from primer_nb.backup.gathering import count_rows
from primer_nb.backup.job import Job
from primer_nb.backup.journal import Batch, next_batch
from primer_nb.backup.lock import alone
from primer_nb.backup.opening import check_pair
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.push import FOREIGN, Pushed, push_batch
from primer_nb.backup.reconcile import differs, reconcile
from primer_nb.backup.reports import BackupReport
from primer_nb.backup.retrying import line_to, retried
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.server import Server, check_version, no_account
from primer_nb.backup.spelling import canonical_id
from primer_nb.database import Store
from primer_nb.database.addresses import Address
from primer_nb.errors import BackupError, ChatNotFoundError, ForeignChatError

MOST_RECONCILES = 3  # in one backup; only somebody who pushes under the same token at the same time makes it more

_PROBE = b"""\
SELECT (SELECT version_num FROM primer_alembic_version), EXISTS (SELECT FROM primer_sync_device
    WHERE device_id = %s::uuid AND user_id = %s::uuid AND %s::uuid IN (token, prev_token))"""
_PENDING = "SELECT count(*) FROM primer_journal WHERE seq > ?"


def backup(
    store: Store,
    server: Address | Server,
    user_id: str,
    *,
    chats: Iterable[str] | None = None,
    probe: bool = False,
    progress: Progress | None = None,
) -> BackupReport:
    """Send to a server what it does not have of a user's chats.

    Parameters
    ----------
    store : Store
        An SQLite file.
    server : Address or Server
        A PostgreSQL store, its schema up to date. The connection of a `Server` stays open.
    user_id : str
        Whose; the server has the account.
    chats : iterable of str, optional
        Only these; the others stay new.
    probe : bool, default False
        Whether to ask the server also when nothing is new: that nothing was sent says nothing about it.
    progress : Progress, optional
        Told after each commit.

    Returns
    -------
    BackupReport
        What was written there, and what stays behind.

    Raises
    ------
    ChatNotFoundError
        If one of ``chats`` is not the user's here.
    ForeignChatError
        If one of ``chats`` belongs to another account on the server; nothing was sent.
    BackupInProgressError
        If another kernel backs up the same file.
    BackupError
        If the server does not have the account.
    InvalidInputError
        If the stores are of other kinds.
    StoreError
        If one of them cannot be used; what was committed stays, and the next backup goes on from there.
    """
    check_pair(store, server)
    watched = progress or NoProgress()
    wanted = None if chats is None else list(chats)
    with alone(store), line_to(server) as line:
        job = Job(store, line, user_id, watched)
        try:
            retried(line, lambda: _push_new(job, probe=probe) if wanted is None else _push_some(job, wanted))
        except AccountMissingError as error:
            raise no_account(line.address) from error
        finally:
            watched.finish()
    return job.report()


def _push_new(job: Job, *, probe: bool) -> None:
    with reading(job.store) as connection:
        chain = read_chain(connection, job.target)
    job.is_known, reconciles, before = False, 0, job.round_trips
    while True:
        if chain is None:
            if reconciles == MOST_RECONCILES:
                raise BackupError(
                    "the server changes while it is compared; see that no copy of this file backs up too"
                )
            chain, job.is_known, reconciles = reconcile(job), True, reconciles + 1
        chain = _push_journal(job, chain)
        has_spoken = job.round_trips > before  # in this attempt; perhaps only of a chat that is another account's
        if chain is not None and (job.is_known or not (probe or has_spoken) or _is_known(job, chain)):
            return
        chain = None


def _push_journal(job: Job, chain: Chain) -> Chain | None:
    """Push until the journal has nothing more; ``None`` when the server does not know us."""
    is_started = False
    while True:
        with reading(job.store) as connection:
            batch = next_batch(connection, job.user_id, chain.acked_seq, target=job.target, without=job.away)
            if batch is not None and not is_started:
                job.progress.start(connection.execute(_PENDING, (chain.acked_seq,)).fetchone()[0])
                is_started = True
        if batch is None:
            return chain
        following = _push_one(job, batch, chain)
        if following is None:
            return None
        chain = following


def _push_one(job: Job, batch: Batch, chain: Chain) -> Chain | None:
    job.refuse(batch.quarantined)
    token, pushed = chain.token, None
    if batch.returning:
        job.send_chats(batch.returning)
    if len(batch.load):
        token = new_token()
        try:
            pushed = _pushed(job, batch, chain, token)
        except REFUSALS as error:
            raise_when_nobody(error)
            _take_apart(job, batch)
            return chain
        if pushed.foreign or pushed.missing:
            _make_way(job, batch, pushed)
            return chain
        if not pushed.is_accepted:
            return None
        job.refuse(Quarantined("m", key, FOREIGN) for key in pushed.taken)
    following = Chain(chain.device_id, token, batch.top)
    with writing(job.store) as connection:
        acknowledge(connection, job.target, following)
        quarantine(connection, job.target, job.refused.values())
        release(connection, job.target, set(batch.released) - set(job.refused))
    # last: who is told may end the backup, and what was sent is done with
    job.note({} if pushed is None else pushed.counts, rows=batch.entries, size=batch.load.size)
    return following


def _pushed(job: Job, batch: Batch, chain: Chain, token: str) -> Pushed:
    known = tuple(key for key in batch.known if key not in job.resent)
    pg = job.server.connection()
    job.round_trips += 1
    pushed = push_batch(pg, replace(batch, known=known), user_id=job.user_id, chain=chain, next_token=token)
    check_version(pushed.version, job.server.address)
    if pushed.is_accepted:
        job.is_known = True
    return pushed


def _make_way(job: Job, batch: Batch, pushed: Pushed) -> None:
    job.keep_away({key: batch.raw_ids[key] for key in pushed.foreign})
    gone = [key for key in pushed.missing if key not in pushed.foreign]
    job.send_chats(batch.raw_ids[key] for key in gone)
    job.resent.update(gone)


def _take_apart(job: Job, batch: Batch) -> None:
    others = job.others_among(batch.raw_ids)
    job.keep_away({key: batch.raw_ids[key] for key in others})
    if job.send(batch.load) and not others:
        raise BackupError("the server refuses rows together that it takes one by one; run primer-nb doctor")


def _is_known(job: Job, chain: Chain) -> bool:
    job.round_trips += 1
    row = job.server.connection().execute(_PROBE, (chain.device_id, job.user_id, chain.token)).fetchone()
    version, is_known = row or (None, False)
    check_version(version, job.server.address)
    return bool(is_known)


def _push_some(job: Job, chats: list[str]) -> None:
    with reading(job.store) as connection:
        places = ", ".join("?" * len(chats))
        query = f"SELECT id FROM chats WHERE id IN ({places}) AND user_id = ?"
        found = {raw for (raw,) in connection.execute(query, [*chats, job.user_id])}
        raw_chats = {canonical_id(raw) or raw: raw for raw in found}
        ours = local_digests(connection, job.user_id, chats=set(raw_chats))
    for chat in chats:
        if chat not in found:
            raise ChatNotFoundError(f"there is no chat {chat!r}; ws.chats.list() shows yours")
    job.hello()
    keys = [key for key in raw_chats if canonical_id(key)]
    job.round_trips += 1
    theirs = server_digests(job.server.connection(), job.user_id, chats=keys)
    for other in sorted(job.others_among(key for key in keys if key not in theirs)):
        raise ForeignChatError(f"the chat {raw_chats[other]!r} was not backed up: {FOREIGN}")
    different = [raw for key, raw in raw_chats.items() if differs(ours.get(key), theirs.get(key))]
    job.progress.start(count_rows(job.store, job.user_id, different))
    job.send_chats(different, are_counted=True)
    with writing(job.store) as connection:
        quarantine(connection, job.target, job.refused.values())
