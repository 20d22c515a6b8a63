"""The documented schema of Primer, to the letter.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20241203000000"
down_revision = None
branch_labels = None
depends_on = None

UP = (
    """\
CREATE TABLE users (
    id UUID PRIMARY KEY,
    email VARCHAR(255) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
)""",
    "CREATE INDEX idx_users_email ON users(email)",
    """\
CREATE TABLE user_api_keys (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider VARCHAR(50) NOT NULL,
    api_key VARCHAR(500) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    UNIQUE(user_id, provider)
)""",
    "CREATE INDEX idx_user_api_keys_user_id ON user_api_keys(user_id)",
    "CREATE INDEX idx_user_api_keys_provider ON user_api_keys(provider)",
    """\
CREATE TABLE chats (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    title VARCHAR(255),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
)""",
    "CREATE INDEX idx_chats_user_id ON chats(user_id)",
    "CREATE INDEX idx_chats_created_at ON chats(created_at)",
    """\
CREATE TABLE messages (
    id UUID PRIMARY KEY,
    chat_id UUID NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    role VARCHAR(20) NOT NULL,
    content TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
)""",
    "CREATE INDEX idx_messages_chat_id ON messages(chat_id)",
    "CREATE INDEX idx_messages_created_at ON messages(created_at)",
)
DOWN = (
    "DROP TABLE messages",
    "DROP TABLE chats",
    "DROP TABLE user_api_keys",
    "DROP TABLE users",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
