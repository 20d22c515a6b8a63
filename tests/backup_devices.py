"""A server with accounts, and the machines that back up to it: what tests of backups need in one line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builders import add_chat, add_messages, add_user

from primer_nb.backup.columns import CHATS
from primer_nb.backup.copying_out import OF_CHATS
from primer_nb.backup.digests import local_digests
from primer_nb.backup.drill import drill
from primer_nb.backup.forget import forget
from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.verify import verify
from primer_nb.database import open_store
from primer_nb.times import now, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from primer_nb.backup.digest_values import Digest
    from primer_nb.database import Store
    from primer_nb.tables import Chat, Message, User


class Told:
    """Progress that remembers what it was told, and may do something in the middle, such as Ctrl-C."""

    def __init__(self, *, at_start: Callable[[], None] | None = None, stop_after: int | None = None) -> None:
        self.total: int | None = None
        self.rows: list[int] = []
        self.is_finished = False
        self._at_start = at_start
        self._stop_after = stop_after

    def start(self, total_rows: int | None) -> None:
        """Note how many rows will come."""
        self.total = total_rows
        if self._at_start is not None:
            self._at_start()

    def advance(self, rows: int, size: int) -> None:
        """Note how many came."""
        self.rows.append(rows)
        if len(self.rows) == self._stop_after:
            raise KeyboardInterrupt

    def finish(self) -> None:
        """Note the end."""
        self.is_finished = True


@dataclass
class Device:
    """One machine: a local store, one account, one server."""

    store: Store
    server: Store
    user: User

    def say(self, *contents: str, title: str | None = "Birds") -> tuple[Chat, list[Message]]:
        """Make a chat with messages."""
        chat = add_chat(self.store, self.user, title)
        return chat, add_messages(self.store, self.user, chat, *contents)

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat another title, now."""
        self.execute("UPDATE chats SET title = ?, updated_at = ? WHERE id = ?", title, to_text(now()), chat_id)

    def tag(self, chat_id: str, tag: str) -> None:
        """Put a tag on a chat, now."""
        self.execute("INSERT INTO chat_tags VALUES (?, ?, ?)", chat_id, tag, to_text(now()))

    def untag(self, chat_id: str, tag: str) -> None:
        """Take a tag off a chat."""
        self.execute("DELETE FROM chat_tags WHERE chat_id = ? AND tag = ?", chat_id, tag)

    def tags(self) -> list[str]:
        """Read the tags of all chats."""
        return [tag for (tag,) in self.execute("SELECT tag FROM chat_tags ORDER BY tag")]

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement in the local store, as another program would."""
        with closing(sqlite3.connect(self.store.address.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            return connection.execute(statement, parameters).fetchall()

    def titles(self) -> dict[str, str]:
        """Read the titles of all chats, by identifier."""
        return dict(self.execute("SELECT id, title FROM chats WHERE user_id = ?", self.user.id))

    def contents(self) -> set[str]:
        """Read what all messages say."""
        return {content for (content,) in self.execute("SELECT content FROM messages")}

    def digests(self, depth: int = 3) -> dict[str, Digest]:
        """Sum up what the local store has."""
        with closing(sqlite3.connect(self.store.address.path)) as connection:
            return local_digests(connection, self.user.id, depth)

    def backup(self, **options):
        """Back up."""
        return backup(self.store, self.server.address, self.user.id, **options)

    def pull(self, **options):
        """Pull."""
        return pull(self.store, self.server.address, self.user.id, **options)

    def restore(self, **options):
        """Restore."""
        return restore(self.store, self.server.address, self.user.id, **options)

    def verify(self, **options):
        """Verify."""
        return verify(self.store, self.server.address, self.user.id, **options)

    def drill(self, **options):
        """Drill."""
        return drill(self.store, self.server.address, self.user.id, **options)

    def forget(self, chat_id: str):
        """Forget a chat."""
        return forget(self.store, self.server.address, self.user.id, chat_id)


@dataclass
class Scene:
    """A server, the account of Ada on it, and any number of her machines."""

    server: Store
    folder: Path
    opened: list[Store] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open Ada's account."""
        self.ada = add_user(self.server)

    def device(self, name: str = "laptop", user: User | None = None) -> Device:
        """Open a machine; the same name is the same file."""
        store = open_store(self.folder / f"{name}.db")
        self.opened.append(store)
        user = user or self.ada
        with store.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT OR IGNORE INTO users (id, email, password_hash, created_at, updated_at)"
                " VALUES (?, ?, '!', ?, ?)",
                (user.id, user.email, to_text(now()), to_text(now())),
            )
        return Device(store, self.server, user)

    def tag(self, chat_id: str, tag: str) -> None:
        """Put a tag on a chat, now."""
        self.execute("INSERT INTO chat_tags VALUES (?, ?, ?)", chat_id, tag, to_text(now()))

    def untag(self, chat_id: str, tag: str) -> None:
        """Take a tag off a chat."""
        self.execute("DELETE FROM chat_tags WHERE chat_id = ? AND tag = ?", chat_id, tag)

    def tags(self) -> list[str]:
        """Read the tags of all chats."""
        return [tag for (tag,) in self.execute("SELECT tag FROM chat_tags ORDER BY tag")]

    def execute(self, statement: str, parameters: object = ()) -> list[tuple[Any, ...]]:
        """Run a statement on the server, as another program would."""
        with self.server.engine.begin() as connection:
            result = connection.exec_driver_sql(statement, parameters)
            return [tuple(row) for row in result] if result.returns_rows else []


def make_scene(url: str, folder: Path) -> Iterator[Scene]:
    """Make a scene, and close all it opened."""
    made = Scene(open_store(url), folder)
    yield made
    for store in (made.server, *made.opened):
        store.close()


def rows_of_chats(device: Device) -> dict[str, list[tuple[Any, ...]]]:
    """Read every row that a backup may not change."""
    return {
        table.name: sorted(device.execute(f"SELECT * FROM {table.name}"), key=repr) for table in (*OF_CHATS, CHATS)
    }
