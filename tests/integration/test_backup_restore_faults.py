"""Faults of a pull and a restore: Ctrl-C, kill -9, a full disk, a lost server. Nothing that was there is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from backup_devices import Told, make_scene, rows_of_chats

from primer_nb.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHILD = """
import resource, sys
from primer_nb.backup import loading, pull
from primer_nb.backup.{module} import {module} as work
from primer_nb.backup.progress import NoProgress
from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address

class Standing(NoProgress):
    left = {rows}
    def start(self, total_rows):
        print("begun", flush=True)
    def advance(self, rows, size):
        self.left -= rows
        if {rows} and rows and self.left <= 0:
            print("stands", flush=True)
            sys.stdin.read()

loading._ROWS_AT_ONCE = pull.MESSAGES_AT_ONCE = 1_000
store = open_store({path!r})
if {limit}:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    print(work(store, parse_address({url!r}), {user!r}, progress=Standing()))
except Exception as error:
    print(*[kind.__name__ for kind in type(error).__mro__], error)
"""
SLOWEST = 0.6  # seconds until the last kill
KILLS = 6


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def desktop(scene):
    return scene.device("desktop")


def add_much(device, *, messages: int, size: int = 500) -> None:
    """Make ten chats with so many messages in all."""
    for _ in range(10):
        chat, _ = device.say("first")
        device.execute(
            "WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < ?) "
            "INSERT INTO messages (id, chat_id, role, content, created_at) "
            "SELECT lower(hex(randomblob(4))) || '-0000-4000-8000-' || lower(hex(randomblob(6))), ?, 'user', "
            "hex(randomblob(?)), '2026-01-01T00:00:00.000000+00:00' FROM number",
            *(messages // 10, chat.id, size // 2),
        )


def messages_of(device) -> set[tuple[str, ...]]:
    """Read all messages, whole."""
    return set(device.execute("SELECT id, chat_id, role, content, tokens FROM messages"))


def start(module: str, device, url: str, *, limit: int = 0, rows: int = 0) -> subprocess.Popen[str]:
    """Let another process pull or restore; it stands still when it has told of so many rows, if that is said."""
    path = str(device.store.address.path)
    code = CHILD.format(module=module, path=path, url=url, user=device.user.id, limit=limit, rows=rows)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], **pipes, text=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[int]:
    """Make a folder of 2 MB, or where nobody may, yield how large a file may become."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield 0 if is_mounted else 2_000_000
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def limited_process(folder: Path) -> Iterator[int]:
    """Make a folder, and yield how large a file in it may become."""
    folder.mkdir()
    yield 2_000_000


@pytest.mark.parametrize("module", ["restore", "pull"])
@pytest.mark.parametrize("room", [small_disk, limited_process])
def test_a_full_disk_leaves_what_was_there(scene, laptop, tmp_path, module, room):
    url = scene.server.address.url.render_as_string(hide_password=False)
    add_much(laptop, messages=4_000, size=1_000)
    laptop.backup()
    with room(tmp_path / "full") as limit:
        desktop = scene.device("full/desktop")
        desktop.store.close()

        with start(module, desktop, url, limit=limit) as child:
            told, _ = child.communicate()

        assert "StoreError" in told
        assert [name for name in os.listdir(tmp_path / "full") if "restoring" in name] == []
        assert desktop.execute("PRAGMA integrity_check") == [("ok",)]
        assert desktop.contents() < laptop.contents()
        assert module == "pull" or desktop.contents() == set()


@pytest.mark.parametrize("module", ["restore", "pull"])
def test_kill_9_at_any_moment_leaves_a_sound_file_and_the_next_one_ends_it(scene, laptop, tmp_path, module):
    url = scene.server.address.url.render_as_string(hide_password=False)
    add_much(laptop, messages=10_000)
    laptop.backup()
    chance, partly = random.Random(5), 0
    whole, said = laptop.digests(), messages_of(laptop)

    for number in range(KILLS):
        desktop = scene.device(f"desktop{number}")
        desktop.store.close()
        is_between = number % 2 == 1
        with start(module, desktop, url, rows=chance.randrange(1_000, 9_000) if is_between else 0) as child:
            assert child.stdout.readline() == "begun\n"
            if is_between:
                assert child.stdout.readline() == "stands\n"
            else:
                time.sleep(chance.uniform(0, SLOWEST))
            child.send_signal(signal.SIGKILL)

        kept = messages_of(desktop)
        left = [name for name in os.listdir(tmp_path) if "restoring" in name]
        partly += 0 < len(kept) < len(said) if module == "pull" else bool(left)
        assert desktop.execute("PRAGMA integrity_check") == [("ok",)]
        assert set(desktop.digests()) <= set(whole)
        assert kept <= said
        assert module == "pull" or desktop.digests() in ({}, whole)

        getattr(desktop, module)()

        assert desktop.digests() == whole
        assert [name for name in os.listdir(tmp_path) if "restoring" in name] == []
    assert partly >= KILLS // 2


@pytest.mark.parametrize("module", ["restore", "pull"])
def test_a_server_that_is_lost_in_the_middle_leaves_what_was_there(scene, laptop, desktop, module):
    add_much(laptop, messages=2_000)
    laptop.backup()
    before = rows_of_chats(desktop)

    def end_all() -> None:
        scene.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    with pytest.raises(ConnectionError):
        getattr(desktop, module)(progress=Told(at_start=end_all))

    assert rows_of_chats(desktop) == before
    getattr(desktop, module)()
    assert desktop.digests() == laptop.digests()


def test_ctrl_c_keeps_what_was_committed_and_the_next_pull_goes_on(laptop, desktop, monkeypatch):
    for number in range(6):
        laptop.say(*(f"{number}.{part}" for part in range(10)))
    laptop.backup()
    monkeypatch.setattr("primer_nb.backup.pull.MESSAGES_AT_ONCE", 20)
    told = Told(stop_after=2)

    with pytest.raises(KeyboardInterrupt):
        desktop.pull(progress=told)
    kept = len(desktop.contents())
    rest = Told()
    report = desktop.pull(progress=rest)

    assert (told.total, told.rows, told.is_finished, kept) == (60, [20, 20], True, 40)
    assert (rest.total, sum(rest.rows), report.messages) == (20, 20, 20)
    assert desktop.digests() == laptop.digests()


def test_a_chat_larger_than_a_batch_comes_in_pieces(laptop, desktop, monkeypatch):
    laptop.say(*("x" * 1000 + str(number) for number in range(30)))
    laptop.backup()
    monkeypatch.setattr("primer_nb.backup.pull.BYTES_AT_ONCE", 5_000)
    told = Told()

    desktop.pull(progress=told)

    assert max(told.rows) <= 6
    assert sum(told.rows) == 30
    assert desktop.digests() == laptop.digests()


def test_a_batch_that_fails_leaves_what_was_there(laptop, desktop):
    laptop.say("one")
    laptop.backup()
    desktop.say("mine")
    before = rows_of_chats(desktop)
    desktop.execute("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END")

    with pytest.raises(StoreError, match="no"):
        desktop.pull()

    assert rows_of_chats(desktop) == before
