"""What Quillium's documented schema has and Primer's has not; accounts may live in a local file.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122010000"
down_revision = "20241203000000"
branch_labels = None
depends_on = None

NOW = "(strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'))"

UP = (
    "ALTER TABLE chats ADD COLUMN model TEXT",
    # Primer has this index in PostgreSQL only
    "CREATE INDEX IF NOT EXISTS idx_chats_created_at ON chats(created_at)",
    "ALTER TABLE messages ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    """\
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    email TEXT UNIQUE NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    is_admin INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_users_email ON users(email)",
    """\
CREATE TABLE user_api_keys (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    api_key TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, provider)
)""",
    "CREATE INDEX idx_user_api_keys_user_id ON user_api_keys(user_id)",
    "CREATE INDEX idx_user_api_keys_provider ON user_api_keys(provider)",
    f"""\
CREATE TABLE user_settings (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    theme TEXT NOT NULL DEFAULT 'light',
    language TEXT NOT NULL DEFAULT 'en',
    notifications_enabled INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT {NOW},
    updated_at TEXT NOT NULL DEFAULT {NOW}
)""",
    f"""\
CREATE TABLE admin_settings (
    id TEXT PRIMARY KEY NOT NULL,
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT {NOW},
    updated_at TEXT NOT NULL DEFAULT {NOW}
)""",
    f"""\
CREATE TABLE refresh_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT {NOW},
    revoked INTEGER NOT NULL DEFAULT 0
)""",
    "CREATE INDEX idx_refresh_tokens_user_id ON refresh_tokens(user_id)",
    f"""\
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT {NOW},
    last_used_at TEXT
)""",
    "CREATE INDEX idx_api_keys_user_id ON api_keys(user_id)",
)
DOWN = (
    "DROP TABLE api_keys",
    "DROP TABLE refresh_tokens",
    "DROP TABLE admin_settings",
    "DROP TABLE user_settings",
    "DROP TABLE user_api_keys",
    "DROP TABLE users",
    "ALTER TABLE messages DROP COLUMN tokens",
    "DROP INDEX idx_chats_created_at",
    "ALTER TABLE chats DROP COLUMN model",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
