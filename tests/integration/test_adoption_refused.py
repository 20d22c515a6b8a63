"""A database whose tables carry our names, but are not what Primer makes, is left alone and its differences told."""

from __future__ import annotations

import pytest
from documented_schemas import PRIMER, make_primers_database, run_script
from schema_catalog import describe, open_engine

from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address
from primer_nb.errors import MigrationError

QUILLIUM = """\
CREATE TABLE users (
    id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, password VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL, is_admin BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE chats (
    id SERIAL PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    title VARCHAR(255) NOT NULL, model VARCHAR(50) NOT NULL
);
CREATE TABLE messages (
    id SERIAL PRIMARY KEY, chat_id INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    content TEXT NOT NULL, role VARCHAR(50) NOT NULL, tokens INTEGER NOT NULL DEFAULT 0
)
"""


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    yield opened
    opened.dispose()


def refusal(url: str) -> list[str]:
    """Open a store that is refused; return the lines of the message with single spaces."""
    with pytest.raises(MigrationError) as caught:
        open_store(url)
    return [" ".join(line.split()) for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (("title TEXT", "title TEXT, model TEXT"), "chats model (none) TEXT"),
        (("content TEXT NOT NULL", "content TEXT NOT NULL, tokens INTEGER"), "messages tokens (none) INTEGER"),
        (("id TEXT PRIMARY KEY", "id INTEGER PRIMARY KEY"), "chats id TEXT primary key INTEGER primary key"),
        (("id TEXT PRIMARY KEY", "id TEXT"), "chats id TEXT primary key TEXT"),
        (("user_id TEXT NOT NULL", "user_id TEXT"), "chats user_id TEXT not null TEXT"),
        (("role TEXT NOT NULL,", ""), "messages role TEXT not null (none)"),
        (
            ("title TEXT", "title TEXT, mood TEXT NOT NULL"),
            "chats mood (none that every row must fill) TEXT not null",
        ),
        (
            (" ON DELETE CASCADE", ""),
            "messages FOREIGN KEY (chat_id) REFERENCES chats(id) ON DELETE CASCADE (none)",
        ),
        (("content TEXT NOT NULL", "content NOT NULL"), "messages content TEXT not null (no type) not null"),
    ],
)
def test_a_file_that_only_looks_like_primers_is_refused_and_keeps_every_byte(sqlite_url, change, difference):
    engine = open_engine(sqlite_url)
    make_primers_database(engine, change=change)
    engine.dispose()
    path = parse_address(sqlite_url).path
    before = path.read_bytes()

    lines = refusal(sqlite_url)

    assert "nothing was changed" in lines[0]
    assert lines[1:-1] == ["table column expected found", difference]
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (("title VARCHAR(255)", "title TEXT"), "chats title character varying(255) text"),
        (("email VARCHAR(255) UNIQUE", "email VARCHAR(255)"), "users UNIQUE (email) (none)"),
        (
            ("TEXT NOT NULL,\n    created_at TIMESTAMP WITH TIME ZONE", "TEXT NOT NULL, created_at TIMESTAMP"),
            "messages created_at timestamp with time zone not null timestamp without time zone not null",
        ),
        (
            ("UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n    title", "UUID NOT NULL, title"),
            "chats FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE (none)",
        ),
    ],
)
def test_a_server_that_only_looks_like_primers_is_refused(postgres_url, change, difference):
    engine = open_engine(postgres_url)
    make_primers_database(engine, change=change)
    before = describe(engine)

    lines = refusal(postgres_url)

    assert lines[1:-1] == ["table column expected found", difference]
    assert describe(engine) == before
    engine.dispose()


def test_half_of_primers_tables_are_refused(engine, store_url):
    run_script(engine, PRIMER[engine.dialect.name].split("CREATE TABLE messages")[0])
    before = describe(engine)

    lines = refusal(store_url)

    assert lines[1:-1] == ["table column expected found", "messages a table (none)"]
    assert describe(engine) == before


def test_quilliums_own_database_is_refused(postgres_url):
    engine = open_engine(postgres_url)
    run_script(engine, QUILLIUM)
    before = describe(engine)

    lines = refusal(postgres_url)

    assert {
        "users id uuid primary key integer primary key",
        "users password (none that every row must fill) character varying(255) not null",
        "user_api_keys a table (none)",
        "chats model (none) character varying(50) not null",
        "messages tokens (none) integer not null",
    } < set(lines)
    assert describe(engine) == before
    engine.dispose()


@pytest.mark.parametrize("table", ["users", "completions"])
def test_a_table_of_ours_that_somebody_else_made_is_refused(sqlite_url, table):
    engine = open_engine(sqlite_url)
    run_script(engine, f"CREATE TABLE {table} (id TEXT)")
    engine.dispose()

    lines = refusal(sqlite_url)

    assert f"{table} (none) a table" in lines
