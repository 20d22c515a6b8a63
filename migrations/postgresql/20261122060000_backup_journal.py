"""Nothing: only an SQLite store is backed up, and only its triggers write down what is new.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122060000"
down_revision = "20261122050000"
branch_labels = None
depends_on = None

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
