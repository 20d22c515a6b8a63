"""When both sides have nothing in common that can be trusted: compare every chat, send those that differ.

So it is the first time, and when the server was emptied, replaced or put back to an old state, or when the local file
is an old copy or a clone. At the end the file gets a new name and token on the server.
"""

from __future__ import annotations

import sqlite3
from functools import cache

from primer_nb.backup.bookkeeping import (
    Chain,
    acknowledge,
    last_entry,
    new_chain,
    quarantine,
    quarantined,
    reading,
    release,
    writing,
)
from primer_nb.backup.columns import USER_SETTINGS, Row
from primer_nb.backup.digest_values import Digest
from primer_nb.backup.digests import local_digests, server_digests
from primer_nb.backup.gathering import count_rows
from primer_nb.backup.job import Job
from primer_nb.backup.journal import chats_of
from primer_nb.backup.push import CONFLICTS
from primer_nb.backup.rows import Quarantined, fetched, read_rows
from primer_nb.backup.spelling import canonical_id
from primer_nb.errors import StoreCorruptError

_ORPHANS = "SELECT id FROM messages WHERE chat_id NOT IN (SELECT id FROM chats WHERE id IS NOT NULL)"


def reconcile(job: Job) -> Chain:
    """Make the server hold all that this file holds of the user, and begin a new chain of tokens.

    Parameters
    ----------
    job : Job
        The backup that runs.

    Returns
    -------
    Chain
        Written down on both sides.

    Raises
    ------
    StoreCorruptError
        If the local file is damaged: nothing of it is sent.
    BackupError
        If the server does not have the account.
    """
    job.is_reconciled = True
    with reading(job.store) as connection:
        # before anything is read: what comes later is in the journal, and goes next
        chain = new_chain(last_entry(connection))
        _check_file(connection, job)
    job.hello()
    job.round_trips += 1
    theirs = server_digests(job.server.connection(), job.user_id)
    # an empty server has nothing to be compared with
    chats, ours, settings = _look(job, is_compared=bool(theirs))
    _send_what_differs(job, chats, ours, theirs)
    _register(job, chain, settings)
    with writing(job.store) as connection:
        acknowledge(connection, job.target, chain)
        quarantine(connection, job.target, job.refused.values())
        # chats with such rows were all sent again: what was not refused anew is there, or gone here
        release(connection, job.target, quarantined(connection, job.target) - set(job.refused))
    return chain


def differs(ours: Digest | None, theirs: Digest | None) -> bool:
    """Tell whether a chat has to be sent.

    Parameters
    ----------
    ours, theirs : Digest or None
        Of both sides.

    Returns
    -------
    bool
        False also when the server has the same, and more was said there since.
    """
    if ours is None or theirs is None or ours == theirs:
        return ours is None or theirs is None
    same_rows = (ours.count, ours.ids_xor, ours.details) == (theirs.count, theirs.ids_xor, theirs.details)
    same_names = (ours.title, ours.model) == (theirs.title, theirs.model)
    return not (same_rows and same_names and theirs.updated_at > ours.updated_at)


def _check_file(connection: sqlite3.Connection, job: Job) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreCorruptError(
            f"{job.store.address}: the file is damaged ({str(found)[:100]}), so it is not sent; keep it, and restore "
            "the last backup beside it"
        )


def _look(job: Job, *, is_compared: bool) -> tuple[dict[str, str], dict[str, Digest], list[Row]]:
    """Read the user's chats by canonical identifier, their digests without those to be sent anyway, the settings."""
    refused: list[Quarantined] = []
    chats: dict[str, str] = {}
    with reading(job.store) as connection:
        ours = local_digests(connection, job.user_id, refused=refused) if is_compared else {}
        for (raw,) in fetched(connection, "SELECT id FROM chats WHERE user_id = ?", (job.user_id,)):
            key = canonical_id(raw) if isinstance(raw, str) else None
            if key is None:
                refused.append(Quarantined("c", raw or "", "id is no UUID"))
            else:
                chats[key] = raw
        # digests leave out what some server refused; it may be put right by now, or this one may take it
        before = set(fetched(connection, "SELECT kind, entity_id FROM primer_quarantine"))
        for raw in chats_of(connection, before):
            ours.pop(canonical_id(raw) or "", None)
        refused += [Quarantined("m", raw or "", "its chat is not there") for (raw,) in fetched(connection, _ORPHANS)]
        settings = list(read_rows(connection, USER_SETTINGS, "user_id = ?", (job.user_id,), refused=refused))
    job.refuse(refused)
    return chats, ours, settings


def _send_what_differs(job: Job, chats: dict[str, str], ours: dict[str, Digest], theirs: dict[str, Digest]) -> None:
    different = {key: raw for key, raw in chats.items() if differs(ours.get(key), theirs.get(key))}
    others = job.others_among(key for key in different if key not in theirs)
    job.keep_away({key: different.pop(key) for key in others})
    job.progress.start(count_rows(job.store, job.user_id, different.values()))
    # in the order of their identifiers, which is that of time: so the server's indexes grow at their ends
    in_order = sorted(different.items())
    job.send_chats([raw for key, raw in in_order if key not in theirs], are_new=True, are_counted=True)
    job.send_chats([raw for key, raw in in_order if key in theirs], are_counted=True)


def _register(job: Job, chain: Chain, settings: list[Row]) -> None:
    names = [f"settings_{name}" for name in USER_SETTINGS.names]
    parameters: dict[str, object] = {
        "device": chain.device_id,
        "user": job.user_id,
        "token": chain.token,
        "top": chain.acked_seq,
    }
    for row in settings:
        parameters |= dict(zip(names, row, strict=True))
    job.round_trips += 1
    cursor = job.server.connection().execute(_registration(has_settings=bool(settings)), parameters)
    if settings:
        job.counts[USER_SETTINGS.name] = job.counts.get(USER_SETTINGS.name, 0) + (cursor.fetchone() or (0,))[0]


@cache
def _registration(*, has_settings: bool) -> bytes:
    device = (
        "INSERT INTO primer_sync_device (device_id, user_id, token, acked_seq, seen_at)"
        " VALUES (%(device)s::uuid, %(user)s::uuid, %(token)s::uuid, %(top)s::bigint, now())"
    )
    if not has_settings:
        return device.encode()
    values = ", ".join(f"%(settings_{column.name})s::{column.type}" for column in USER_SETTINGS.columns)
    return (
        f"WITH device AS ({device}), liked AS ("
        f"INSERT INTO {USER_SETTINGS.name} ({', '.join(USER_SETTINGS.names)}) VALUES ({values})"
        f" {CONFLICTS[USER_SETTINGS]} RETURNING 1) SELECT count(*) FROM liked"
    ).encode()
