"""Describe all tables of a database from its own catalog, so that two databases can be compared.

Independent of what the package itself reads, and more thorough: types, nullability, defaults, keys, foreign keys with
their actions, unique constraints, indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from primer_nb.database.addresses import parse_address
from primer_nb.database.engine import create_engine_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

Catalog = dict[str, dict[str, list[Any]]]
BOOKKEEPING = {"primer_alembic_version"}

_SQLITE = {
    "columns": """SELECT item.name, part.name, upper(part.type), part."notnull", part.dflt_value, part.pk
        FROM sqlite_master AS item, pragma_table_info(item.name) AS part WHERE item.type = 'table'""",
    "foreign keys": """SELECT item.name, part.id, part.seq, part."from", part."table", part."to",
          part.on_update, part.on_delete
        FROM sqlite_master AS item, pragma_foreign_key_list(item.name) AS part WHERE item.type = 'table'""",
    "indexes": """SELECT item.name, CASE part.origin WHEN 'c' THEN part.name END, part."unique", part.origin,
          part.partial,
          (SELECT group_concat(name || ' ' || "desc" || ' ' || coll) FROM pragma_index_xinfo(part.name) WHERE key)
        FROM sqlite_master AS item, pragma_index_list(item.name) AS part WHERE item.type = 'table'""",
    "other": """SELECT name, sql LIKE '%AUTOINCREMENT%', sql LIKE '%WITHOUT ROWID%', sql LIKE '%STRICT%'
        FROM sqlite_master WHERE type = 'table'""",
    "triggers": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
}
_MINE = "relnamespace = current_schema()::regnamespace AND item.relkind IN ('r', 'p')"
_POSTGRESQL = {
    "columns": f"""SELECT item.relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
          pg_get_expr(adbin, adrelid)
        FROM pg_class AS item JOIN pg_attribute ON attrelid = item.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE {_MINE} AND attnum > 0 AND NOT attisdropped""",
    "constraints": f"""SELECT item.relname, conname, pg_get_constraintdef(rule.oid)
        FROM pg_class AS item JOIN pg_constraint AS rule ON rule.conrelid = item.oid
        WHERE {_MINE} AND contype IN ('p', 'f', 'u', 'c')""",
    "indexes": f"""SELECT item.relname, pg_get_indexdef(indexrelid)
        FROM pg_class AS item JOIN pg_index ON indrelid = item.oid WHERE {_MINE}""",
    "triggers": f"""SELECT item.relname, pg_get_triggerdef(rule.oid)
        FROM pg_class AS item JOIN pg_trigger AS rule ON tgrelid = item.oid WHERE {_MINE} AND NOT tgisinternal""",
}


def open_engine(url: str) -> Engine:
    """Make the engine that a store of this address has."""
    return create_engine_for(parse_address(url))


def describe(engine: Engine) -> Catalog:
    """Describe every table but the bookkeeping of Alembic."""
    catalog: Catalog = {}
    with engine.connect() as connection:
        for kind, query in (_SQLITE if engine.dialect.name == "sqlite" else _POSTGRESQL).items():
            for table, *facts in connection.execute(text(query)):
                if table not in BOOKKEEPING and not table.startswith("sqlite_"):
                    catalog.setdefault(table, {}).setdefault(kind, []).append(tuple(facts))
    for kinds in catalog.values():
        for facts in kinds.values():
            facts.sort(key=repr)
    return catalog


def without(catalog: Catalog, kind: str) -> Catalog:
    """Leave out what models cannot say."""
    return {table: {name: facts for name, facts in kinds.items() if name != kind} for table, kinds in catalog.items()}


def rows_of(connection: Connection, table: str, columns: str = "*") -> Iterator[tuple[Any, ...]]:
    """Read rows as the database holds them: in SQLite quoted, so that type and bytes show."""
    if connection.dialect.name == "sqlite" and columns != "*":
        columns = ", ".join(f"quote({name.strip()})" for name in columns.split(","))
    found = connection.execute(text(f"SELECT {columns} FROM {table}"))
    return iter(sorted((tuple(row) for row in found), key=repr))
