"""What accounts need: failed attempts to sign in, and indexes for tokens and the audit log.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122050000"
down_revision = "20261122020000"
branch_labels = None
depends_on = None

UP = (
    """\
CREATE TABLE sign_in_attempts (
    email_digest TEXT PRIMARY KEY NOT NULL,
    tried_at TEXT NOT NULL,
    locked_until TEXT
)""",
    "CREATE INDEX idx_refresh_tokens_token ON refresh_tokens(token)",
    "CREATE INDEX idx_audit_log_created_at ON audit_log(created_at)",
)
DOWN = (
    "DROP INDEX idx_audit_log_created_at",
    "DROP INDEX idx_refresh_tokens_token",
    "DROP TABLE sign_in_attempts",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
