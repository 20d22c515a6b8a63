"""What it costs to keep a backup, by the size of the history: a new message, nothing new, verifying, reconciling.

Run ``python tests/benchmarks/bench_backup_costs.py [--sizes N ...] [--rounds N] [--drill]``; prints JSON. The server
is on this machine, so a line costs nothing here. One message is timed from the call to the return, over an open
connection and with connecting; the others are the best of the rounds. Nothing may grow with the history but what
compares all of it. Sizes of 1,000 and 100,000 take a minute; a million takes several.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from backup_ground import durable_postgres, local_copy, server_of_user
from synthetic_history import USER

from primer_nb import ids, times
from primer_nb.backup.drill import drill
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.backup.verify import verify
from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address

OFTEN = 30  # what takes milliseconds is done so many times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="messages")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--drill", action="store_true", help="also restore to a file that is thrown away")
    asked = parser.parse_args()
    results = []
    with durable_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        for size in asked.sizes:
            with server_of_user(postgres) as url, local_copy(size, folder) as path:
                costs = _costs(path, parse_address(url), rounds=asked.rounds, has_drill=asked.drill)
                results.append({"messages": size} | {name: float(f"{spent:.3g}") for name, spent in costs.items()})
    print(json.dumps({"unit": "seconds", "rounds": asked.rounds, "sizes": results}, indent=1))


def _costs(path, address, *, rounds, has_drill):
    with (
        closing(open_store(path)) as store,
        Server(address) as server,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        costs = {"first_backup": _seconds(lambda: backup(store, server, USER))}

        def one_message(way):
            _say(other)
            return _seconds(lambda: backup(store, way, USER))

        costs["one_message"] = statistics.median(one_message(server) for _ in range(OFTEN))
        costs["one_message_and_connecting"] = statistics.median(one_message(address) for _ in range(OFTEN))
        costs["nothing_new"] = statistics.median(_seconds(lambda: backup(store, server, USER)) for _ in range(OFTEN))
        for depth in (1, 2, 3):
            costs[f"verify_depth_{depth}"] = min(_equal(verify, store, address, depth=depth) for _ in range(rounds))
        costs["reconcile_nothing_to_send"] = min(_reconciled(store, server, other) for _ in range(rounds))
        if has_drill:
            costs["drill"] = _equal(drill, store, address)
    return costs


def _say(other):
    (chat,) = other.execute("SELECT id FROM chats WHERE user_id = ? ORDER BY updated_at DESC", (USER,)).fetchone()
    row = (ids.new_id(), chat, "user", "some three hundred characters " * 10, times.to_text(times.now()))
    other.execute("INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, ?, ?, ?)", row)


def _equal(compare, store, address, **options):
    reports = []
    spent = _seconds(lambda: reports.append(compare(store, address, USER, **options)))
    assert reports[0].is_equal
    return spent


def _reconciled(store, server, other):
    other.execute("DELETE FROM primer_backup_state")
    reports = []
    spent = _seconds(lambda: reports.append(backup(store, server, USER)))
    assert reports[0].is_reconciled
    assert reports[0].messages == 0
    return spent


def _seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
