"""Whether a user's chats are backed up by themselves.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122070000"
down_revision = "20261122060000"
branch_labels = None
depends_on = None

UP = ("ALTER TABLE user_settings ADD COLUMN automatic_backup BOOLEAN NOT NULL DEFAULT FALSE",)
DOWN = ("ALTER TABLE user_settings DROP COLUMN automatic_backup",)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
