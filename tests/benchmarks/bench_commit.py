"""What one committed message costs, against the standard library's sqlite3 in the same mode.

Run ``python tests/benchmarks/bench_commit.py``; prints JSON. Both ways insert the same rows into files with the same
tables and indexes, WAL and synchronous=NORMAL, one transaction a message, in alternating rounds. The bound is a
ratio of medians, at most 10.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from builders import add_chat, add_user, make_message

from primer_nb import times
from primer_nb.database import open_store

COUNT = 500
ROUNDS = 7
_INSERT = "INSERT INTO messages (id, chat_id, role, content, tokens, created_at) VALUES (?, ?, ?, ?, ?, ?)"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/ours.db")
        user = add_user(store)
        chat = add_chat(store, user)
        raw_store = open_store(f"{folder}/raw.db")
        raw_user = add_user(raw_store)
        raw_chat = add_chat(raw_store, raw_user)
        raw_store.close()
        raw = sqlite3.connect(f"{folder}/raw.db", isolation_level=None)
        raw.executescript("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs += _raw(raw, [make_message(raw_chat, "x" * 300) for _ in range(COUNT)])
            ours += _ours(store, user.id, [make_message(chat, "x" * 300) for _ in range(COUNT)])
        store.close()
        raw.close()
    result = {
        "raw_sqlite3_us": round(statistics.median(theirs) * 1e6, 1),
        "unit_of_work_us": round(statistics.median(ours) * 1e6, 1),
        "ratio": round(statistics.median(ours) / statistics.median(theirs), 2),
        "bound": 10,
    }
    print(json.dumps(result, indent=1))


def _raw(connection, messages):
    spent = []
    for m in messages:
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        row = (m.id, m.chat_id, m.role, m.content, m.tokens, times.to_text(m.created_at))
        connection.execute(_INSERT, row)
        connection.execute("COMMIT")
        spent.append(time.perf_counter() - start)
    return spent


def _ours(store, user_id, messages):
    spent = []
    for message in messages:
        start = time.perf_counter()
        with store.unit_of_work(user_id) as work:
            work.messages.add(message)
            work.commit()
        spent.append(time.perf_counter() - start)
    return spent


if __name__ == "__main__":
    main()
