"""Row security on every table: who was not let in by name sees no row, whatever else the role was granted.

Supabase serves each table of the schema ``public`` through its Data API, to roles that own nothing and that may do
anything with a table that has no row security. The owner of the tables is not bound by it; others get a policy by
what ``primer-nb migrate grants ROLE`` prints.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261128010000"
down_revision = "20261122070000"
branch_labels = None
depends_on = None

TABLES = (
    "admin_settings",
    "api_keys",
    "audit_log",
    "chat_changes",
    "chat_settings",
    "chat_tags",
    "chats",
    "completions",
    "drafts",
    "key_slots",
    "message_attachments",
    "messages",
    "primer_alembic_version",
    "primer_backup_state",
    "primer_journal",
    "primer_quarantine",
    "primer_sync_device",
    "primer_tombstones",
    "refresh_tokens",
    "sign_in_attempts",
    "user_api_keys",
    "user_settings",
    "users",
)
UP = tuple(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in TABLES)
DOWN = tuple(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in TABLES)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
