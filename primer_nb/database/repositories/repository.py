"""The rows of one table that one user may see: what every repository is made of.

A repository never commits; it works on the connection of the unit of work that holds it. Which rows are a user's
is said once, in `ownership`, and joined to every statement here.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, delete, false, insert, select, update

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.errors import NotFoundError
from primer_nb.ids import is_uuid
from primer_nb.tables import Record

Entity = TypeVar("Entity", bound=Record)


class Repository(Generic[Entity]):
    """Rows of one table, as objects, scoped to their owner.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction of a unit of work.
    entity : type
        The SQLModel class.
    ownership : Ownership
        Whose rows these are.
    """

    def __init__(self, connection: Connection, entity: type[Entity], ownership: Ownership) -> None:
        self.connection = connection
        self.entity = entity
        self.table = table_of(entity)
        self.ownership = ownership

    def add(self, row: Entity) -> Entity:
        """Insert a row.

        Parameters
        ----------
        row : Record
            A new object; its parent (user, chat or message) must be the user's.

        Returns
        -------
        Record
            The same object.

        Raises
        ------
        NotFoundError
            If the parent is missing or another user's.
        """
        self.ownership.check_parent(self.connection, self.table, row)
        self.connection.execute(insert(self.table), [row.model_dump()])
        return row

    def get(self, key: str) -> Entity:
        """Find one row by its primary key.

        Parameters
        ----------
        key : str
            The value of the (first) primary key column.

        Returns
        -------
        Record
            A detached object.

        Raises
        ------
        NotFoundError
            If there is no such row, or it is another user's.
        """
        found = self.connection.execute(self._own().where(self._is(key))).mappings().first()
        if found is None:
            raise NotFoundError(f"there is no {self.entity.__name__} {key!r}")
        return self.entity(**found)

    def where(self, **equal: object) -> list[Entity]:
        """Read the rows of the user whose columns have these values.

        Parameters
        ----------
        **equal : object
            Values by column name.

        Returns
        -------
        list of Record
            Ordered by primary key.
        """
        query = self._own().where(*self._equal(equal)).order_by(*self.table.primary_key.columns)
        return [self.entity(**row) for row in self.connection.execute(query).mappings()]

    def list(self) -> list[Entity]:
        """Read all rows of the user.

        Returns
        -------
        list of Record
            Ordered by primary key: for ids of version 7, oldest first.
        """
        query = self._own().order_by(*self.table.primary_key.columns)
        return [self.entity(**row) for row in self.connection.execute(query).mappings()]

    def remove(self, **equal: object) -> int:
        """Delete the rows of the user whose columns have these values.

        Parameters
        ----------
        **equal : object
            Values by column name; at least one.

        Returns
        -------
        int
            How many there were.
        """
        return self.connection.execute(delete(self.table).where(*self._equal(equal), self._owned())).rowcount

    def update(self, row: Entity) -> Entity:
        """Write every column of a row that exists.

        Parameters
        ----------
        row : Record
            With the primary key of the row to change.

        Returns
        -------
        Record
            The same object.

        Raises
        ------
        NotFoundError
            If there is no such row, or it is another user's.
        """
        values = row.model_dump()
        keys = [column.name for column in self.table.primary_key.columns]
        same = [self.table.c[name] == values.pop(name) for name in keys]
        changed = self.connection.execute(update(self.table).where(*same, self._owned()).values(values))
        if changed.rowcount == 0:
            raise NotFoundError(f"there is no {self.entity.__name__} {getattr(row, keys[0])!r}")
        return row

    def delete(self, key: str) -> None:
        """Delete one row by its primary key.

        Parameters
        ----------
        key : str
            The value of the (first) primary key column.

        Raises
        ------
        NotFoundError
            If there is no such row, or it is another user's.
        """
        gone = self.connection.execute(delete(self.table).where(self._is(key), self._owned()))
        if gone.rowcount == 0:
            raise NotFoundError(f"there is no {self.entity.__name__} {key!r}")

    def _own(self) -> Select[Any]:
        return select(self.table).where(self._owned())

    def _owned(self) -> ColumnElement[bool]:
        return self.ownership.clause(self.table)

    def _equal(self, values: dict[str, object]) -> tuple[ColumnElement[bool], ...]:
        return tuple(self.table.c[name] == value for name, value in values.items())

    def _is(self, key: str) -> ColumnElement[bool]:
        if self.connection.dialect.name == "postgresql" and not is_uuid(key):
            return false()  # PostgreSQL would raise where SQLite finds nothing
        return next(iter(self.table.primary_key.columns)) == key
