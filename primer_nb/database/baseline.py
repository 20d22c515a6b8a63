"""The tables that Primer makes, as its document has them: what an adopted database must look like.

Equal to the first revision of both trees, which a test holds. Not read from there, since a database is recognised
before anything is run on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from primer_nb.database.shapes import ColumnShape, TableShape

_KEY = ColumnShape("TEXT", is_key=True)
_REQUIRED = ColumnShape("TEXT", is_required=True)
_OPTIONAL = ColumnShape("TEXT")

_UUID_KEY = ColumnShape("uuid", is_required=True, is_key=True)
_UUID = ColumnShape("uuid", is_required=True)
_TIME = ColumnShape("timestamp with time zone", is_required=True)


def _varchar(length: int, *, is_required: bool = True) -> ColumnShape:
    return ColumnShape(f"character varying({length})", is_required=is_required)


_OF_CHAT = "FOREIGN KEY (chat_id) REFERENCES chats(id) ON DELETE CASCADE"
_OF_USER = "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE"

TABLES: Mapping[str, Mapping[str, TableShape]] = {
    "sqlite": {
        "chats": TableShape(
            {
                "id": _KEY,
                "user_id": _REQUIRED,
                "title": _OPTIONAL,
                "created_at": _REQUIRED,
                "updated_at": _REQUIRED,
            }
        ),
        "messages": TableShape(
            {"id": _KEY, "chat_id": _REQUIRED, "role": _REQUIRED, "content": _REQUIRED, "created_at": _REQUIRED},
            {_OF_CHAT},
        ),
    },
    "postgresql": {
        "users": TableShape(
            {
                "id": _UUID_KEY,
                "email": _varchar(255),
                "password_hash": _varchar(255),
                "created_at": _TIME,
                "updated_at": _TIME,
            },
            {"UNIQUE (email)"},
        ),
        "user_api_keys": TableShape(
            {
                "id": _UUID_KEY,
                "user_id": _UUID,
                "provider": _varchar(50),
                "api_key": _varchar(500),
                "created_at": _TIME,
            },
            {_OF_USER, "UNIQUE (user_id, provider)"},
        ),
        "chats": TableShape(
            {
                "id": _UUID_KEY,
                "user_id": _UUID,
                "title": _varchar(255, is_required=False),
                "created_at": _TIME,
                "updated_at": _TIME,
            },
            {_OF_USER},
        ),
        "messages": TableShape(
            {
                "id": _UUID_KEY,
                "chat_id": _UUID,
                "role": _varchar(20),
                "content": ColumnShape("text", is_required=True),
                "created_at": _TIME,
            },
            {_OF_CHAT},
        ),
    },
}

INDEXES: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        "idx_chats_user_id ON chats(user_id)",
        "idx_messages_chat_id ON messages(chat_id)",
        "idx_messages_created_at ON messages(created_at)",
    ),
    "postgresql": (
        "idx_users_email ON users(email)",
        "idx_user_api_keys_user_id ON user_api_keys(user_id)",
        "idx_user_api_keys_provider ON user_api_keys(provider)",
        "idx_chats_user_id ON chats(user_id)",
        "idx_chats_created_at ON chats(created_at)",
        "idx_messages_chat_id ON messages(chat_id)",
        "idx_messages_created_at ON messages(created_at)",
    ),
}
