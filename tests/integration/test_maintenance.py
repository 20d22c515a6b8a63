"""Care of both databases: room comes back, statistics and sizes are those of each table, and damage is named."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from builders import add_chat, add_messages, add_user
from people import world

from primer_nb.cli import main
from primer_nb.database import maintenance
from primer_nb.tables import metadata_for


def test_every_table_is_measured_with_its_rows(people):
    ws = people.connect()
    ws.chats.create("Birds")

    sizes = ws.maintenance.sizes()

    assert list(sizes.columns) == ["store", "table", "rows", "bytes"]
    assert sizes.dtypes["bytes"] == "Int64"
    for store, found in sizes.groupby("store"):
        assert set(found["table"]) <= set(metadata_for("sqlite").tables) | set(metadata_for("postgresql").tables)
        assert (found["bytes"] > 0).all(), store
    local = sizes[sizes["store"] == "local"].set_index("table")
    assert local.loc["chats", "rows"] == 1
    assert set(sizes["store"]) == ({"local", "server"} if people.server_url else {"local"})


def test_the_whole_of_each_store_is_measured(people):
    ws = people.connect()

    sizes = ws.maintenance.sizes()

    whole = sizes.attrs["bytes"]
    assert set(whole) == set(sizes["store"])
    assert all(whole[store] >= found["bytes"].sum() for store, found in sizes.groupby("store"))
    path = ws._session.store.address.path
    if path is not None:
        with closing(sqlite3.connect(path)) as another_program:
            query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            assert another_program.execute(query).fetchone() == (whole["local"],)


def test_where_sqlite_cannot_measure_tables_their_rows_and_the_file_are_told(sqlite_url, monkeypatch, capsys):
    query = maintenance._SIZES["sqlite"].replace("dbstat", "dbstat_of_another_build")
    monkeypatch.setitem(maintenance._SIZES, "sqlite", query)
    with world(sqlite_url) as people:
        ws = people.connect()
        ws.chats.create("Birds")

        sizes = ws.maintenance.sizes()

    assert sizes.set_index("table").loc["chats", "rows"] == 1
    assert sizes["bytes"].isna().all()
    assert sizes["bytes"].dtype == "Int64"
    assert sizes.attrs["bytes"]["local"] > 0
    assert main(["maintain", "sizes", "--database", sqlite_url]) == 0
    assert "size unknown" in capsys.readouterr().out


def test_a_vacuum_gives_the_room_of_deleted_chats_back(people):
    ws = people.connect()
    user, store = ws.user, ws._session.store
    chat = add_chat(store, user)
    add_messages(store, user, chat, *("x" * 50_000 for _ in range(40)))
    ws.chats.delete(chat.id)

    done = ws.maintenance.vacuum().set_index("store")

    if store.dialect == "sqlite":  # PostgreSQL keeps it for new rows
        assert done.loc["local", "bytes_after"] < done.loc["local", "bytes_before"]
    assert ws.chats.list() == []


def test_every_documented_table_is_analyzed(people):
    ws = people.connect()

    analyzed = ws.maintenance.analyze()

    assert {"users", "user_api_keys", "chats", "messages"} <= set(analyzed["table"])


def test_a_healthy_store_has_nothing_to_say(people):
    assert people.connect().maintenance.check().empty


def test_rows_that_lost_what_they_belong_to_are_named(sqlite_url):
    with world(sqlite_url) as people:
        ws = people.connect()
        store = ws._session.store
        chat = add_chat(store, add_user(store))
        add_messages(store, ws.user, add_chat(store, ws.user), "a")
        with closing(sqlite3.connect(store.address.path, isolation_level=None)) as another_program:
            another_program.execute("DELETE FROM users WHERE email = 'ada@example.org'")
            another_program.execute("DELETE FROM chats WHERE user_id = ?", (ws.user.id,))

        found = ws.maintenance.check()

    assert list(found["subject"]) == ["foreign keys", "chats"]
    assert "messages row" in found["text"][0]
    assert chat.id in found["text"][1]


def test_of_many_problems_the_first_are_shown(sqlite_url, monkeypatch):
    monkeypatch.setattr(maintenance, "_DAMAGES_SHOWN", 2)
    with world(sqlite_url) as people:
        store = people.connect()._session.store
        user = add_user(store)
        for _ in range(5):
            add_chat(store, user)
        with store.unit_of_work() as work:
            work.users.remove(id=user.id)
            work.commit()

        found = maintenance.damages(store)

    assert [damage.text for damage in found][-1] == "and 3 more"
    assert len(found) == 3


@pytest.mark.parametrize("action", ["vacuum", "analyze", "sizes", "check"])
def test_the_command_says_what_it_did(sqlite_url, capsys, action):
    with world(sqlite_url) as people:
        people.connect().chats.create("Birds")

    assert main(["maintain", action, "--database", sqlite_url]) == 0
    told = capsys.readouterr().out
    assert main(["maintain", action, "--database", sqlite_url, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)

    assert told.strip()
    assert isinstance(rows, list)
    assert all(row["store"] == "local" for row in rows)


def test_the_command_fails_when_something_is_wrong(sqlite_url, capsys):
    with world(sqlite_url) as people:
        store = people.connect()._session.store
        user = add_user(store)
        add_chat(store, user)
        with store.unit_of_work() as work:
            work.users.remove(id=user.id)
            work.commit()

    assert main(["maintain", "check", "--database", sqlite_url]) == 1
    assert "belongs to no user" in capsys.readouterr().out


def test_a_store_that_is_not_there_is_not_made(tmp_path, capsys):
    assert main(["maintain", "check", "--database", str(tmp_path / "none.db")]) == 1

    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
