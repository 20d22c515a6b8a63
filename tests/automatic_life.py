"""Ada, whose backups happen by themselves, and what a test looks at."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psycopg
from builders import add_messages
from delay_proxy import wait_until
from people import ADA, PASSWORD

from primer_nb.automatic import automatic_backup
from primer_nb.use_cases.backup_state import read_backup_state

if TYPE_CHECKING:
    from people import World

    from primer_nb import Workspace
    from primer_nb.automatic import AutomaticBackup
    from primer_nb.workspace import ChatHandle


def adas(people: World, *, is_new: bool = False, is_on: bool = True, stay: bool = False, **where: Any) -> Workspace:
    """Open a workspace in which Ada works, with automatic backups or without."""
    ws = people.connect(**where)
    if is_new:
        ws.register(ADA, password=PASSWORD, stay=stay)
    else:
        ws.login(ADA, password=PASSWORD, stay=stay)
    if is_on:
        ws.settings.automatic_backup = True
    return ws


def background(ws: Workspace) -> AutomaticBackup:
    """Find what works in the background."""
    return automatic_backup(ws._session)


def talk(ws: Workspace, *contents: str, title: str = "Birds") -> ChatHandle:
    """Begin a chat."""
    chat = ws.chats.create(title)
    add_messages(ws._session.store, ws.user, chat, *contents)
    return chat


def say(ws: Workspace, *contents: str, title: str = "Birds") -> None:
    """Go on with a chat."""
    add_messages(ws._session.store, ws.user, ws.chats[title], *contents)


def there(url: str) -> list[str]:
    """Ask the server, past every proxy, what was said."""
    return [text for (text,) in asked(url, "SELECT content FROM messages ORDER BY content")]


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the server anything."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def write(ws: Workspace, statement: str, *parameters: object) -> None:
    """Write as another program."""
    with closing(sqlite3.connect(ws._session.store.address.path, isolation_level=None)) as connection:
        connection.execute(statement, parameters)


def until_saved(ws: Workspace) -> None:
    """Wait until the server has everything, and nothing is done any more."""

    def is_saved() -> bool:
        state = read_backup_state(ws._session)
        return state.last_at is not None and state.waiting == 0 and background(ws).phase in {"idle", "off"}

    wait_until(is_saved)


def until(ws: Workspace, phase: str) -> None:
    """Wait for a phase."""
    wait_until(lambda: background(ws).phase == phase)


class Watching:
    """Somebody who watches."""

    def __init__(self, ws: Workspace) -> None:
        self._background = background(ws)
        self.seen = [self._background.activity]
        self._background.watch(self.look)

    def look(self) -> None:
        """Note what it does."""
        self.seen.append(self._background.activity)

    @property
    def phases(self) -> list[str]:
        """What it did, one after the other."""
        return [activity.phase for activity in self.seen]

    @property
    def rows(self) -> int:
        """How many rows went: perhaps a chat in one run, and in another what was said in it."""
        return sum(max(0, after.rows - before.rows) for before, after in pairwise(self.seen))
