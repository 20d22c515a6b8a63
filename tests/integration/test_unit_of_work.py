"""The unit of work: it commits, rolls back by default and on error, and lets nobody see another user's rows."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from builders import add_chat, add_messages, add_user, make_message

from primer_nb import ids, times
from primer_nb.database import Store, open_store
from primer_nb.errors import (
    ChatNotFoundError,
    MessageNotFoundError,
    NotFoundError,
    PrimerError,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from primer_nb.tables import (
    ApiKey,
    AuditLogEntry,
    ChatSettings,
    ChatTag,
    Completion,
    Draft,
    KeySlot,
    MessageAttachment,
    RefreshToken,
    UserApiKey,
    UserSettings,
)


@pytest.fixture
def store(store_url):
    opened = open_store(store_url)
    yield opened
    opened.close()


def test_what_is_committed_is_there(store):
    user = add_user(store)

    chat = add_chat(store, user)

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.chats.get(chat.id).title == "Birds"


def test_what_is_not_committed_never_happened(store):
    user = add_user(store)
    chat = add_chat(store, user)

    with store.unit_of_work(user.id) as work:
        work.messages.add(make_message(chat))

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.messages.list() == []


def test_an_error_undoes_everything(store):
    user = add_user(store)
    chat = add_chat(store, user)

    with pytest.raises(RuntimeError, match="on purpose"), store.unit_of_work(user.id) as work:
        work.messages.add(make_message(chat))
        raise RuntimeError("on purpose")

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.messages.list() == []


def test_a_row_that_a_rule_refuses_is_a_store_error_without_its_values(store):
    user = add_user(store)
    chat = add_chat(store, user)
    message = make_message(chat, "a secret text")

    with pytest.raises(StoreError) as caught, store.unit_of_work(user.id) as work:
        work.messages.add(message)
        work.messages.add(message)

    assert "a secret text" not in f"{caught.value} {caught.value.__cause__}"


def test_messages_come_back_as_they_were_written(store):
    user = add_user(store)
    chat = add_chat(store, user)

    written = add_messages(
        store, user, chat, "Wie heißt der Vogel?", "日本語 🎉", "'; DROP TABLE messages; --", "\r\n\t"
    )

    with store.unit_of_work(user.id, read_only=True) as work:
        read = list(work.messages.newest_first(chat.id, step=3))
    assert [(m.id, m.content, m.created_at) for m in reversed(read)] == [
        (m.id, m.content, m.created_at) for m in written
    ]


def test_a_message_cannot_go_into_another_users_chat(store):
    ada, eve = add_user(store), add_user(store, "eve@example.org")
    chat = add_chat(store, ada)

    with pytest.raises(ChatNotFoundError), store.unit_of_work(eve.id) as work:
        work.messages.add(make_message(chat))


@pytest.mark.parametrize("key", ["", "no such chat", "00000000-0000-7000-8000-000000000000", "x" * 10_000])
def test_an_unknown_id_is_not_found_in_either_database(store, key):
    user = add_user(store)

    with pytest.raises(ChatNotFoundError), store.unit_of_work(user.id, read_only=True) as work:
        work.chats.get(key)
    with pytest.raises(MessageNotFoundError), store.unit_of_work(user.id, read_only=True) as work:
        work.messages.get(key)


def _one_of_each(user, chat, message):
    now = times.now()
    owner = {"id": ids.new_id(), "user_id": user.id, "created_at": now}
    return {
        "user_api_keys": UserApiKey(**owner, provider="openai", api_key="sealed"),
        "user_settings": UserSettings(user_id=user.id, created_at=now, updated_at=now),
        "refresh_tokens": RefreshToken(**owner, token="digest", family=ids.new_id(), expires_at=now),
        "api_keys": ApiKey(**owner, key="digest", name="nightly"),
        "key_slots": KeySlot(**owner, kind="password", kdf="argon2id", sealed_key="sealed"),
        "audit_log": AuditLogEntry(**owner, action="sign-in"),
        "completions": Completion(message_id=message.id, provider="openai", model="gpt"),
        "chat_settings": ChatSettings(chat_id=chat.id, created_at=now, updated_at=now),
        "chat_tags": ChatTag(chat_id=chat.id, tag="birds", created_at=now),
        "message_attachments": MessageAttachment(
            id=ids.new_id(), message_id=message.id, name="a.txt", media_type="text/plain", size=1, sha256="0" * 64,
            content=b"a", created_at=now,
        ),
        "drafts": Draft(
            message_id=ids.new_id(), chat_id=chat.id, content="so far", owner="x", started_at=now, updated_at=now
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(_one_of_each(*[type("", (), {"id": ids.new_id()})] * 3)))
def test_every_repository_adds_reads_updates_and_deletes_for_its_owner_only(store, name):
    ada, eve = add_user(store), add_user(store, "eve@example.org")
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    row = _one_of_each(ada, chat, message)[name]
    key = next(getattr(row, column.name) for column in type(row).__table__.primary_key.columns)

    with store.unit_of_work(eve.id) as work, pytest.raises(NotFoundError):
        getattr(work, name).add(row)
    with store.unit_of_work(ada.id) as work:
        getattr(work, name).add(row)
        work.commit()
    with store.unit_of_work(eve.id) as work:
        assert getattr(work, name).list() == []
        for attempt in ("get", "delete"):
            with pytest.raises(NotFoundError):
                getattr(getattr(work, name), attempt)(key)
        with pytest.raises(NotFoundError):
            getattr(work, name).update(row)
    with store.unit_of_work(ada.id) as work:
        assert getattr(work, name).get(key).model_dump() == row.model_dump()
        getattr(work, name).update(row)
        getattr(work, name).delete(key)
        assert getattr(work, name).list() == []
        work.commit()


def test_deleting_a_user_deletes_what_is_theirs(store):
    ada = add_user(store)
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    with store.unit_of_work() as work:
        for name, row in _one_of_each(ada, chat, message).items():
            getattr(work, name).add(row)
        work.commit()

    with store.unit_of_work() as work:
        work.users.delete(ada.id)
        work.commit()

    with store.unit_of_work(read_only=True) as work:
        assert work.user_api_keys.list() == work.refresh_tokens.list() == work.api_keys.list() == []
        assert [entry.user_id for entry in work.audit_log.list()] == [None]
        # in SQLite chats have no foreign key to users: the file may hold chats only
        assert (work.chats.list() == []) == (store.dialect == "postgresql")


def test_deleting_a_chat_deletes_what_hangs_on_it(store):
    ada = add_user(store)
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    with store.unit_of_work() as work:
        for name, row in _one_of_each(ada, chat, message).items():
            getattr(work, name).add(row)
        work.commit()

    with store.unit_of_work(ada.id) as work:
        work.chats.delete(chat.id)
        work.commit()

    with store.unit_of_work(read_only=True) as work:
        for name in ("messages", "completions", "chat_settings", "chat_tags", "message_attachments", "drafts"):
            assert getattr(work, name).list() == [], name


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


def _say_things(url: str, user_id: str, chat_id: str, name: str, count: int) -> None:
    store = Store(url)
    try:
        for number in range(count):
            with store.unit_of_work(user_id) as work:
                newest = work.messages.newest(chat_id)
                moment = times.after(newest.created_at if newest else None)
                chat = work.chats.get(chat_id)
                work.messages.add(make_message(chat, f"{name} {number}", at=moment))
                work.chats.touch(chat_id, updated_at=moment)
                work.commit()
    finally:
        store.close()


def test_several_kernels_write_to_one_file_at_once(store_url):
    store = open_store(store_url)
    user = add_user(store)
    chat = add_chat(store, user)
    spawn = multiprocessing.get_context("spawn")
    kernels = [
        spawn.Process(target=_say_things, args=(store_url, user.id, chat.id, name, 50)) for name in ("a", "b", "c")
    ]

    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()

    with store.unit_of_work(user.id, read_only=True) as work:
        said = sorted(message.content for message in work.messages.list())
    assert [kernel.exitcode for kernel in kernels] == [0, 0, 0]
    assert said == sorted(f"{name} {number}" for name in "abc" for number in range(50))
    store.close()


def test_threads_of_one_store_do_not_disturb_each_other(store):
    user = add_user(store)
    chat = add_chat(store, user)
    errors: list[PrimerError] = []

    def write():
        try:
            for number in range(20):
                add_messages(store, user, chat, str(number))
        except PrimerError as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.unit_of_work(user.id, read_only=True) as work:
        assert len(work.messages.list()) == 80
    assert errors == []


def test_a_message_is_stored_in_one_statement(store):
    user = add_user(store)
    chat = add_chat(store, user)
    statements = []
    from sqlalchemy import event

    with store.unit_of_work(user.id) as work:
        event.listen(store.engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
        work.messages.add(make_message(chat))

    assert [text.split()[0] for text in statements] == ["INSERT"]


def test_a_store_in_memory_is_shared_by_all_threads():
    store = open_store(":memory:")
    user = add_user(store)

    thread = threading.Thread(target=lambda: add_chat(store, user))
    thread.start()
    thread.join()

    with store.unit_of_work(user.id, read_only=True) as work:
        assert [chat.title for chat in work.chats.list()] == ["Birds"]
    store.close()
