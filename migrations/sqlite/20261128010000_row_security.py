"""Nothing: SQLite knows no roles, so there is nobody to be kept from a row.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261128010000"
down_revision = "20261122070000"
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
