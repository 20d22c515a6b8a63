"""What an administrator decided, and the log of what happened to accounts and keys."""

from __future__ import annotations

from sqlalchemy import Connection, select

from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.tables import AdminSetting, AuditLogEntry


class AdminSettingRepository(Repository[AdminSetting]):
    """Settings of the whole store: everybody's to read, the system's to change.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        On whose behalf.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, AdminSetting, ownership)

    def values(self) -> dict[str, str]:
        """Read all settings.

        Returns
        -------
        dict of str to str
            Values by key, in the order of the keys.
        """
        query = select(self.table.c.key, self.table.c.value).order_by(self.table.c.key)
        return {row.key: row.value for row in self.connection.execute(query)}

    def all(self) -> list[AdminSetting]:
        """Read all settings, whole.

        Returns
        -------
        list of AdminSetting
            In the order of the keys.
        """
        query = select(self.table).order_by(self.table.c.key)
        return [AdminSetting(**row) for row in self.connection.execute(query).mappings()]

    def replace(self, settings: list[AdminSetting]) -> None:
        """Let these be all settings there are.

        Parameters
        ----------
        settings : list of AdminSetting
            From another store.
        """
        self.remove()
        for setting in settings:
            self.add(setting)


class AuditLogRepository(Repository[AuditLogEntry]):
    """The audit log; entries are only added.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    ownership : Ownership
        Whose entries; the system sees all.
    """

    def __init__(self, connection: Connection, ownership: Ownership) -> None:
        super().__init__(connection, AuditLogEntry, ownership)

    def latest(self, limit: int) -> list[AuditLogEntry]:
        """Read the last entries.

        Parameters
        ----------
        limit : int
            How many at most.

        Returns
        -------
        list of AuditLogEntry
            Newest first.
        """
        columns = self.table.c
        query = self._own().order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        return [AuditLogEntry(**row) for row in self.connection.execute(query).mappings()]
