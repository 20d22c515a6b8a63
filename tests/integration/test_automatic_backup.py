"""Backups that happen by themselves: when they begin, what they send, who is told, and when they end."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from automatic_life import Watching, adas, asked, background, say, talk, there, until, until_saved, write
from delay_proxy import DelayProxy, wait_until
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, world

import primer_nb
from primer_nb import ids, times
from primer_nb.errors import InvalidInputError, NotSignedInError
from primer_nb.use_cases.backup_state import read_backup_state

LOADED = """\
import sys, threading, primer_nb
ws = primer_nb.connect(sys.argv[1], server_url=sys.argv[2] or None)
print(*sorted(name for name in sys.modules if name in {"primer_nb.automatic", "primer_nb.backup", "psycopg"}))
print([thread.name for thread in threading.enumerate()])
ws.close()
"""


@pytest.fixture(autouse=True)
def eager(monkeypatch, threads):
    monkeypatch.setattr("primer_nb.automatic.sending.LOOK_EVERY", 0.02)


@pytest.fixture
def people(sqlite_url, postgres_url, quick_argon2):
    with world(sqlite_url, postgres_url) as made:
        yield made


@pytest.fixture
def ada(people):
    return adas(people, is_new=True)


def test_what_is_new_is_sent_by_itself(ada, postgres_url):
    talk(ada, "Which bird cannot fly?")
    until_saved(ada)
    say(ada, "The penguin.")
    until_saved(ada)

    assert there(postgres_url) == ["The penguin.", "Which bird cannot fly?"]
    assert ada.verify(depth=3)


def test_what_another_program_writes_is_sent_too(ada, postgres_url):
    chat = talk(ada)
    until_saved(ada)

    values = (ids.new_id(), chat.id, times.to_text(times.now()))
    write(
        ada, "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'psst', ?)", *values
    )
    until_saved(ada)

    assert there(postgres_url) == ["psst"]


def test_it_is_off_unless_it_is_switched_on(people, postgres_url, threads):
    ws = adas(people, is_new=True, is_on=False)
    talk(ws, "hello")

    assert (background(ws).phase, threads()) == ("off", [])
    assert there(postgres_url) == []


def test_a_new_kernel_goes_on_for_who_stayed_signed_in(people, postgres_url):
    before = adas(people, is_new=True, stay=True)
    until_saved(before)
    before.close()

    ws = people.connect()
    talk(ws, "hello again")
    until_saved(ws)

    assert there(postgres_url) == ["hello again"]


def test_a_token_backs_up_too(ada, people, postgres_url):
    token = ada.tokens.create("nightly").reveal()
    until_saved(ada)
    ada.close()

    ws = people.connect(token=token)
    talk(ws, "at night")
    until_saved(ws)

    assert there(postgres_url) == ["at night"]


@pytest.mark.parametrize("server", ["", "a server"])
def test_opening_a_store_loads_nothing_for_it_and_starts_no_thread(sqlite_url, tmp_path, server):
    server_url = f"sqlite:///{tmp_path / 'server.db'}" if server else ""

    done = subprocess.run([sys.executable, "-c", LOADED, sqlite_url, server_url], capture_output=True, text=True)

    loaded = "primer_nb.automatic primer_nb.backup" if server else ""
    assert done.stdout.splitlines() == [loaded, "['MainThread']"], done.stderr


def test_switching_it_off_ends_it(ada, postgres_url, threads):
    until_saved(ada)

    ada.settings.automatic_backup = False
    wait_until(lambda: threads() == [])
    talk(ada, "not sent")

    assert background(ada).phase == "off"
    assert there(postgres_url) == []


def test_switching_it_off_in_another_kernel_ends_it(ada, threads):
    until_saved(ada)

    write(ada, "UPDATE user_settings SET automatic_backup = 0")
    wait_until(lambda: threads() == [])

    assert background(ada).phase == "off"


def test_switching_it_off_ends_a_long_one_between_two_batches(ada, monkeypatch, postgres_url, threads):
    until_saved(ada)
    ada.settings.automatic_backup = False
    monkeypatch.setattr(
        "primer_nb.backup.journal.next_batch.__kwdefaults__", {"limit": 2, "most_bytes": 1, "without": ()}
    )
    talk(ada, *"abcdefgh")

    class Impatient:
        def look(self):
            if background(ada).activity.rows:
                ada.settings.automatic_backup = False

    impatient = Impatient()
    background(ada).watch(impatient.look)
    ada.settings.automatic_backup = True
    wait_until(lambda: threads() == [])

    assert 0 < len(there(postgres_url)) < 8
    assert ada.backup().is_reconciled is False
    assert len(there(postgres_url)) == 8


def test_signing_out_ends_it_and_signing_in_begins_it_anew(ada, people, postgres_url, threads):
    until_saved(ada)
    ada.logout()
    wait_until(lambda: threads() == [])
    talk(ada, "of the local user", title="Local")

    ada.register(BOB, password=OTHER_PASSWORD, stay=False)
    talk(ada, "of Bob", title="His")
    assert background(ada).phase == "off"
    ada.logout()
    ada.login(ADA, password=PASSWORD, stay=False)
    talk(ada, "of Ada", title="Hers")
    until_saved(ada)

    assert there(postgres_url) == ["of Ada"]


def test_a_pull_brings_the_switch_along(ada, people, tmp_path):
    until_saved(ada)
    other = adas(people, is_on=False, database_url=f"sqlite:///{tmp_path / 'other.db'}")

    other.pull()

    until(other, "idle")
    assert other.settings.automatic_backup


def test_the_time_of_the_last_one_is_known(ada):
    before = times.now()

    until_saved(ada)

    assert before - timedelta(seconds=1) <= read_backup_state(ada._session).last_at <= times.now()
    assert read_backup_state(ada._session).is_automatic


def test_who_watches_is_told_of_each_change(ada):
    until_saved(ada)
    watching = Watching(ada)

    talk(ada, "one", "two")
    until_saved(ada)
    wait_until(lambda: watching.phases[-1] == "idle" and "running" in watching.phases)

    assert watching.rows == 3
    assert {activity.failure for activity in watching.seen} == {None}


def test_a_manual_backup_is_told_to_who_watches(people):
    ws = adas(people, is_new=True, is_on=False)
    watching = Watching(ws)
    talk(ws, "hello")

    ws.backup()

    assert watching.phases == ["off", "off"]


def test_a_watcher_that_fails_ends_nothing(ada, postgres_url):
    class Broken:
        def look(self):
            raise ValueError

    broken = Broken()
    background(ada).watch(broken.look)
    talk(ada, "hello")
    until_saved(ada)

    assert there(postgres_url) == ["hello"]


def test_once_is_possible_without_the_setting_and_asks_the_server(people, postgres_url, threads):
    ws = adas(people, is_new=True, is_on=False)
    talk(ws, "hello")
    ws.backup()
    asked(postgres_url, "TRUNCATE chats, primer_sync_device CASCADE")

    background(ws).now()
    wait_until(lambda: threads() == [])

    assert background(ws).phase == "off"
    assert there(postgres_url) == ["hello"]


def test_once_needs_an_account_and_a_server(people, tmp_path):
    with pytest.raises(NotSignedInError, match=r"ws\.login"):
        background(people.connect()).now()
    with (
        primer_nb.connect(tmp_path / "alone.db") as alone,
        pytest.raises(InvalidInputError, match="PRIMER_SERVER_URL"),
    ):
        background(alone).now()


def test_a_manual_backup_waits_for_a_running_one(sqlite_url, postgres_url, quick_argon2):
    with DelayProxy(postgres_url) as proxy, world(sqlite_url, proxy.url) as people:
        ws = adas(people, is_new=True)
        talk(ws)
        until_saved(ws)
        proxy.reset()
        proxy.is_holding = True
        say(ws, "hello")
        wait_until(lambda: proxy.counts.round_trips > 0)  # it is shown as running before it has the connection
        threading.Timer(0.3, setattr, [proxy, "is_holding", False]).start()

        report = ws.backup()

        assert (report.messages, report.round_trips) == (0, 0)
        assert there(postgres_url) == ["hello"]


def test_a_workspace_that_is_forgotten_takes_its_thread_along(sqlite_url, postgres_url, quick_argon2, threads):
    ws = primer_nb.connect(sqlite_url, server_url=postgres_url)
    ws.register(ADA, password=PASSWORD, stay=False)
    ws.settings.automatic_backup = True
    until_saved(ws)
    store, accounts = ws._session.store, ws._session.accounts

    del ws
    gc.collect()

    wait_until(lambda: threads() == [])
    store.close()
    accounts.close()


def test_nothing_is_left_when_the_workspace_is_closed(ada, threads, monkeypatch):
    monkeypatch.setattr("primer_nb.automatic.background._LAST_WORDS", (60.0, 60.0))  # however slow the machine is
    until_saved(ada)

    ada.close()
    ada.close()

    assert threads() == []
    wait_until(lambda: threads("primer-backup-idle") == [])
