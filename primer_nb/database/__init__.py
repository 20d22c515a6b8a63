"""The databases: engines, transactions, repositories and migrations, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from primer_nb.database.store import Store, open_store
from primer_nb.database.unit_of_work import UnitOfWork

__all__ = ["Store", "UnitOfWork", "open_store"]
