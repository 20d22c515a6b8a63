"""The line is cut, the server stalls, the process is killed: the next backup completes what there was to do."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from backup_scene import backup_scene, until_they_left
from delay_proxy import DelayProxy, Fault

from primer_nb.backup.run import backup
from primer_nb.backup.server import Server, connect_server
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreError, StoreUnavailableError

CHILD = """\
import sys
from functools import partial
from primer_nb.backup import gathering, run
from primer_nb.backup.progress import NoProgress
from primer_nb.database import Store

class Standing(NoProgress):
    batches = int(sys.argv[4])
    def advance(self, rows, size):
        self.batches -= 1
        if self.batches == 0:
            print("stands", flush=True)
            sys.stdin.read()

gathering.MOST_MESSAGES = 500
run.next_batch = partial(run.next_batch, limit=200)
store, server = Store(sys.argv[1]), Store(sys.argv[2])
print("go", flush=True)
run.backup(store, server.address, sys.argv[3], progress=Standing())
"""
KILLS = 6
BATCHES = 10  # at least so many are sent


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


@contextmanager
def another_process(scene, *, batches=0):
    """Let another process back up, which stands still when so many batches are sent; none means never.

    After the block the server has done, or undone, all that it was sent.
    """
    server_url = scene.remote.address.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", CHILD, str(scene.path), server_url, scene.user.id, str(batches)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        scene.administrator() as pg,
        until_they_left(pg),
        subprocess.Popen(command, **pipes, cwd=Path(__file__).parents[2]) as child,
    ):
        assert child.stdout.readline() == b"go\n"
        yield child, pg
        child.kill()


def kill_one_between_two_batches(scene, *, chance):
    """Kill a backup after some of its batches, not all."""
    with another_process(scene, batches=chance.randrange(1, BATCHES)) as (child, _):
        assert child.stdout.readline() == b"stands\n"


def kill_one_anywhere(scene, *, wanted, chance):
    """Kill a backup when the server has so many messages, or a little later."""
    with another_process(scene) as (child, pg):
        while not pg.execute("SELECT id FROM messages OFFSET %s LIMIT 1", (wanted,)).fetchall():
            if child.poll() is not None:
                break
            time.sleep(chance.uniform(0, 0.01))


def test_a_killed_first_backup_is_done_by_the_next_one(scene):
    scene.fill(chats=100, messages=50)
    before = scene.contents()
    chance, partly = random.Random(5), 0

    for number in range(KILLS):
        scene.wipe_server()
        scene.write("DELETE FROM primer_backup_state")
        if number % 2:
            kill_one_between_two_batches(scene, chance=chance)
        else:
            kill_one_anywhere(scene, wanted=chance.randrange(0, 4_500, 500), chance=chance)
        there = scene.there("SELECT count(*) FROM messages")[0][0]
        partly += 0 < there < 5_000

        report = scene.backup()

        assert report.messages == 5_000 - there
        assert scene.said_there() == scene.said_here()
        assert scene.contents() == before
        assert scene.here("PRAGMA quick_check") == [("ok",)]
        assert scene.backup().round_trips == 0
    assert partly >= KILLS // 2


def test_a_killed_backup_of_what_is_new_is_done_by_the_next_one_without_a_comparison(scene, known):
    chance, partly, before = random.Random(6), 0, 1

    for number in range(KILLS):
        scene.fill(chats=10, messages=200)
        rows = scene.contents()
        if number % 2:
            kill_one_between_two_batches(scene, chance=chance)
        else:
            kill_one_anywhere(scene, wanted=before + chance.randrange(0, 2_000, 100), chance=chance)
        there = scene.there("SELECT count(*) FROM messages")[0][0]
        partly += before < there < before + 2_000

        report = scene.backup()

        assert (report.is_reconciled, report.messages) == (False, before + 2_000 - there)
        assert scene.said_there() == scene.said_here()
        assert scene.contents() == rows
        assert scene.here("PRAGMA quick_check") == [("ok",)]
        assert scene.here("SELECT count(*) FROM primer_journal") == [(0,)]
        before += 2_000
    assert partly >= KILLS // 2


@contextmanager
def small_disk(path):
    """Move a store to a disk of 2 MB that can be filled; where nobody may make one, limit its write-ahead log."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path.parent)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0

    @contextmanager
    def full():
        with path.with_name("filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        yield
        path.with_name("filler").unlink()

    try:
        yield full if is_mounted else partial(limited, path)
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(path.parent)], check=True)


@contextmanager
def limited(path):
    """Let no file of this process become larger than the write-ahead log is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(f"{path.name}-wal").stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def limited_process(path):
    """Leave the store where it is."""
    yield partial(limited, path)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("disk", [small_disk, limited_process])
def test_a_disk_that_is_full_after_the_servers_commit_costs_no_comparison(postgres_url, tmp_path, disk, is_first):
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder / "store.db") as full, backup_scene(f"sqlite:///{folder / 'store.db'}", postgres_url) as scene:
        scene.say(scene.chat(), "hello")
        if not is_first:
            scene.backup()
            scene.say(scene.chat(), "again")
        before = scene.contents()

        with (
            full(),
            pytest.raises(StoreError, match=r"the disk is full|see that it has room"),
        ):
            scene.backup()

        assert scene.said_there() == scene.said_here()  # it was the acknowledgement that failed
        assert scene.contents() == before
        assert scene.here("PRAGMA integrity_check") == [("ok",)]
        report = scene.backup()
        assert (report.is_reconciled, report.messages) == (is_first, 0)
        assert scene.backup().round_trips == 0
