"""A database that Primer made becomes a store of ours, with its rows as they were."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from documented_schemas import SQLX_BOOKKEEPING, make_primers_database, run_script
from sample_rows import CHAT, FIRST, MESSAGE, REVISIONS, TOKEN, USER, fill, insert, rows
from schema_catalog import describe, open_engine, rows_of
from sqlalchemy import text

from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address

# Spellings that Primer's Rust code, SQLite's own functions and hand-written scripts leave.
SPELLINGS = [
    "2024-01-15 10:30:00",
    "2024-01-15T10:30:00Z",
    "2024-01-15T10:30:00.123456789Z",
    "2024-01-15T10:30:00.5+00:00",
    "2024-01-15T12:30:00.123456+02:00",
]


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url):
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgres_engine(postgres_url):
    opened = open_engine(postgres_url)
    yield opened
    opened.dispose()


def newest_schema(engine, tmp_path, request):
    """Describe a store that was ours from the start."""
    if engine.dialect.name == "sqlite":
        fresh = open_engine(str(tmp_path / "fresh.db"))
        migrations.upgrade(fresh)
        catalog = describe(fresh)
        fresh.dispose()
        return catalog
    with request.getfixturevalue("postgres_server").database() as url:
        fresh = open_engine(url)
        migrations.upgrade(fresh)
        catalog = describe(fresh)
        fresh.dispose()
        return catalog


@pytest.mark.parametrize("bookkeeping", ["", SQLX_BOOKKEEPING], ids=["none", "sqlx"])
def test_a_database_that_primer_made_is_adopted_with_its_rows(engine, store_url, bookkeeping, tmp_path, request):
    make_primers_database(engine)
    run_script(engine, bookkeeping)
    before = fill(engine, revision=FIRST)

    open_store(store_url).close()

    after, catalog = rows(engine, revision=FIRST), describe(engine)
    assert migrations.status(engine).current == REVISIONS[-1]
    assert {table: after[table] for table in before} == before
    assert bool(catalog.pop("_sqlx_migrations", None)) == bool(bookkeeping)
    assert catalog == newest_schema(engine, tmp_path, request)


def test_the_bookkeeping_of_sqlx_is_kept(engine, store_url):
    make_primers_database(engine)
    run_script(engine, SQLX_BOOKKEEPING)
    with engine.connect() as connection:
        before = list(rows_of(connection, "_sqlx_migrations"))

    open_store(store_url).close()

    with engine.connect() as connection:
        assert list(rows_of(connection, "_sqlx_migrations")) == before


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_times_in_another_spelling_are_kept_to_the_byte_and_read(sqlite_engine, sqlite_url, spelling):
    make_primers_database(sqlite_engine)
    insert(sqlite_engine, "chats", id=CHAT, user_id=USER, title="", created_at=spelling, updated_at=spelling)
    insert(sqlite_engine, "messages", id=MESSAGE, chat_id=CHAT, role="user", content="a\r\n\t", created_at=spelling)
    before = rows(sqlite_engine, revision=FIRST)

    store = open_store(sqlite_url)

    with store.unit_of_work(USER, read_only=True) as work:
        read = work.messages.get(MESSAGE).created_at
    store.close()
    assert read.replace(microsecond=0) == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    after = rows(sqlite_engine, revision=FIRST)
    assert {table: after[table] for table in before} == before


def test_rows_that_break_a_rule_are_kept(sqlite_engine, sqlite_url):
    """A writer without foreign keys leaves orphans; an id need not be a UUID, and may even be missing."""
    make_primers_database(sqlite_engine)
    with sqlite_engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("INSERT INTO messages VALUES ('42', 'no such chat', 'user', x'00ff', 'yesterday')")
        driver.execute("INSERT INTO chats VALUES (NULL, '', NULL, '', '')")
        driver.execute("PRAGMA foreign_keys = ON")
    before = rows(sqlite_engine, revision=FIRST)

    open_store(sqlite_url).close()

    after = rows(sqlite_engine, revision=FIRST)
    assert {table: after[table] for table in before} == before
    assert all(before.values())


def test_more_columns_tables_and_views_than_primer_has_are_kept(engine, store_url):
    make_primers_database(engine)
    run_script(
        engine,
        "ALTER TABLE chats ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0; ALTER TABLE messages ADD COLUMN mood TEXT;"
        "CREATE TABLE notes (chats TEXT); INSERT INTO notes VALUES ('mine');"
        "CREATE VIEW titles AS SELECT title FROM chats",
    )
    fill(engine, revision=FIRST)
    with engine.begin() as connection:
        connection.execute(text("UPDATE chats SET pinned = 7"))

    open_store(store_url).close()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT pinned FROM chats")).scalars().all() == [7]
        assert connection.execute(text("SELECT mood FROM messages")).scalars().all() == [None]
        assert connection.execute(text("SELECT chats FROM notes")).scalars().all() == ["mine"]
        assert len(connection.execute(text("SELECT title FROM titles")).all()) == 1


def test_missing_indexes_are_made(engine, store_url, tmp_path, request):
    make_primers_database(engine)
    run_script(engine, "DROP INDEX idx_chats_user_id; DROP INDEX idx_messages_created_at")

    open_store(store_url).close()

    assert describe(engine) == newest_schema(engine, tmp_path, request)


def test_an_index_that_only_postgresql_has_in_primer_may_be_there(sqlite_engine, sqlite_url):
    make_primers_database(sqlite_engine)
    run_script(sqlite_engine, "CREATE INDEX idx_chats_created_at ON chats(created_at)")

    open_store(sqlite_url).close()

    assert migrations.status(sqlite_engine).pending == ()


def test_tables_of_others_are_no_hindrance(engine, store_url):
    run_script(engine, "CREATE TABLE expenses (amount INTEGER); INSERT INTO expenses VALUES (5)")

    open_store(store_url).close()

    with engine.connect() as connection:
        assert connection.execute(text("SELECT amount FROM expenses")).scalars().all() == [5]
    assert migrations.status(engine).pending == ()


def test_an_adopted_file_is_copied_first(sqlite_engine, sqlite_url):
    make_primers_database(sqlite_engine)
    before = fill(sqlite_engine, revision=FIRST)

    change = migrations.bring_up_to_date(sqlite_engine, parse_address(sqlite_url))

    copy = open_engine(str(change.copy))
    assert rows(copy, revision=FIRST) == before
    assert set(describe(copy)) == {"chats", "messages"}
    copy.dispose()


def test_an_adopted_server_takes_a_new_message_as_primer_writes_it(postgres_engine, postgres_url):
    make_primers_database(postgres_engine)
    fill(postgres_engine, revision=FIRST)
    open_store(postgres_url).close()

    insert(
        postgres_engine,
        "messages",
        id=TOKEN,
        chat_id=CHAT,
        role="assistant",
        content="hello",
        created_at="2024-01-15T10:31:00Z",
    )

    store = open_store(postgres_url)
    with store.unit_of_work(USER, read_only=True) as work:
        assert work.messages.get(TOKEN).content == "hello"
    store.close()
