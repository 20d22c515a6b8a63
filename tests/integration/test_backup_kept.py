"""A session keeps one connection for backups: for one thread at a time, closed in time, replaced when it is dead."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import psycopg
import pytest
from builders import add_messages
from delay_proxy import DelayProxy, Fault, wait_until
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, world

from primer_nb.backup import kept
from primer_nb.backup.progress import NoProgress
from primer_nb.database.addresses import parse_address
from primer_nb.errors import BackupError
from primer_nb.use_cases.backups import back_up, send

FORKING = """\
import os, sys
from primer_nb import connect
from primer_nb.use_cases.backups import back_up
ws = connect(sys.argv[1], server_url=sys.argv[2], token=sys.argv[3])
ws.chats.create("Before")
back_up(ws._session, probe=True)
mine = ws._session.backup_server().connection().info.backend_pid
child = os.fork()
if child == 0:
    theirs = ws._session.backup_server()
    with theirs.in_use():
        print(theirs.connection().info.backend_pid != mine, flush=True)
    theirs.close()
    os._exit(0)
print(os.waitpid(child, 0)[1])
back_up(ws._session, probe=True)
print(ws._session.backup_server().connection().info.backend_pid == mine)
ws.close()
"""


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def people(sqlite_url, proxy, quick_argon2):
    with world(sqlite_url, proxy.url) as made:
        yield made


@pytest.fixture
def ada(people, proxy):
    """Ada has a backup, and no connection for the next one."""
    ws = people.connect()
    ws.register(ADA, password=PASSWORD, stay=False)
    ws.chats.create("Birds")
    ws.backup()
    ws._session.hang_up()
    proxy.reset()
    return ws


def say(ws, *contents):
    add_messages(ws._session.store, ws.user, ws.chats["Birds"], *contents)


def held(ws):
    return ws._session.backup_server()


class Waiting(NoProgress):
    """A backup that stays in the middle until it is let go."""

    def __init__(self):
        self.began, self.may_end = threading.Event(), threading.Event()

    def start(self, total_rows):
        self.began.set()
        assert self.may_end.wait(60)


def in_thread(action):
    """Run something; what it raises is the thread's ``outcome``."""

    def run():
        try:
            thread.outcome = action()
        except Exception as error:
            thread.outcome = error

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_everything_about_backups_goes_over_one_connection(ada, proxy):
    say(ada, "one")
    ada.backup()
    say(ada, "two")
    ada.backup()
    ada.verify(depth=3)
    ada.pull()
    ada.backup_drill()

    assert proxy.counts.connections == 1


def test_the_second_backup_of_a_message_costs_one_round_trip(ada, proxy):
    say(ada, "one")
    ada.backup()
    proxy.reset()
    say(ada, "two")

    ada.backup()

    assert (proxy.counts.connections, proxy.counts.round_trips) == (0, 1)


def test_a_connection_that_nobody_uses_is_closed(ada, monkeypatch):
    monkeypatch.setattr(kept, "IDLE", 0.01)

    ada.backup(probe=True)

    wait_until(lambda: not held(ada).is_open)


def test_a_connection_is_not_used_after_a_night_in_which_the_laptop_slept(ada, proxy):
    ada.backup(probe=True)
    held(ada)._used_at -= timedelta(hours=8)

    ada.backup(probe=True)

    assert proxy.counts.connections == 2


def test_a_connection_that_the_server_has_closed_is_replaced_unnoticed(ada, proxy, postgres_url):
    ada.backup(probe=True)
    pid = held(ada).connection().info.backend_pid
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    say(ada, "one")

    assert ada.backup().messages == 1
    assert proxy.counts.connections == 2


def test_a_second_thread_waits_for_the_first(ada):
    say(ada, "one")
    first, second = Waiting(), Waiting()
    before = in_thread(lambda: back_up(ada._session, progress=first))
    assert first.began.wait(60)
    say(ada, "two")
    after = in_thread(lambda: back_up(ada._session, progress=second))

    has_begun_meanwhile = second.began.wait(0.1)
    first.may_end.set()
    second.may_end.set()
    before.join(60)
    after.join(60)

    assert not has_begun_meanwhile
    assert before.outcome.messages + after.outcome.messages == 2


def test_two_workspaces_of_one_kernel_wait_for_each_other(ada, people):
    other = people.connect()
    other.login(ADA, password=PASSWORD, stay=False)
    say(ada, "one")
    first = Waiting()
    before = in_thread(lambda: back_up(ada._session, progress=first))
    assert first.began.wait(60)

    after = in_thread(other.backup)
    first.may_end.set()
    before.join(60)
    after.join(60)

    assert (before.outcome.messages, after.outcome.messages) == (1, 0)


def test_another_user_gets_another_connection(ada, people, proxy):
    ada.backup(probe=True)
    hers = held(ada)

    ada.logout()
    ada.register(BOB, password=OTHER_PASSWORD, stay=False)
    proxy.reset()
    ada.backup(probe=True)

    assert not hers.is_open
    assert held(ada) is not hers
    assert proxy.counts.connections == 1
    with pytest.raises(BackupError, match="works here no longer"):
        send(ada._session.store, hers)


def test_signing_out_ends_a_backup_that_waits_for_a_silent_server(ada, proxy):
    ada.backup(probe=True)
    say(ada, "one")
    proxy.reset(Fault("stall up", 1))
    stuck = in_thread(lambda: back_up(ada._session))
    wait_until(lambda: proxy.counts.faults == 1)

    ada.logout()
    stuck.join(60)

    assert isinstance(stuck.outcome, BackupError)
    assert proxy.counts.connections == 0


def test_closing_the_workspace_closes_the_connection_and_may_be_done_twice(ada):
    ada.backup(probe=True)
    connection = held(ada).connection()

    ada.close()
    ada.close()

    assert connection.closed


def test_hanging_up_does_not_wait_for_accounts_that_are_being_looked_for(ada):
    ada.backup(probe=True)
    connection = held(ada).connection()

    with ada._session.stores._opening:
        hanging_up = in_thread(ada._session.hang_up)
        hanging_up.join(60)

    assert (hanging_up.is_alive(), connection.closed) == (False, True)


def test_a_workspace_that_is_forgotten_takes_its_connection_along(ada):
    ada.backup(probe=True)
    connection = held(ada).connection()

    ada._session._kept = None

    assert connection.closed


def test_a_forked_process_leaves_the_connection_to_its_parent(ada, people):
    token = ada.tokens.create("forks").reveal()
    command = [sys.executable, "-c", FORKING, people.database_url, people.server_url, token]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout.split(), done.returncode) == (["True", "0", "True"], 0), done.stderr


def test_it_shows_no_password():
    address = parse_address("postgresql://ada:hunter2@db.example.org/x")

    assert "hunter2" not in repr(kept.KeptServer(address, "somebody"))
