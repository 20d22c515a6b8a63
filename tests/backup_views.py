"""What one user's chats hold, read out of a file and out of a server by code that the engine of backups does not use.

Both sides come in the same form, so that they can be compared: a second opinion on what the engine says of them.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

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

_COMPLETION = "provider, model, prompt_tokens, completion_tokens, time_to_first_token, duration, finish_reason"
_COLUMNS = {
    "chats": "id, user_id, title, model, created_at, updated_at",
    "messages": "id, chat_id, role, content, tokens, created_at",
    "completions": f"message_id, {_COMPLETION}, temperature, parent_id",
    "settings": "chat_id, provider, model, temperature, max_tokens, system_prompt, updated_at",
    "tags": "chat_id, tag",
    "changes": "chat_id, name, changed_at",
    "attachments": "id, message_id, name, media_type, size, sha256, content, created_at",
}
_TABLES = {
    "changes": "chat_changes",
    "settings": "chat_settings",
    "tags": "chat_tags",
    "attachments": "message_attachments",
}
_INTEGER = range(-(2**31), 2**31)


@dataclass
class View:
    """What is held, by canonical identifiers; a row that no server takes is only named.

    Each attribute holds values by identifier; where a row hangs on another one, that comes first.
    """

    chats: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    messages: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    completions: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    settings: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    tags: dict[str, set[str]] = field(default_factory=dict)
    changes: dict[tuple[str, str], datetime | None] = field(default_factory=dict, compare=False)
    attachments: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    bad: dict[tuple[str, object], str | None] = field(default_factory=dict)  # and the chats they are in

    def said_in(self, chat: str) -> dict[str, tuple[Any, ...]]:
        """Return the messages of a chat."""
        return {key: row for key, row in self.messages.items() if row[0] == chat}

    def chat(self, chat: str) -> Any:
        """Return all that a chat holds, to be compared with another view's; ``None`` without the chat."""
        if chat not in self.chats:
            return None
        said = self.said_in(chat)
        hung = [{key: row for key, row in self.completions.items() if key in said}]
        hung += [{key: row for key, row in self.attachments.items() if row[0] in said}]
        return self.chats[chat], said, *hung, self.settings.get(chat), self.tags.get(chat, set())

    def without(self, chats: set[str]) -> View:
        """Leave out chats with all that they hold."""
        said = {key for key, row in self.messages.items() if row[0] in chats}
        return View(
            chats={key: row for key, row in self.chats.items() if key not in chats},
            messages={key: row for key, row in self.messages.items() if key not in said},
            completions={key: row for key, row in self.completions.items() if key not in said},
            settings={key: row for key, row in self.settings.items() if key not in chats},
            tags={key: row for key, row in self.tags.items() if key not in chats},
            changes={key: at for key, at in self.changes.items() if key[0] not in chats},
            attachments={key: row for key, row in self.attachments.items() if row[0] not in said},
            bad={key: chat for key, chat in self.bad.items() if chat not in chats},
        )


def view_of_file(path: Path, user_id: str) -> View:
    """Read a local store."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = _text
        rows = {
            name: connection.execute(f"SELECT {columns} FROM {_TABLES.get(name, name)}").fetchall()
            for name, columns in _COLUMNS.items()
        }
    return _view(rows, user_id)


def view_of_server(pg: psycopg.Connection[Any], user_id: str) -> View:
    """Read a server."""
    rows = {
        name: pg.execute(f"SELECT {columns} FROM {_TABLES.get(name, name)}".encode()).fetchall()
        for name, columns in _COLUMNS.items()
    }
    return _view(rows, user_id)


def rows_of_file(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Read all that a backup must not change, byte for byte."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return {table: connection.execute(f"SELECT rowid, * FROM {table}").fetchall() for table in CONTENTS}


def canonical(value: object) -> str | None:
    """Spell an identifier, if it is one."""
    text = str(value)
    if text.startswith("{") != text.endswith("}"):
        return None
    if not re.fullmatch(r"\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?", text):
        return None
    return str(uuid.UUID(text))


def moment(value: object) -> datetime | None:
    """Read a time, if it is one; without a zone it is UTC, and what is beyond the sixth digit is dropped."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[T ]", value):
        return None
    read = datetime.fromisoformat(value.strip().replace(" UTC", "Z"))
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _view(rows: dict[str, list[tuple[Any, ...]]], user_id: str) -> View:
    view = View()
    own = set()
    for raw, user, title, model, created, updated in rows["chats"]:
        key, times = canonical(raw), (moment(created), moment(updated))
        if str(user) != user_id:
            continue
        own.add(raw)
        if key is None or None in times or not (_fits(title, 255) and _fits(model, 50)):
            view.bad["c", raw] = key
        else:
            view.chats[key] = (title, model, *times)
    known = {raw for raw, *_ in rows["chats"]}
    for raw, chat, role, content, tokens, created in rows["messages"]:
        key, at = canonical(raw), moment(created)
        if chat not in known:
            view.bad["m", raw] = None
        elif chat in own and canonical(chat) in view.chats:
            if key and at and _is_text(role, 20) and _is_text(content) and _is_whole(tokens):
                view.messages[key] = (canonical(chat), role, content, tokens, at)
            else:
                view.bad["m", raw] = canonical(chat)
    _hang(view, rows)
    return view


def _hang(view: View, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for raw, provider, model, *values, reason, temperature, parent in rows["completions"]:
        if (key := canonical(raw)) not in view.messages:
            continue
        if _fits(provider, 50) and _fits(model, 50) and _fits(reason, 20):
            view.completions[key] = (provider, model, *values, reason, temperature, parent and canonical(parent))
        else:
            view.bad["k", raw] = view.messages[key][0]
    for raw, *values, prompt, updated in rows["settings"]:
        if (key := canonical(raw)) not in view.chats:
            continue
        if _fits(prompt):
            view.settings[key] = (*values, prompt, moment(updated))
        else:
            view.bad["d", raw] = key
    for raw, tag in rows["tags"]:
        if (key := canonical(raw)) not in view.chats:
            continue
        if _is_text(tag, 50):
            view.tags.setdefault(key, set()).add(tag)
        else:
            view.bad["d", raw] = key
    view.changes = {(str(canonical(raw)), name): moment(at) for raw, name, at in rows["changes"]}
    for raw, message, name, *values, content, created in rows["attachments"]:
        if (of := canonical(message)) not in view.messages:
            continue
        if (key := canonical(raw)) and _is_text(name, 255):
            view.attachments[key] = (of, name, *values, bytes(content), moment(created))
        else:
            view.bad["a", raw] = view.messages[of][0]


def _fits(text: object, longest: int | None = None) -> bool:
    return text is None or _is_text(text, longest)


def _is_text(value: object, longest: int | None = None) -> bool:
    return isinstance(value, str) and "\0" not in value and (longest is None or len(value) <= longest)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and value in _INTEGER


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
