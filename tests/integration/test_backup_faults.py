"""The line is cut, the server stalls, the process is killed: the next backup completes what there was to do."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from delay_proxy import DelayProxy, Fault

from primer_nb.backup.run import backup
from primer_nb.backup.server import Server, connect_server
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreUnavailableError

STEP = 97  # bytes between two cuts; a prime, so that they fall everywhere in the messages of the protocol

CHILD = """\
import sys
from primer_nb.backup import gathering
from primer_nb.backup.run import backup
from primer_nb.database import Store
gathering.MOST_MESSAGES = 500
store, server = Store(sys.argv[1]), Store(sys.argv[2])
print("go", flush=True)
backup(store, server.address, sys.argv[3])
"""


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """Let the first failure be the last, so that it can be looked at."""
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


def push_through(scene, proxy):
    """Back up over a new connection through the proxy; tell whether it said that it is done."""
    with Server(parse_address(proxy.url)) as line:
        try:
            backup(scene.local, line, scene.user.id)
        except StoreUnavailableError:
            return False
        return True


def cuts(proxy, run):
    """Yield a fault for each place at which a run may be cut, as many as fit into the time of a test."""
    proxy.reset()
    run()
    up, down = proxy.counts.bytes_up, proxy.counts.bytes_down
    yield from (Fault("cut up", at) for at in range(0, up, STEP))
    yield from (Fault("cut down", at) for at in range(0, down, STEP))


def test_a_push_that_is_cut_anywhere_is_done_by_the_next_one(scene, proxy):
    chat = scene.chat()
    push_through(scene, proxy)

    def push():
        scene.say(chat, "one", "two")
        return push_through(scene, proxy)

    outcomes = set()
    for fault in cuts(proxy, push):
        before_there, before_here = scene.said_there(), scene.contents()
        proxy.reset(fault)

        is_done = push()

        here, there = scene.said_here(), scene.said_there()
        is_applied = there == here
        assert is_applied or there == before_there  # never half a batch
        assert is_applied or not is_done
        assert scene.contents()["chats"] == before_here["chats"]
        assert scene.contents()["messages"][: len(before_here["messages"])] == before_here["messages"]
        with Server(parse_address(proxy.url)) as line:
            report = backup(scene.local, line, scene.user.id)
            assert not report.is_reconciled
            assert backup(scene.local, line, scene.user.id).round_trips == 0
        assert scene.said_there() == here
        outcomes.add((fault.kind, is_done, is_applied))
    assert {("cut up", False, False), ("cut down", False, True)} <= outcomes


def test_a_first_backup_that_is_cut_anywhere_is_done_by_the_next_one(scene, proxy):
    scene.fill(chats=3, messages=4)
    before = scene.contents()

    def first():
        scene.wipe_server()
        scene.write("DELETE FROM primer_backup_state")
        return push_through(scene, proxy)

    for fault in cuts(proxy, first):
        proxy.reset(fault)

        is_done = first()

        there = scene.said_there()
        assert there in ([], scene.said_here())  # one load is one transaction
        assert there or not is_done
        assert push_through(scene, proxy)
        assert scene.said_there() == scene.said_here()
    assert scene.contents() == before


def test_a_deleted_chat_comes_back_whole_although_the_line_is_cut(scene, proxy):
    chat = scene.chat()
    scene.say(chat, "old")
    push_through(scene, proxy)
    scene.there("DELETE FROM chats")
    scene.say(chat, "new")
    proxy.reset(Fault("cut reply", 1))  # after the one that ends the connecting

    assert not push_through(scene, proxy)

    assert push_through(scene, proxy)
    assert scene.said_there() == scene.said_here()


def test_a_server_that_falls_silent_is_given_up(scene, proxy, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.server.CONNECT_TIMEOUT", 2)
    proxy.reset(Fault("stall down", 10))

    with pytest.raises(StoreUnavailableError, match="timeout"):
        connect_server(parse_address(proxy.url))


def test_a_killed_first_backup_is_done_by_the_next_one(scene):
    scene.fill(chats=100, messages=50)
    before = scene.contents()
    chance = random.Random(5)
    server_url = scene.remote.address.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", CHILD, str(scene.path), server_url, scene.user.id]
    partly = 0

    for _ in range(6):
        scene.wipe_server()
        scene.write("DELETE FROM primer_backup_state")
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as child:
            assert child.stdout.readline() == b"go\n"
            wanted = chance.randrange(0, 4_500, 500)
            while len(scene.there("SELECT id FROM messages OFFSET %s LIMIT 1", wanted)) == 0 and child.poll() is None:
                time.sleep(chance.uniform(0, 0.01))
            child.kill()
        there = scene.there("SELECT count(*) FROM messages")[0][0]
        partly += 0 < there < 5_000

        report = scene.backup()

        assert report.messages <= 5_000
        assert scene.said_there() == scene.said_here()
        assert scene.contents() == before
        assert scene.here("PRAGMA quick_check") == [("ok",)]
        assert scene.backup().round_trips == 0
    assert partly
