"""Drill: a restore to a file that is gone again; several at once do not disturb each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from backup_devices import make_scene, rows_of_chats

from primer_nb.errors import StoreCorruptError

LATER = "2031-01-01T00:00:00.000000+00:00"
COMPANIONS = ("", "-journal", "-wal", "-shm")


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


def left_behind(folder) -> list[str]:
    return sorted(name for name in os.listdir(folder) if "drill" in name)


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_a_drill_restores_compares_and_leaves_nothing_behind(laptop, tmp_path):
    laptop.say("hello", "good day")
    laptop.backup()
    before = rows_of_chats(laptop)

    report = laptop.drill()

    assert report.is_equal
    assert (report.chats, report.messages) == (1, 2)
    assert rows_of_chats(laptop) == before
    assert [name for name in os.listdir(tmp_path) if "drill" in name] == []


def test_a_drill_sees_a_letter_that_changed_on_the_server(scene, laptop):
    chat, _ = laptop.say("hello", "good day")
    laptop.backup()
    scene.execute("UPDATE messages SET content = 'jello' WHERE role = 'user'")

    report = laptop.drill()

    assert [(found.chat_id, found.parts) for found in report.differences] == [(chat.id, ("content",))]


def test_drills_at_once_do_not_disturb_each_other(laptop, tmp_path):
    laptop.say("hello", "good day")
    laptop.backup()
    with ThreadPoolExecutor(4) as pool:
        drills = [pool.submit(laptop.drill) for _ in range(8)]

    reports = [drill.result() for drill in drills]

    assert [(report.is_equal, report.messages) for report in reports] == [(True, 2)] * 8
    assert left_behind(tmp_path) == []


def test_what_killed_drills_left_is_removed_and_what_runs_stays(laptop, tmp_path):
    laptop.backup()
    killed, running, old = (
        f"laptop.db.drill-{process}-{number:08x}"
        for number, process in enumerate((ended_process(), os.getpid(), os.getpid()))
    )
    for name in (*(killed + end for end in COMPANIONS), running, old, "other.db.drill-1-00000000"):
        (tmp_path / name).write_bytes(b"of a drill")
    os.utime(tmp_path / old, (time.time() - 100_000,) * 2)

    laptop.drill()

    assert left_behind(tmp_path) == [running, "other.db.drill-1-00000000"]


def test_a_server_that_gives_a_row_twice_is_said_to_be_damaged(scene, laptop, tmp_path):
    chat, _ = laptop.say("hello")
    laptop.execute("INSERT INTO chat_tags VALUES (?, 'work', ?)", chat.id, LATER)
    laptop.backup()
    scene.execute("ALTER TABLE chat_tags DROP CONSTRAINT chat_tags_pkey")
    scene.execute("INSERT INTO chat_tags SELECT * FROM chat_tags")

    with pytest.raises(StoreCorruptError, match="two rows of chat_tags"):
        laptop.drill()

    assert left_behind(tmp_path) == []
