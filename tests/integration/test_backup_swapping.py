"""The swap of a restored file: never under somebody who has the old one open, and never silently."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from backup_devices import Told, make_scene

from primer_nb.backup import swapping
from primer_nb.database import open_store

HOLD = """
import sqlite3, sys
connection = sqlite3.connect({path!r}, isolation_level=None)
connection.execute("SELECT * FROM chats").fetchall()
print("open", flush=True)
sys.stdin.readline()
connection.execute("UPDATE users SET name = 'still the same file'")
"""
LATE = """
import sqlite3
connection = sqlite3.connect({path!r}, timeout=20)
print("about to open", flush=True)
try:
    print(connection.execute("INSERT INTO chats (id) VALUES ('late')"))
except sqlite3.Error as error:
    print(error)
"""


def has_open(process, path) -> bool:
    folder = f"/proc/{process.pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{name}") == str(path) for name in os.listdir(folder))
    except FileNotFoundError:  # closed while we looked
        return False


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def desktop(scene):
    return scene.device("desktop")


def test_the_open_store_goes_on_working_after_the_swap(laptop, desktop):
    laptop.say("hello")
    laptop.backup()

    desktop.restore()
    chat, _ = desktop.say("and on it goes")

    assert desktop.contents() == {"hello", "and on it goes"}
    assert desktop.execute("PRAGMA journal_mode") == [("wal",)]
    with desktop.store.unit_of_work(desktop.user.id, read_only=True) as work:
        assert work.chats.get(chat.id).title == "Birds"


def test_a_file_that_another_process_has_open_is_merged_into(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    code = HOLD.format(path=str(desktop.store.address.path))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        other.stdout.readline()

        report = desktop.restore()
        other.communicate("\n")

    assert other.returncode == 0
    assert not report.is_new_file
    assert desktop.digests() == laptop.digests()
    assert desktop.execute("SELECT name FROM users") == [("still the same file",)]
    assert desktop.execute("PRAGMA journal_mode") == [("wal",)]


def test_a_file_that_this_process_is_using_is_merged_into(laptop, desktop):
    laptop.say("hello")
    laptop.backup()

    with desktop.store.unit_of_work(desktop.user.id, read_only=True) as work:
        work.chats.count()
        report = desktop.restore()

    assert not report.is_new_file
    assert desktop.digests() == laptop.digests()


def test_what_somebody_writes_in_the_meantime_is_not_lost(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    told = Told(at_start=lambda: desktop.execute("UPDATE users SET name = 'written meanwhile'"))

    report = desktop.restore(progress=told)

    assert not report.is_new_file
    assert desktop.contents() == {"hello"}
    assert desktop.execute("SELECT name FROM users") == [("written meanwhile",)]


def test_a_link_to_the_file_and_its_permissions_stay(scene, laptop, tmp_path):
    laptop.say("hello")
    laptop.backup()
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real.db"
    (tmp_path / "linked.db").symlink_to(target)
    open_store(target).close()
    target.chmod(0o640)
    linked = scene.device("linked")

    report = linked.restore()

    assert report.is_new_file
    assert (tmp_path / "linked.db").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert linked.digests() == laptop.digests()


def test_who_opens_the_old_file_in_the_middle_fails_aloud(laptop, desktop, monkeypatch):
    laptop.say("hello")
    laptop.backup()
    late = []

    class Slow:
        def __getattr__(self, name):
            return getattr(os, name)

        def replace(self, source, target):
            code = LATE.format(path=str(desktop.store.address.path))
            late.append(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True))
            late[0].stdout.readline()
            while not has_open(late[0], target):
                pass
            os.replace(source, target)

    monkeypatch.setattr(swapping, "os", Slow())

    report = desktop.restore()
    with late[0]:
        told, _ = late[0].communicate()

    assert report.is_new_file
    assert "no such table: chats" in told
    assert desktop.contents() == {"hello"}
