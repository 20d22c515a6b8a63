"""Reading the history never opens the SQLite file a second way: that would drop the locks of the whole process."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys

import pytest
from history_rows import chat, fill, history_of, message

from primer_nb.database import open_store

# What another kernel does: write at once or not at all.
WRITE = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE chats SET title = 'taken'")
    other.execute("COMMIT")
    print("wrote")
except sqlite3.OperationalError as error:
    print(error)
"""
IN_CLOSE, IN_OPEN = 0x08 | 0x10, 0x20  # inotify(7)


@pytest.fixture
def store(sqlite_url):
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def known(store):
    return fill(store)


class Watch:
    """Every opening and closing of a file in a folder, by whomever."""

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._inotify, os.fsencode(folder), IN_OPEN | IN_CLOSE) >= 0

    def names(self):
        try:
            events = os.read(self._inotify, 65_536)
        except BlockingIOError:
            return []
        names = []
        while events:
            length = struct.unpack_from("iIII", events)[3]
            names.append(events[16 : 16 + length].rstrip(b"\0").decode())
            events = events[16 + length :]
        return names

    def close(self):
        os.close(self._inotify)


def read_everything(history):
    history.messages()
    history.messages(contains="e", model="big", columns=["id", "characters"])
    history.chats(since="2026-01-01")


def try_to_write(store):
    command = [sys.executable, "-c", WRITE, str(store.address.path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_another_process_stays_refused_while_we_write_and_read_the_history(store, known):
    history = history_of(store, known.user)

    with store.unit_of_work(known.user.id) as work:
        work.chats.add(chat(7, known.user, "Written meanwhile", minutes=60))
        read_everything(history)
        answer = try_to_write(store)
        read_everything(history)
        work.commit()

    assert answer == "database is locked"
    assert history.chats()["title"].tolist()[-1] == "Written meanwhile"
    assert try_to_write(store) == "wrote"


def test_nothing_is_opened_or_closed_beside_the_connection_that_is_there(store, known):
    history = history_of(store, known.user)
    read_everything(history)
    watch = Watch(store.address.path.parent)

    read_everything(history)
    opened = watch.names()
    store.address.path.open("rb").close()
    seen = watch.names()
    watch.close()

    assert opened == []
    assert seen == [store.address.path.name] * 2


def test_a_reader_keeps_no_writer_waiting_and_sees_one_moment(store, known):
    history = history_of(store, known.user)
    before = history.messages()

    with store.unit_of_work(known.user.id) as work:
        work.messages.add(message(40, known.birds, "user", "not yet", minutes=70))
        during = history.messages()
        work.commit()

    assert during["id"].tolist() == before["id"].tolist()
    assert len(history.messages()) == len(before) + 1


def test_the_connection_goes_back_after_use(store, known):
    history = history_of(store, known.user)

    for _ in range(60):
        history.messages(columns=["id"])

    assert store.engine.pool.checkedout() == 0
