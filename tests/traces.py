"""What a life leaves behind, by name: files as they lie there, rows as the databases tell them, bytes on the wire."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

Traces = dict[str, bytes]


def traces_in(*folders: Path) -> Traces:
    """Read every file, and every row of the SQLite files among them: a long value lies there in pieces."""
    found: Traces = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        name = f"{path.parent.name}/{path.name}"
        found[name] = path.read_bytes()
        if path.suffix in {".db", ".sqlite"}:
            found[f"rows of {name}"] = _rows_of_sqlite(path)
    return found


def rows_of_postgresql(url: str) -> bytes:
    """Read every row of every table of ours."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
        rows = [row for (name,) in names for row in connection.execute(f"SELECT t::text FROM {name} AS t".encode())]
    return "\n".join(text for (text,) in rows).encode()


def _rows_of_sqlite(path: Path) -> bytes:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = [row for (name,) in names for row in connection.execute(f'SELECT * FROM "{name}"')]
    values = [value for row in rows for value in row]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
