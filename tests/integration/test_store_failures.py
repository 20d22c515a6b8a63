"""What goes wrong with a store is said clearly, and nothing is lost or harmed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from builders import add_chat, add_messages, add_user, make_message

from primer_nb.database import open_store
from primer_nb.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreFullError,
    StoreUnavailableError,
)


def test_a_wrong_password_or_port_is_said_without_the_password():
    with pytest.raises(StoreUnavailableError) as caught:
        open_store("postgresql://ada:hunter2@127.0.0.1:1/nothing")

    assert "127.0.0.1:1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"dear diary\n" * 1_000)

    with pytest.raises(StoreCorruptError, match="not an SQLite database"):
        open_store(path)

    assert path.read_bytes() == b"dear diary\n" * 1_000


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        open_store(tmp_path)


def test_a_damaged_file_is_reported(sqlite_url, tmp_path):
    store = open_store(sqlite_url)
    user = add_user(store)
    chat = add_chat(store, user)
    add_messages(store, user, chat, *["x" * 3_000] * 50)
    store.close()
    path = tmp_path / "store.db"
    raw = bytearray(path.read_bytes())
    raw[8192 : len(raw) - 4096] = os.urandom(len(raw) - 4096 - 8192)
    path.write_bytes(raw)

    with pytest.raises(StoreCorruptError, match="damaged"):
        damaged = open_store(sqlite_url)
        try:
            with damaged.unit_of_work(user.id, read_only=True) as work:
                list(work.messages.newest_first(chat.id))
        finally:
            damaged.close()


def test_files_are_their_owners_alone_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        store = open_store(tmp_path / "new folder" / "store.db")
        add_user(store)

        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new folder").iterdir()}
        store.close()
    finally:
        os.umask(old)

    assert (tmp_path / "new folder").stat().st_mode & 0o777 == 0o700
    assert "store.db-wal" in modes
    assert {mode for name, mode in modes.items() if not name.endswith(".lock")} == {0o600}


_READ_ONLY = """
import os, sys
from primer_nb.database import open_store
from primer_nb.errors import StoreReadOnlyError
open_store(":memory:").close()  # loads what another user may not read
if os.getuid() == 0:
    os.setuid(65534)  # root may write anything
try:
    open_store(sys.argv[1])
except StoreReadOnlyError as error:
    print("refused:", error)
"""


def test_a_folder_that_may_not_be_written_is_said_so():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)

        done = subprocess.run(
            [sys.executable, "-c", _READ_ONLY, f"{folder}/store.db"], capture_output=True, text=True, check=False
        )

    assert "refused:" in done.stdout, done.stderr
    assert "choose a folder that can be written" in done.stdout


def test_a_file_that_may_not_be_written_is_said_so():
    with tempfile.TemporaryDirectory() as folder:
        open_store(f"{folder}/store.db").close()
        Path(folder, "store.db").chmod(0o444)
        Path(folder).chmod(0o555)

        done = subprocess.run(
            [sys.executable, "-c", _READ_ONLY, f"{folder}/store.db"], capture_output=True, text=True, check=False
        )

    assert "refused:" in done.stdout, done.stderr


def test_a_full_disk_is_said_so_and_nothing_is_half_written(sqlite_url):
    store = open_store(sqlite_url)
    user = add_user(store)
    chat = add_chat(store, user)
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    # max_page_count makes SQLite believe that the disk ends there; it holds for one connection
    with pytest.raises(StoreFullError, match="disk is full"), store.unit_of_work(user.id) as work:
        work.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        work.messages.add(make_message(chat, "x" * 1_000_000))
        work.commit()

    with store.unit_of_work(user.id) as work:
        work.connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
        assert work.messages.list() == []
        work.messages.add(make_message(chat, "there is room again"))
        work.commit()
    store.close()


def test_a_file_that_somebody_holds_for_long_is_said_so(sqlite_url, tmp_path):
    store = open_store(sqlite_url)
    user = add_user(store)
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")  # the pool hands this connection out again
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreBusyError, match="another program"):
        add_chat(store, user)
    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.chats.list() == []  # readers wait for nobody

    open_store(sqlite_url).close()
    other.close()
    store.close()
