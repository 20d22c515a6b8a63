"""The transaction in which a schema changes."""

from __future__ import annotations

import pytest
from sample_rows import FIRST, fill, rows
from schema_catalog import describe, open_engine
from sqlalchemy import text

from primer_nb.database import migrations
from primer_nb.database.exclusive import exclusive

# SQLite's own procedure for changes that ALTER TABLE cannot make.
REBUILD = (
    "CREATE TABLE chats_2 (id TEXT PRIMARY KEY, user_id TEXT, title TEXT, created_at TEXT, updated_at TEXT)",
    "INSERT INTO chats_2 SELECT * FROM chats",
    "DROP TABLE chats",
    "ALTER TABLE chats_2 RENAME TO chats",
)


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    yield opened
    opened.dispose()


def test_a_table_that_others_point_to_can_be_rebuilt(sqlite_url):
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine, to=FIRST)
    before = fill(engine, revision=FIRST)

    with exclusive(engine) as connection:
        for statement in REBUILD:
            connection.execute(text(statement))

    assert rows(engine, revision=FIRST) == before
    engine.dispose()


def test_it_is_undone_when_something_fails(engine):
    def change() -> None:
        with exclusive(engine) as connection:
            connection.execute(text("CREATE TABLE half (id INTEGER)"))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        change()

    assert describe(engine) == {}


def test_it_is_kept_when_nothing_fails(engine):
    with exclusive(engine) as connection:
        connection.execute(text("CREATE TABLE whole (id INTEGER)"))

    assert set(describe(engine)) == {"whole"}
