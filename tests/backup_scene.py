"""A local store, a server that has the same user, and what a test of backups does with the two."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from builders import add_user
from delay_proxy import wait_until

from primer_nb import ids, times
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from primer_nb.backup.reports import BackupReport
    from primer_nb.database import Store
    from primer_nb.tables import User

_MADE_SINCE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_start > %s"
CONTENTS = (
    "chats",
    "messages",
    "completions",
    "chat_settings",
    "chat_tags",
    "message_attachments",
    "user_settings",
    "chat_changes",
)


class Scene:
    """Two stores of one user."""

    def __init__(self, local: Store, remote: Store, user: User) -> None:
        self.local = local
        self.remote = remote
        self.user = user
        self.server = Server(remote.address)

    @property
    def path(self) -> Path:
        """The local file."""
        path = self.local.address.path
        assert path is not None
        return path

    def backup(self, **options: Any) -> BackupReport:
        """Back up over the connection that stays open."""
        return backup(self.local, self.server, self.user.id, **options)

    @contextmanager
    def other_program(self) -> Iterator[sqlite3.Connection]:
        """Open the local file the way another program does, which knows nothing of us."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection

    def write(self, statement: str, *parameters: object) -> None:
        """Run one statement on the local file, as another program."""
        with self.other_program() as connection:
            connection.execute(statement, parameters)

    def here(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the local file."""
        with self.other_program() as connection:
            return connection.execute(query, parameters).fetchall()

    def there(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the server, past every proxy."""
        with self.administrator() as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def administrator(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect to the server, past every proxy."""
        url = self.remote.address.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def said_here(self) -> list[tuple[str, str]]:
        """Name every message of the local file."""
        return sorted(self.here("SELECT id, content FROM messages"))

    def said_there(self) -> list[tuple[str, str]]:
        """Name every message of the server."""
        return sorted(self.there("SELECT id::text, content FROM messages"))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Read all that a backup must not change here."""
        with self.other_program() as connection:
            connection.text_factory = bytes  # some are no UTF-8
            return {table: connection.execute(f"SELECT rowid, * FROM {table}").fetchall() for table in CONTENTS}

    def wipe_server(self) -> None:
        """Remove from the server all but its accounts."""
        self.there("TRUNCATE chats, user_settings, primer_sync_device CASCADE")

    def chat(self, title: str = "Birds", *, chat_id: str | None = None, user_id: str | None = None) -> str:
        """Insert a chat as another program."""
        key, moment = chat_id or ids.new_id(), times.to_text(times.now())
        self.write(
            "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            *(key, user_id or self.user.id, title, moment, moment),
        )
        return key

    def say(self, chat: str, *contents: str) -> list[str]:
        """Insert messages as another program."""
        rows = [(ids.new_id(), chat, "user", text, times.to_text(times.now())) for text in contents]
        with self.other_program() as connection:
            connection.execute("BEGIN")
            statement = "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, ?, ?, ?)"
            connection.executemany(statement, rows)
            connection.execute("COMMIT")
        return [row[0] for row in rows]

    def fill(self, *, chats: int, messages: int) -> None:
        """Insert many chats with as many messages each, in one transaction."""
        moment = times.to_text(times.now())
        keys = [ids.new_id() for _ in range(chats)]
        with self.other_program() as connection:
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                [(key, self.user.id, f"chat {number}", moment, moment) for number, key in enumerate(keys)],
            )
            connection.executemany(
                "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', ?, ?)",
                [(ids.new_id(), key, f"message {at} " * 20, moment) for key in keys for at in range(messages)],
            )
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection."""
        self.server.close()
        self.local.close()
        self.remote.close()


@contextmanager
def backup_scene(local_url: str, server_url: str) -> Iterator[Scene]:
    """Open both stores, empty but for the same user."""
    local, remote = open_store(local_url), open_store(server_url)
    user = add_user(local)
    with remote.unit_of_work() as work:
        work.users.add(user)
        work.commit()
    scene = Scene(local, remote, user)
    try:
        yield scene
    finally:
        scene.close()


@contextmanager
def until_they_left(pg: psycopg.Connection[Any]) -> Iterator[None]:
    """Wait after the block until the server has done all that was sent to it over connections made in the block.

    Whoever dies or loses the line leaves statements behind, which the server still carries out.
    """
    begun = pg.execute("SELECT clock_timestamp()").fetchone()
    try:
        yield
    finally:
        wait_until(lambda: pg.execute(_MADE_SINCE, begun).fetchone() == (0,))
