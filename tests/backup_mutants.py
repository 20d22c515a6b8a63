"""Wrong ideas of how a backup may know what is new, each as a small change of one step of the engine.

The study of backups refuted the first three; the others are mistakes that are easy to make.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from backup_machine import BackupMachine
from backup_machine_checks import Checked
from backup_machine_places import START
from backup_patches import replaced
from backup_views import moment

from primer_nb.backup.bookkeeping import acknowledge, last_entry
from primer_nb.backup.changes import AT_ONCE, OF_HEADS
from primer_nb.backup.columns import CHATS, MESSAGES
from primer_nb.backup.journal import Batch, next_batch
from primer_nb.backup.loads import Load
from primer_nb.backup.push import _statement, push_batch
from primer_nb.backup.rows import Quarantined, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SmallMachine(BackupMachine):
    """Does less than the whole machine, so that it is soon done with what it does."""

    answer = tag = change_settings = say_what_no_server_takes = mend = vacuum = None
    back_up_one_chat = bring_both_together = pull = restore = verify = forget = see_and_change_settings = None
    rename_while_the_other_one_talks = None
    replace_the_server = clone_the_file = let_somebody_take_an_identifier = None


class OnlyMessages(Checked):
    """Sees lost messages only: a mutant that has no journal cannot be blamed for how it keeps one."""

    def _check_acknowledged(self, *_arguments: Any) -> None: ...

    def _check_chain(self, *_arguments: Any, **_options: Any) -> None: ...

    def _check_rest(self, *_arguments: Any) -> None: ...

    def _check_quarantine(self, *_arguments: Any, **_options: Any) -> None: ...

    def _check_journal(self, *_arguments: Any) -> None: ...


class TitleMachine(SmallMachine):
    """Renames on one machine what goes on on the other."""

    rename_while_the_other_one_talks = BackupMachine.rename_while_the_other_one_talks


@contextmanager
def watermark(number: Callable[[int, str], int]) -> Iterator[None]:
    """Take for new what has a greater number than all that went before."""

    def numbers(connection: sqlite3.Connection) -> dict[str, int]:
        rows = connection.execute("SELECT rowid, id, created_at FROM messages")
        return {key: number(rowid, created) for rowid, key, created in rows}

    def last(connection: sqlite3.Connection) -> int:
        return max(numbers(connection).values(), default=0)

    def following(connection: sqlite3.Connection, user_id: str, after: int, **options: Any) -> Batch | None:
        new = {key: value for key, value in numbers(connection).items() if value > after}
        if not new:
            return None
        refused: list[Quarantined] = []
        load = Load()
        for row in read_rows(connection, CHATS, "user_id = ?", (user_id,), refused=refused):
            load.add(CHATS, row)
        own = {row[0] for row in load.of(CHATS)}
        for row in read_rows(connection, MESSAGES, "1", refused=refused):
            if row[1] in own and any(row[0] == key.lower() for key in new):
                load.add(MESSAGES, row)
        raw_ids = {str(chat): str(chat) for chat in own}
        load = load.without(set(options.get("without", ())))
        return Batch(
            top=max(new.values()),
            entries=len(new),
            load=load,
            known=(),
            raw_ids=raw_ids,
            quarantined=tuple(refused),
            released=(),
            returning=(),
        )

    with replaced(next_batch, following), replaced(last_entry, last):
        yield


def rowid() -> Any:
    """Remember the last rowid: SQLite gives it again when the newest message was deleted."""
    return watermark(lambda rowid, _created: rowid)


def created_at() -> Any:
    """Remember the last time: a clock may be behind."""

    def microseconds(_rowid: int, created: str) -> int:
        at = moment(created)
        return 0 if at is None else round((at - START).total_seconds() * 1e6) + 10**10

    return watermark(microseconds)


def no_chain() -> Any:
    """Trust the journal alone: the server may have been emptied or put back."""

    def trusting(pg: Any, batch: Batch, *, user_id: str, chain: Any, next_token: str) -> Any:
        pg.execute(
            "INSERT INTO primer_sync_device (device_id, user_id, token, acked_seq, seen_at)"
            " VALUES (%s, %s, %s, 0, now()) ON CONFLICT (device_id) DO UPDATE SET token = EXCLUDED.token",
            (chain.device_id, user_id, chain.token),
        )
        return push_batch(pg, batch, user_id=user_id, chain=chain, next_token=next_token)

    return replaced(push_batch, trusting)


def no_previous_token() -> Any:
    """Know the last token only: a lost acknowledgement then looks like another server."""

    def forgetful(*arguments: Any, **options: Any) -> bytes:
        statement = _statement(*arguments, **options)
        assert b"IN (token, prev_token)" in statement
        return statement.replace(b"IN (token, prev_token)", b"= token")

    return replaced(_statement, forgetful)


def title_by_the_time_of_its_chat() -> Any:
    """Take the title of the chat that changed last: each message changes it."""

    def by_time(*arguments: Any, **options: Any) -> bytes:
        statement = _statement(*arguments, **options)
        for name in OF_HEADS:
            counts = AT_ONCE.format(name=name).encode()
            assert counts in statement
            statement = statement.replace(counts, b"chats.updated_at <= EXCLUDED.updated_at")
        return statement

    return replaced(_statement, by_time)


def eager_acknowledgement() -> Any:
    """Acknowledge what is about to be sent."""

    def eager(connection: sqlite3.Connection, user_id: str, after: int, *, target: str, **options: Any) -> Any:
        batch = next_batch(connection, user_id, after, target=target, **options)
        if batch is not None:
            path = connection.execute("PRAGMA database_list").fetchone()[2]
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("UPDATE primer_backup_state SET acked_seq = ? WHERE target = ?", (batch.top, target))
        return batch

    return replaced(next_batch, partial(eager, limit=4))


def one_servers_cut() -> Any:
    """Cut off the journal what one server has, though another one has not."""

    def cutting(connection: sqlite3.Connection, target: str, chain: Any) -> None:
        acknowledge(connection, target, chain)
        connection.execute("DELETE FROM primer_journal WHERE seq <= ?", (chain.acked_seq,))

    return replaced(acknowledge, cutting)
