"""The places of the state machine of backups: files of one account that other programs write to, and servers.

Identifiers and times come out of counters, so that a run of the machine can be repeated.
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from backup_views import View, canonical, moment, view_of_file, view_of_server

from primer_nb.backup.server import Server
from primer_nb.database import Store, open_store
from primer_nb.times import to_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ADA = "0190aaaa-0000-7000-8000-0000000000ad"
EVE = "0190aaaa-0000-7000-8000-0000000000ee"
START = datetime(2026, 1, 1, tzinfo=UTC)
_ACCOUNT = (
    "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES ('{0}', '{0}', '!', '{1}', '{1}')"
)
_OF_SERVER = (
    *("users", "chats", "messages", "completions", "chat_settings", "chat_changes", "chat_tags"),
    *("message_attachments", "user_settings", "primer_sync_device"),
)


class Clock:
    """Gives out times that differ, whatever a machine's clock is off by, and identifiers."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}  # when each title was given; no two chats ever get the same
        self._ticks = 0

    def tick(self, skew: int = 0) -> datetime:
        """Return the time as a clock shows it that is so many seconds off."""
        self._ticks += 1
        return START + timedelta(seconds=self._ticks + skew, microseconds=self._ticks)

    def new_id(self) -> str:
        """Return an identifier that looks like a random one."""
        self._ticks += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(self._ticks)))


@dataclass
class Machine:
    """A file of Ada's; every write to it is that of another program and must be journalled in its own transaction."""

    path: Path
    clock: Clock
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        """Open the file."""
        self.store = Store(self.path)

    def change(self, statement: str, *values: object, journalled: Collection[tuple[str, str]]) -> None:
        """Write, and see that the journal took it with numbers that it never gave before."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'primer_journal'").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, values)
            entries = connection.execute(
                "SELECT kind, entity_id FROM primer_journal WHERE seq > ?", last or (0,)
            ).fetchall()
            assert entries == list(journalled), "a change was not journalled"
            connection.execute("COMMIT")

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(query, values).fetchall()

    def write(self, statement: str, *values: object) -> None:
        """Write what no foreign key would let pass, or what the journal does not tell of."""
        self.ask(statement, *values)

    def chats(self) -> list[str]:
        """Name Ada's chats as the file spells them, the newest row first."""
        return [raw for (raw,) in self.ask("SELECT id FROM chats WHERE user_id = ? ORDER BY rowid DESC", ADA)]

    def add_message(self, chat: str, content: str, at: datetime, *, key: str = "", spelled: str = "") -> str:
        """Insert a message."""
        key = key or self.clock.new_id()
        self.change(
            "INSERT INTO messages (id, chat_id, role, content, tokens, created_at) VALUES (?, ?, 'user', ?, 1, ?)",
            *(key, chat, content, spelled or to_text(at)),
            journalled=[("m", key)],
        )
        return key

    def rename(self, chat: str, title: str, skew: int) -> None:
        """Give a chat another title the way our own code does: its time never goes back."""
        now = self.now("SELECT updated_at FROM chats WHERE id = ?", chat, skew=skew)
        self.clock.renamed[title] = now
        self.change(
            "UPDATE chats SET title = ?, updated_at = ? WHERE id = ?",
            *(title, now, chat),
            journalled=[("c", chat)],
        )

    def touch(self, chat: str, skew: int) -> None:
        """Let a chat be the last one that something was said in, as our own code does after each message."""
        now = self.now("SELECT updated_at FROM chats WHERE id = ?", chat, skew=skew)
        self.change("UPDATE chats SET updated_at = ? WHERE id = ?", now, chat, journalled=[("c", chat)])

    def now(self, query: str, key: str, *, skew: int) -> str:
        """Return the time as our own code takes it for a change of a row: never before that of the last one."""
        latest = [(moment(before) or START) + timedelta(microseconds=1) for (before,) in self.ask(query, key)]
        return to_text(max([self.clock.tick(skew), *latest]))

    def pending(self, target: str) -> list[tuple[int, str, str]]:
        """Read what is in the journal that a server has not acknowledged."""
        query = (
            "SELECT seq, kind, entity_id FROM primer_journal WHERE seq >"
            " coalesce((SELECT acked_seq FROM primer_backup_state WHERE target = ?), 0) ORDER BY seq"
        )
        return self.ask(query, target)

    def tombstones(self) -> set[str | None]:
        """Name the chats that were deleted here."""
        living = {canonical(chat) for (chat,) in self.ask("SELECT id FROM chats")}
        return {canonical(chat) for (chat,) in self.ask("SELECT chat_id FROM primer_tombstones")} - living

    def view(self) -> View:
        """See what of Ada's is here."""
        return view_of_file(self.path, ADA)

    def copy_to(self, path: Path) -> None:
        """Copy the file."""
        path.unlink(missing_ok=True)
        self.ask("VACUUM INTO ?", str(path))

    def replace_by(self, path: Path) -> None:
        """Let a copy take the place of the file, while nobody has it open."""
        self.store.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(path, self.path)
        self.store = open_store(self.path)


class Cloud:
    """A server; Ada and Eve have accounts."""

    def __init__(self, url: str) -> None:
        self.store = open_store(url)
        self.server = Server(self.store.address)
        self.pg = psycopg.connect(url, autocommit=True)
        self.start()

    def start(self) -> None:
        """Be a new server with nothing but the two accounts."""
        self.forgotten: set[str] = set()  # chats that somebody deleted here, so that a push may miss parts of them
        self._kept: dict[str, list[bytes]] | None = None
        self._run("DELETE FROM users", *self._accounts())

    def view(self) -> View:
        """See what of Ada's is here."""
        return view_of_server(self.pg, ADA)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Read every row of every user."""
        return {table: self.pg.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in _OF_SERVER[1:]}

    def of_others(self) -> set[str]:
        """Name the chats of other users."""
        rows = self.pg.execute("SELECT id::text FROM chats WHERE user_id <> %s", (ADA,))
        return {chat for (chat,) in rows}

    def tokens(self, device: str) -> set[str]:
        """Read under which tokens a file may push."""
        query = "SELECT token::text, prev_token::text FROM primer_sync_device WHERE device_id = %s"
        return {token for row in self.pg.execute(query, (device,)) for token in row if token}

    def wipe(self) -> None:
        """Lose everything but the accounts."""
        self.forgotten.clear()
        self._run("DELETE FROM chats", "DELETE FROM user_settings", "DELETE FROM primer_sync_device")

    def empty(self) -> None:
        """Be another server: even the accounts are gone."""
        self.forgotten.clear()
        self._run("DELETE FROM users")

    def sign_up(self) -> None:
        """Give the two their accounts again."""
        self._run(*self._accounts())

    def keep(self) -> None:
        """Remember all rows."""
        self._kept = {}
        self._forgotten_then = set(self.forgotten)
        for table in _OF_SERVER:
            with self.pg.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT".encode()) as copy:
                self._kept[table] = [bytes(piece) for piece in copy]

    def rewind(self) -> bool:
        """Go back to what was remembered, if anything was."""
        if self._kept is None:
            return False
        self.forgotten = set(self._forgotten_then)
        self._run("DELETE FROM users")
        for table, pieces in self._kept.items():
            with self.pg.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
                for piece in pieces:
                    copy.write(piece)
        return True

    def close(self) -> None:
        """Close every connection."""
        self.server.close()
        self.pg.close()
        self.store.close()

    def _accounts(self) -> list[str]:
        return [_ACCOUNT.format(user, to_text(START)) for user in (ADA, EVE)]

    def _run(self, *statements: str) -> None:
        self.pg.execute("; ".join(["BEGIN", *statements, "COMMIT"]).encode())


def make_blank(path: Path) -> None:
    """Make a file that has nothing but the two accounts."""
    store = open_store(path)
    with store.engine.begin() as connection:
        for user in (ADA, EVE):
            connection.exec_driver_sql(_ACCOUNT.format(user, to_text(START)))
    store.close()
