"""What the server cannot note in its audit log is done all the same, and told."""

from __future__ import annotations

import logging

import psycopg
import pytest
from builders import add_messages
from people import ADA, PASSWORD, actions, world

NOTING_FAILS = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; RETURN NEW; END $$;
CREATE TRIGGER fail BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION fail()"""
LOST, REFUSED = "PERFORM pg_terminate_backend(pg_backend_pid())", "RAISE read_only_sql_transaction"


class Watcher:
    def __init__(self, session):
        self.told: list[str] = []
        session.watch(self.of_settings)
        session.watch_backups(self.of_backups)

    def of_settings(self):
        self.told.append("settings")

    def of_backups(self):
        self.told.append("backups")


@pytest.fixture
def people(sqlite_url, postgres_url, quick_argon2):
    with world(sqlite_url, postgres_url) as made:
        yield made


@pytest.fixture
def ada(people):
    ws = people.connect()
    ws.register(ADA, password=PASSWORD)
    add_messages(ws._session.store, ws.user, ws.chats.create("Birds"), "Which bird cannot fly?", "The penguin.")
    ws.backup()
    return ws


@pytest.fixture
def server(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def new_machine(ada, people, tmp_path):
    ws = people.connect(database_url=f"sqlite:///{tmp_path / 'new machine.db'}")
    ws.login(ADA, password=PASSWORD, stay=False)
    return ws


@pytest.mark.parametrize("how", [LOST, REFUSED])
def test_a_restore_that_cannot_be_noted_is_told_as_it_was(new_machine, server, caplog, how):
    watcher = Watcher(new_machine._session)
    server.execute(NOTING_FAILS.format(how=how))

    with caplog.at_level(logging.WARNING):
        report = new_machine.restore()

    assert (report.chats, report.messages) == (1, 2)
    assert watcher.told == ["settings", "backups"]
    assert "restored" in caplog.text
    assert "restored" not in actions(new_machine._session)


@pytest.mark.parametrize("how", [LOST, REFUSED])
def test_a_forgetting_that_cannot_be_noted_is_told_as_it_was(ada, server, caplog, how):
    watcher = Watcher(ada._session)
    server.execute(NOTING_FAILS.format(how=how))

    with caplog.at_level(logging.WARNING):
        report = ada.forget(ada.chats["Birds"])

    assert report.messages == 2
    assert watcher.told == ["backups"]
    assert "chat_forgotten" in caplog.text


def test_a_server_that_only_reads_gives_everything_back(new_machine, server, postgres_url):
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    new_machine._session.accounts.engine.dispose()

    report = new_machine.restore()

    assert (report.messages, [chat.title for chat in new_machine.chats]) == (2, ["Birds"])
