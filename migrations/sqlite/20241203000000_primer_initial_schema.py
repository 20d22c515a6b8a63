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
CREATE TABLE chats (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    title TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_chats_user_id ON chats(user_id)",
    """\
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at TEXT NOT NULL,
    FOREIGN KEY (chat_id) REFERENCES chats(id) ON DELETE CASCADE
)""",
    "CREATE INDEX idx_messages_chat_id ON messages(chat_id)",
    "CREATE INDEX idx_messages_created_at ON messages(created_at)",
)
DOWN = (
    "DROP TABLE messages",
    "DROP TABLE chats",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
