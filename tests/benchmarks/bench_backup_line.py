"""A backup over a slow line: the way that the documents of Primer describe beside ours, and how often each waits.

Run ``python tests/benchmarks/bench_backup_line.py [--delays MS ...]``; prints JSON. 1,000 messages in 100 chats, then
one message more, then nothing new, through a proxy that delays both ways, over a connection that is open already. The
original way does a chat in a transaction: the chat is inserted or updated, its messages' ids are read back, one
INSERT goes for each that is not there; it knows no other way to find what is new. Bounds are on round trips, which no
delay and no load of the machine changes: 10 for the first time, 1 for a message, 0 for nothing. 0, 25 and 50
milliseconds one way take five minutes, nearly all of it the original way; ``--delays 0 5`` takes half a minute.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg
from backup_ground import durable_postgres, judged, server_of_user
from delay_proxy import DelayProxy
from synthetic_history import USER

from primer_nb import ids, times
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address

CHATS = 100
MESSAGES_EACH = 10
BOUNDS = {"first": 10, "one_message": 1, "nothing_new": 0}
CHAT = """
INSERT INTO chats (id, user_id, title, model, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, model = EXCLUDED.model, updated_at = EXCLUDED.updated_at"""
MESSAGE = """
INSERT INTO messages (id, chat_id, role, content, tokens, created_at) VALUES (%s, %s, %s, %s, %s, %s)"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delays", type=float, nargs="+", default=[0, 25, 50], help="milliseconds one way")
    asked = parser.parse_args()
    delays = []
    with durable_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        for milliseconds in asked.delays:
            found = {}
            for way in (Original, Ours):
                with server_of_user(postgres) as url, DelayProxy(url, delay=milliseconds / 1000) as proxy:
                    found[way.__name__.lower()] = _all_three(way, Path(folder, f"{ids.new_id()}.db"), proxy)
            delays.append({"one_way_ms": milliseconds} | found | {"times_faster": _times_faster(**found)})
    trips = delays[0]["ours"]
    result = {f"round_trips_{load}": judged(trips[load]["round_trips"], bound) for load, bound in BOUNDS.items()}
    print(json.dumps(result | {"delays": delays}, indent=1))


class Original:
    """What `BackupChatUseCase` does, for every chat."""

    def __init__(self, path, url):
        self._local = sqlite3.connect(path)
        self._pg = psycopg.connect(url)
        self._pg.execute("SELECT")
        self._pg.commit()

    def run(self):
        for chat in self._local.execute("SELECT id FROM chats").fetchall():
            self.back_up(*chat)

    def run_for_one(self, chat):
        self.back_up(chat)

    def back_up(self, chat):
        columns = "id, user_id, title, model, created_at, updated_at"
        self._pg.execute(CHAT, self._local.execute(f"SELECT {columns} FROM chats WHERE id = ?", (chat,)).fetchone())
        there = {str(key) for (key,) in self._pg.execute("SELECT id FROM messages WHERE chat_id = %s", (chat,))}
        columns = "id, chat_id, role, content, tokens, created_at"
        for row in self._local.execute(f"SELECT {columns} FROM messages WHERE chat_id = ?", (chat,)):
            if row[0] not in there:
                self._pg.execute(MESSAGE, row)
        self._pg.commit()

    def close(self):
        self._pg.close()
        self._local.close()


class Ours:
    """`backup`, which knows by itself which chat it is."""

    def __init__(self, path, url):
        self._store = open_store(path)
        self._server = Server(parse_address(url))
        self._server.connection()

    def run(self):
        backup(self._store, self._server, USER)

    def run_for_one(self, chat):
        self.run()

    def close(self):
        self._server.close()
        self._store.close()


def _all_three(way, path, proxy):
    open_store(path).close()
    found = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as local:
        chats = _fill(local)
        with closing(way(path, proxy.url)) as running:
            found["first"] = _timed(running.run, proxy)
            _say(local, [chats[7]])
            found["one_message"] = _timed(lambda: running.run_for_one(chats[7]), proxy)
            found["nothing_new"] = _timed(running.run, proxy)
    return found


def _timed(action, proxy):
    proxy.reset()
    start = time.perf_counter()
    action()
    spent = time.perf_counter() - start
    return {"seconds": round(spent, 4), "round_trips": proxy.counts.round_trips, "bytes_up": proxy.counts.bytes_up}


def _times_faster(original, ours):
    return {load: round(original[load]["seconds"] / ours[load]["seconds"], 1) for load in BOUNDS}


def _fill(local):
    chats, moment = [ids.new_id() for _ in range(CHATS)], times.to_text(times.now())
    rows = [(chat, USER, f"chat {number}", "gpt-5", moment, moment) for number, chat in enumerate(chats)]
    local.execute("BEGIN")
    local.executemany(
        "INSERT INTO chats (id, user_id, title, model, created_at, updated_at) VALUES (?,?,?,?,?,?)", rows
    )
    _say(local, [chat for chat in chats for _ in range(MESSAGES_EACH)])
    local.execute("COMMIT")
    return chats


def _say(local, chats):
    rows = [
        (ids.new_id(), chat, "user", "some three hundred characters " * 10, times.to_text(times.now()))
        for chat in chats
    ]
    local.executemany("INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, ?, ?, ?)", rows)


if __name__ == "__main__":
    main()
