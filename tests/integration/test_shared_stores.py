"""Threads and processes share a store without losing each other's messages."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

from builders import add_chat, add_messages, add_user, make_message

from primer_nb import times
from primer_nb.database import Store, open_store
from primer_nb.errors import PrimerError
from primer_nb.session import users


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


def test_the_pool_keeps_as_many_connections_as_documented_and_opens_no_more(postgres_url):
    store = open_store(f"{postgres_url}{'&' if '?' in postgres_url else '?'}pool_max_open=3&pool_max_idle=1")

    used = [store.engine.connect() for _ in range(3)]
    opened = store.engine.pool.checkedout()
    for connection in used:
        connection.close()

    assert opened == 3
    assert store.engine.pool.checkedin() == 1
    assert (store.engine.pool.size(), store.engine.pool._max_overflow, store.engine.pool._recycle) == (1, 2, 300)
    store.close()


def test_a_store_in_memory_is_shared_by_all_threads():
    store = open_store(":memory:")
    user = add_user(store)
    chat = add_chat(store, user)

    threads = [
        threading.Thread(target=lambda: [add_messages(store, user, chat, "hello") for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.unit_of_work(user.id, read_only=True) as work:
        assert len(work.messages.list()) == 200
    store.close()


def test_kernels_that_open_a_new_store_at_once_agree_on_the_local_user(store, monkeypatch):
    together, make = threading.Barrier(2), users._make

    def make_together(work):
        with suppress(threading.BrokenBarrierError):  # who is alone goes on alone
            together.wait(0.5)
        return make(work)

    monkeypatch.setattr(users, "_make", make_together)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: users.local_user(store), range(2)))

    assert len({user.id for user in found}) == 1


def test_a_file_that_another_kernel_writes_to_gets_its_write_ahead_log_a_moment_later(tmp_path):
    path = tmp_path / "store.db"
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode = DELETE").close()
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, lambda: other.execute("ROLLBACK"))
        release.start()

        open_store(path).close()

        release.join()
    with closing(sqlite3.connect(path)) as looking:
        assert looking.execute("PRAGMA journal_mode").fetchone() == ("wal",)
