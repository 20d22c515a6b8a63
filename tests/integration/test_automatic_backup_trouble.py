"""The server stalls, goes away, is wiped, is old, the file is gone: no chat ever waits for an automatic backup."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from automatic_life import Watching, adas, asked, background, say, talk, there, until, until_saved
from delay_proxy import DelayProxy, Fault, wait_until
from gate import Gate
from people import ADA, PASSWORD, world

from primer_nb import times
from primer_nb.automatic import sending
from primer_nb.database import migrations
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.use_cases.backup_state import read_backup_state


@pytest.fixture(autouse=True)
def eager(monkeypatch, threads):
    monkeypatch.setattr("primer_nb.automatic.sending.LOOK_EVERY", 0.02)
    monkeypatch.setattr("primer_nb.automatic.activity.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("primer_nb.automatic.activity.LONGEST_PAUSE", 0.05)
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def gate(postgres_url):
    gate = Gate(postgres_url)
    yield gate
    gate.close()


@pytest.fixture
def people(sqlite_url, proxy, quick_argon2):
    with world(sqlite_url, proxy.url) as made:
        yield made


@pytest.fixture
def ada(people):
    ws = adas(people, is_new=True)
    until_saved(ws)
    return ws


@pytest.fixture
def offline(sqlite_url, gate, quick_argon2):
    """Ada's server can be taken away."""
    with world(sqlite_url, gate.url) as people:
        ws = adas(people, is_new=True)
        until_saved(ws)
        yield ws


def test_no_message_waits_for_a_server_that_stalls(ada, proxy, fake_openai, postgres_url):
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1")
    ada._session.providers.add(provider)
    chat = ada.chats.create("Birds")
    until_saved(ada)
    proxy.reset(Fault("stall up", 1))
    background(ada).now()
    wait_until(lambda: proxy.counts.faults == 1)
    before = (proxy.counts.connections, proxy.counts.round_trips)

    replies = [str(chat.send(text, provider="custom")) for text in ("one", "two")]

    assert replies == ["echo: one", "echo: two"]
    assert (proxy.counts.connections, proxy.counts.round_trips) == before
    # the messages, the chat, what it asks of its model
    assert (background(ada).phase, read_backup_state(ada._session).waiting) == ("running", 4 + 1 + 1)
    ada._session.backup_server()._connection.silence = 0.1  # as if two minutes had gone by
    until_saved(ada)
    assert there(postgres_url) == ["echo: one", "echo: two", "one", "two"]


def test_a_server_that_comes_back_gets_everything_without_a_new_word(offline, gate, postgres_url, caplog):
    caplog.set_level(logging.DEBUG)
    watching = Watching(offline)
    gate.shut()
    talk(offline, "in the train")
    until(offline, "offline")

    tried = gate.connections
    wait_until(lambda: gate.connections >= tried + 3)
    gate.open()
    until_saved(offline)

    said = next(activity for activity in watching.seen if activity.phase == "offline")
    assert "cannot be reached" in said.failure
    assert said.next_try > times.now() - timedelta(seconds=60)
    assert there(postgres_url) == ["in the train"]
    assert background(offline).failure is None
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_asking_for_it_ends_the_pause(offline, gate, postgres_url, monkeypatch):
    monkeypatch.setattr(sending, "PAUSE_AFTER_FAILURE", 600)
    monkeypatch.setattr("primer_nb.automatic.activity.LONGEST_PAUSE", 600)
    monkeypatch.setattr(background(offline)._sender._pauses, "_pause", 600)
    gate.shut()
    talk(offline, "in the train")
    until(offline, "offline")
    gate.open()

    background(offline).now()
    until_saved(offline)

    assert there(postgres_url) == ["in the train"]


def test_a_manual_backup_ends_the_pause_too(offline, gate, monkeypatch):
    monkeypatch.setattr("primer_nb.automatic.activity.LONGEST_PAUSE", 600)
    monkeypatch.setattr(background(offline)._sender._pauses, "_pause", 600)
    gate.shut()
    talk(offline, "in the train")
    until(offline, "offline")
    gate.open()

    offline.backup()

    until(offline, "idle")


def test_an_offline_try_for_once_says_so_and_ends(sqlite_url, gate, quick_argon2, threads):
    with world(sqlite_url, gate.url) as people:
        ws = adas(people, is_new=True, is_on=False)
        gate.shut()

        background(ws).now()
        wait_until(lambda: threads() == [])

        assert (background(ws).phase, background(ws).next_try) == ("offline", None)
        assert background(ws).failure


def test_a_server_that_was_wiped_gets_everything_again(ada, postgres_url):
    talk(ada, "old")
    until_saved(ada)
    asked(postgres_url, "TRUNCATE chats, user_settings, primer_sync_device CASCADE")

    say(ada, "new")
    until_saved(ada)

    assert there(postgres_url) == ["new", "old"]


def test_a_new_kernel_notices_that_the_server_was_wiped(ada, people, postgres_url):
    talk(ada, "old")
    until_saved(ada)
    ada.close()
    asked(postgres_url, "TRUNCATE chats, user_settings, primer_sync_device CASCADE")

    adas(people, is_on=False)  # it is on already: nothing is new here

    wait_until(lambda: there(postgres_url) == ["old"])


def test_signing_out_in_the_middle_loses_nothing(ada, proxy, postgres_url, threads):
    proxy.reset(Fault("stall down", 1))
    talk(ada, "cut")
    wait_until(lambda: proxy.counts.faults == 1)

    ada.logout()
    wait_until(lambda: threads() == [])
    phase = background(ada).phase
    ada.login(ADA, password=PASSWORD, stay=False)
    until_saved(ada)

    assert phase == "off"
    assert there(postgres_url) == ["cut"]
    assert asked(postgres_url, "SELECT count(*) FROM primer_sync_device") == [(1,)]


def test_closing_cuts_what_waits_for_a_silent_server(ada, proxy, threads, monkeypatch):
    monkeypatch.setattr("primer_nb.automatic.background._LAST_WORDS", (0.3, 60.0))  # however slow the machine is
    proxy.reset(Fault("stall up", 1))
    talk(ada, "cut")
    wait_until(lambda: proxy.counts.faults == 1)

    ada.close()

    assert threads() == []


def test_a_server_of_an_older_release_is_a_failure_that_is_tried_again_much_later(ada, postgres_url):
    migrations.downgrade(ada._session.accounts.engine, to="20261122060000")
    talk(ada, "too new")

    until(ada, "failed")

    assert "migrate up" in background(ada).failure
    assert background(ada).next_try > times.now() + timedelta(minutes=9)
    assert there(postgres_url) == []


def test_a_file_that_is_gone_is_not_made_anew(ada):
    path = ada._session.store.address.path
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()

    until(ada, "failed")

    assert "is gone" in background(ada).failure
    assert list(path.parent.glob("store.db*")) == []


def test_what_nobody_thought_of_is_a_failure_that_names_no_value(ada, monkeypatch):
    def send(*_arguments, **_options):
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("primer_nb.use_cases.backups.send", send)
    talk(ada, "hello")

    until(ada, "failed")

    assert "ZeroDivisionError" in background(ada).failure
    assert "hunter2" not in background(ada).failure
