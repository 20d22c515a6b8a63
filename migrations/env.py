"""Alembic's entry point, the same for both trees: runs the revisions on the caller's connection.

The caller (``primer_nb.database.alembic_runner``) holds the transaction and the lock; without a connection the
statements are printed instead.
"""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
options = {"version_table": attributes["version_table"], "transactional_ddl": True}

if context.is_offline_mode():
    context.configure(dialect_name=attributes["dialect"], literal_binds=True, **options)
else:
    context.configure(connection=attributes["connection"], **options)

with context.begin_transaction():
    context.run_migrations()
