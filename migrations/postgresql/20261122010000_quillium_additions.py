"""What Quillium's documented schema has and Primer's has not.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122010000"
down_revision = "20241203000000"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE users ADD COLUMN name VARCHAR(255) NOT NULL DEFAULT ''",
    "ALTER TABLE users ADD COLUMN is_admin BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE chats ADD COLUMN model VARCHAR(50)",
    "ALTER TABLE messages ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    """\
CREATE TABLE user_settings (
    user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
    theme VARCHAR(50) NOT NULL DEFAULT 'light',
    language VARCHAR(10) NOT NULL DEFAULT 'en',
    notifications_enabled BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
)""",
    """\
CREATE TABLE admin_settings (
    id UUID PRIMARY KEY,
    key VARCHAR(255) NOT NULL UNIQUE,
    value TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
)""",
    """\
CREATE TABLE refresh_tokens (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    token VARCHAR(255) NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    revoked BOOLEAN NOT NULL DEFAULT FALSE
)""",
    "CREATE INDEX idx_refresh_tokens_user_id ON refresh_tokens(user_id)",
    """\
CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    key VARCHAR(255) NOT NULL UNIQUE,
    name VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    last_used_at TIMESTAMP WITH TIME ZONE
)""",
    "CREATE INDEX idx_api_keys_user_id ON api_keys(user_id)",
)
DOWN = (
    "DROP TABLE api_keys",
    "DROP TABLE refresh_tokens",
    "DROP TABLE admin_settings",
    "DROP TABLE user_settings",
    "ALTER TABLE messages DROP COLUMN tokens",
    "ALTER TABLE chats DROP COLUMN model",
    "ALTER TABLE users DROP COLUMN is_admin",
    "ALTER TABLE users DROP COLUMN name",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
