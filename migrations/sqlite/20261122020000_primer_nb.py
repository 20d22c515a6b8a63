"""Our own tables, and what our tokens need.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122020000"
down_revision = "20261122010000"
branch_labels = None
depends_on = None

UP = (
    "CREATE INDEX idx_chats_user_id_updated_at ON chats(user_id, updated_at)",
    "CREATE INDEX idx_messages_chat_id_created_at_id ON messages(chat_id, created_at, id)",
    # rebuilt: SQLite adds no NOT NULL column without a default; a token from before is a family of its own
    """\
CREATE TABLE refresh_tokens_with_family (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    family TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')),
    revoked INTEGER NOT NULL DEFAULT 0
)""",
    """\
INSERT INTO refresh_tokens_with_family (id, user_id, token, family, expires_at, created_at, revoked)
SELECT id, user_id, token, id, expires_at, created_at, revoked FROM refresh_tokens""",
    "DROP TABLE refresh_tokens",
    "ALTER TABLE refresh_tokens_with_family RENAME TO refresh_tokens",
    "CREATE INDEX idx_refresh_tokens_user_id ON refresh_tokens(user_id)",
    "ALTER TABLE api_keys ADD COLUMN prefix TEXT",
    "ALTER TABLE api_keys ADD COLUMN scopes TEXT",
    "ALTER TABLE api_keys ADD COLUMN expires_at TEXT",
    "ALTER TABLE api_keys ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0",
    """\
CREATE TABLE completions (
    message_id TEXT PRIMARY KEY NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    provider TEXT,
    model TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    time_to_first_token REAL,
    duration REAL,
    finish_reason TEXT,
    temperature REAL,
    parent_id TEXT
)""",
    "CREATE INDEX idx_completions_parent_id ON completions(parent_id)",
    """\
CREATE TABLE key_slots (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    kdf TEXT NOT NULL,
    sealed_key TEXT NOT NULL,
    created_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_key_slots_user_id ON key_slots(user_id)",
    """\
CREATE TABLE chat_settings (
    chat_id TEXT PRIMARY KEY NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    provider TEXT,
    model TEXT,
    temperature REAL,
    max_tokens INTEGER,
    system_prompt TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
)""",
    """\
CREATE TABLE chat_tags (
    chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (chat_id, tag)
)""",
    "CREATE INDEX idx_chat_tags_tag ON chat_tags(tag)",
    """\
CREATE TABLE message_attachments (
    id TEXT PRIMARY KEY NOT NULL,
    message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    created_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_message_attachments_message_id ON message_attachments(message_id)",
    """\
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT REFERENCES users(id) ON DELETE SET NULL,
    action TEXT NOT NULL,
    subject TEXT,
    details TEXT,
    created_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_audit_log_user_id_created_at ON audit_log(user_id, created_at)",
    """\
CREATE TABLE drafts (
    message_id TEXT PRIMARY KEY NOT NULL,
    chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    user_message_id TEXT,
    provider TEXT,
    model TEXT,
    content TEXT NOT NULL,
    owner TEXT NOT NULL,
    temperature REAL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
)""",
    "CREATE INDEX idx_drafts_chat_id ON drafts(chat_id)",
    """\
CREATE TABLE primer_journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL
)""",
    """\
CREATE TABLE primer_tombstones (
    chat_id TEXT PRIMARY KEY NOT NULL,
    deleted_at TEXT NOT NULL
)""",
    """\
CREATE TABLE primer_backup_state (
    target TEXT PRIMARY KEY NOT NULL,
    device_id TEXT NOT NULL,
    token TEXT NOT NULL,
    acked_seq INTEGER NOT NULL,
    updated_at TEXT NOT NULL
)""",
    """\
CREATE TABLE primer_sync_device (
    device_id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    prev_token TEXT,
    acked_seq INTEGER NOT NULL,
    seen_at TEXT NOT NULL
)""",
    """\
CREATE TABLE primer_quarantine (
    id TEXT PRIMARY KEY NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at TEXT NOT NULL
)""",
)
DOWN = (
    "DROP TABLE primer_quarantine",
    "DROP TABLE primer_sync_device",
    "DROP TABLE primer_backup_state",
    "DROP TABLE primer_tombstones",
    "DROP TABLE primer_journal",
    "DROP TABLE drafts",
    "DROP TABLE audit_log",
    "DROP TABLE message_attachments",
    "DROP TABLE chat_tags",
    "DROP TABLE chat_settings",
    "DROP TABLE key_slots",
    "DROP TABLE completions",
    "ALTER TABLE api_keys DROP COLUMN revoked",
    "ALTER TABLE api_keys DROP COLUMN expires_at",
    "ALTER TABLE api_keys DROP COLUMN scopes",
    "ALTER TABLE api_keys DROP COLUMN prefix",
    "ALTER TABLE refresh_tokens DROP COLUMN used_at",
    "ALTER TABLE refresh_tokens DROP COLUMN family",
    "DROP INDEX idx_messages_chat_id_created_at_id",
    "DROP INDEX idx_chats_user_id_updated_at",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
