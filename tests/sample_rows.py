"""Rows that a store may hold at each revision: what upgrades must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema_catalog import describe, rows_of
from sqlalchemy import text

from primer_nb.database.revisions import revisions

if TYPE_CHECKING:
    from sqlalchemy import Engine

Rows = dict[str, list[tuple[Any, ...]]]

USER, OTHER_USER, CHAT, MESSAGE, TOKEN = (f"0190{n:04d}-0000-7000-8000-00000000000{n}" for n in range(1, 6))
TIME = "2024-01-15T10:30:00.123456+00:00"
CREATED = {"created_at": TIME}
TIMES = {"created_at": TIME, "updated_at": TIME}

REVISIONS = [revision.id for revision in revisions("sqlite")]
FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH = REVISIONS[:7]

# In the order in which they can be inserted.
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    FIRST: {
        "users": {"id": USER, "email": "ada@example.org", "password_hash": "$argon2id$", **TIMES},
        "user_api_keys": {"id": TOKEN, "user_id": USER, "provider": "openai", "api_key": "sealed", **CREATED},
        "chats": {"id": CHAT, "user_id": USER, "title": "Birds \N{BIRD}", **TIMES},
        "messages": {"id": MESSAGE, "chat_id": CHAT, "role": "user", "content": "a\nb 'c' \u9ce5", **CREATED},
    },
    SECOND: {
        "user_settings": {"user_id": USER, "theme": "dark"},
        "admin_settings": {"id": TOKEN, "key": "motto", "value": "none"},
        "refresh_tokens": {"id": TOKEN, "user_id": USER, "token": "digest", "expires_at": TIME},
        "api_keys": {"id": TOKEN, "user_id": USER, "key": "digest", "name": "nightly"},
    },
    THIRD: {
        "completions": {"message_id": MESSAGE, "model": "m", "duration": 1.5},
        "key_slots": {"id": TOKEN, "user_id": USER, "kind": "password", "kdf": "{}", "sealed_key": "x", **CREATED},
        "chat_settings": {"chat_id": CHAT, "temperature": 0.25, **TIMES},
        "chat_tags": {"chat_id": CHAT, "tag": "work", **CREATED},
        "message_attachments": {
            "id": TOKEN,
            "message_id": MESSAGE,
            "name": "a.txt",
            "media_type": "text/plain",
            "size": 1,
            "sha256": "00",
            "content": b"\x00",
            **CREATED,
        },
        "audit_log": {"id": TOKEN, "user_id": USER, "action": "sign-in", **CREATED},
        "drafts": {
            "message_id": TOKEN,
            "chat_id": CHAT,
            "content": "",
            "owner": "host:1:2",
            "started_at": TIME,
            "updated_at": TIME,
        },
        "primer_journal": {"kind": "m", "entity_id": MESSAGE},
        "primer_tombstones": {"chat_id": TOKEN, "deleted_at": TIME},
        "primer_backup_state": {
            "target": "t",
            "device_id": TOKEN,
            "token": TOKEN,
            "acked_seq": 1,
            "updated_at": TIME,
        },
        "primer_sync_device": {
            "device_id": TOKEN,
            "user_id": USER,
            "token": TOKEN,
            "acked_seq": 1,
            "seen_at": TIME,
        },
        "primer_quarantine": {
            "id": TOKEN,
            "target": "t",
            "kind": "m",
            "entity_id": "no uuid",
            "reason": "NUL",
            **CREATED,
        },
    },
    FOURTH: {
        "sign_in_attempts": {"email_digest": "00", "tried_at": TIME, "locked_until": TIME},
    },
    FIFTH: {},  # what fills chat_changes is a trigger of chat_tags
    SIXTH: {"user_settings": {"user_id": USER, "theme": "dark", "automatic_backup": True}},
    SEVENTH: {},  # who may see them
}
REQUIRED_FROM = {THIRD: {"refresh_tokens": {"family": TOKEN}}}


def insert(engine: Engine, table: str, **values: Any) -> None:
    """Insert one row."""
    names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def fill(engine: Engine, *, revision: str) -> Rows:
    """Insert a row into each table of a store at some revision and return them as the database holds them."""
    tables = describe(engine)
    required = [columns for since, columns in REQUIRED_FROM.items() if since <= revision]
    for table, values in _samples(revision).items():
        if table in tables:
            later = {name: value for columns in required for name, value in columns.get(table, {}).items()}
            insert(engine, table, **values, **later)
    return rows(engine, revision=revision)


def rows(engine: Engine, *, revision: str) -> Rows:
    """Read the columns that the sample rows of a revision fill, from the tables that there are."""
    tables = describe(engine)
    with engine.connect() as connection:
        return {
            table: list(rows_of(connection, table, ", ".join(values)))
            for table, values in _samples(revision).items()
            if table in tables
        }


def _samples(revision: str) -> dict[str, dict[str, Any]]:
    return {
        table: values for released in REVISIONS if released <= revision for table, values in ROWS[released].items()
    }
