"""What the tables of a database look like, as far as it decides whether we can work with them.

Read from the catalogs themselves, so that a column type nobody here has heard of is reported, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, text


class ColumnShape(NamedTuple):
    """One column.

    Parameters
    ----------
    type : str
        As the catalog spells it: ``TEXT`` in SQLite, ``character varying(255)`` in PostgreSQL.
    is_required : bool
        Whether NULL is refused.
    is_key : bool
        Whether it is part of the primary key.
    has_default : bool
        Whether a row may be inserted without it although it is required.
    """

    type: str
    is_required: bool = False
    is_key: bool = False
    has_default: bool = False

    def __str__(self) -> str:
        """Describe the column the way a person would declare it."""
        words = [self.type or "(no type)"]
        if self.is_key:
            words.append("primary key")
        elif self.is_required:
            words.append("not null")
        return " ".join(words)


@dataclass
class TableShape:
    """One table.

    Parameters
    ----------
    columns : dict of str to ColumnShape
        By name.
    rules : set of str
        Foreign keys and unique constraints, spelled as PostgreSQL does.
    """

    columns: dict[str, ColumnShape] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)


_SQLITE_COLUMNS = """
    SELECT item.name, part.name, upper(part.type), part."notnull", part.pk, part.dflt_value IS NOT NULL
    FROM sqlite_master AS item, pragma_table_info(item.name) AS part
    WHERE item.type IN ('table', 'view') AND item.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"""
_SQLITE_RULES = """
    SELECT item.name, 'FOREIGN KEY (' || part."from" || ') REFERENCES ' || part."table"
           || '(' || coalesce(part."to", 'id') || ')'
           || CASE part.on_delete WHEN 'NO ACTION' THEN '' ELSE ' ON DELETE ' || part.on_delete END
    FROM sqlite_master AS item, pragma_foreign_key_list(item.name) AS part
    WHERE item.type = 'table'"""
_POSTGRESQL_COLUMNS = """
    SELECT item.relname, part.attname, format_type(part.atttypid, part.atttypmod), part.attnotnull,
           EXISTS (SELECT FROM pg_index WHERE indrelid = item.oid AND indisprimary AND part.attnum = ANY (indkey)),
           part.atthasdef OR part.attidentity <> ''
    FROM pg_class AS item JOIN pg_attribute AS part ON part.attrelid = item.oid
    WHERE item.relnamespace = current_schema()::regnamespace AND item.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND part.attnum > 0 AND NOT part.attisdropped"""
_POSTGRESQL_RULES = """
    SELECT item.relname, pg_get_constraintdef(rule.oid)
    FROM pg_class AS item JOIN pg_constraint AS rule ON rule.conrelid = item.oid
    WHERE item.relnamespace = current_schema()::regnamespace AND rule.contype IN ('f', 'u')"""


def read_shapes(connection: Connection) -> dict[str, TableShape]:
    """Read the shape of every table and view.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        To a SQLite or PostgreSQL database; of the latter the current schema is read.

    Returns
    -------
    dict of str to TableShape
        By name.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    shapes: dict[str, TableShape] = {}
    for table, column, kind, *flags in connection.execute(
        text(_SQLITE_COLUMNS if is_sqlite else _POSTGRESQL_COLUMNS)
    ):
        shapes.setdefault(table, TableShape()).columns[column] = ColumnShape(kind, *map(bool, flags))
    for table, rule in connection.execute(text(_SQLITE_RULES if is_sqlite else _POSTGRESQL_RULES)):
        shapes.setdefault(table, TableShape()).rules.add(rule)
    return shapes
