"""What `ws.history.messages()` costs at 10,000, 100,000 and 1,000,000 messages, against ADBC's SQLite driver.

Run ``python tests/benchmarks/bench_history.py [ROUNDS [SIZE ...]]``; prints JSON. Needs ``adbc-driver-sqlite``, which
may not be used on a live file (it drops our locks) but is the fastest way known. It has to give the same frame, three
ways: one join sorted by SQLite, one join sorted in Arrow, and each table by itself joined in Arrow; the best of them
counts. Each run is a process of its own, in turns; a small load first pays for the imports. Files are made once, in
``$PRIMER_BENCH_FOLDER``, else the temporary folder. Bounds: 1.6 times the CPU seconds (all ways use one thread), and
700 MB (of 2**20 bytes) added to the process at its highest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from history_rows import history_of
from synthetic_history import USER, make_history

from primer_nb.database import Store
from primer_nb.tables import User

FOLDER = Path(os.environ.get("PRIMER_BENCH_FOLDER") or tempfile.gettempdir()) / "primer-nb-bench"
SIZES = (10_000, 100_000, 1_000_000)
SMALL = 1_000

JOIN = """
SELECT m.id, m.chat_id, c.title AS chat_title, m.role, m.content, m.tokens, p.provider, p.model, m.created_at,
       p.prompt_tokens, p.completion_tokens, p.time_to_first_token, p.duration, p.finish_reason, p.parent_id
FROM messages m JOIN chats c ON c.id = m.chat_id LEFT JOIN completions p ON p.message_id = m.id
WHERE c.user_id = ?
"""
CHATS = "SELECT id, title FROM chats WHERE user_id = ?"
MESSAGES = """
SELECT id, chat_id, role, content, tokens, created_at FROM messages
WHERE chat_id IN (SELECT id FROM chats WHERE user_id = ?)
"""


def main(rounds: int, sizes: list[int]) -> None:
    """Measure and print."""
    results = []
    for size in [SMALL, *sizes]:
        make_history(path_of(size), messages=size)
    check_that_all_ways_agree()
    for size in sizes:
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, measured in runs.items():
                command = [sys.executable, __file__, "one", way, str(size)]
                measured.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
        best = {way: {key: min(run[key] for run in runs[way]) for key in runs[way][0]} for way in WAYS}
        foreign = [best[way] for way in WAYS if way != "ours"]
        ratios = {
            f"{key}_ratio": round(best["ours"][key] / min(other[key] for other in foreign), 2)
            for key in ("cpu_s", "wall_s")
        }
        results.append({"messages": size, **ratios, "added_mb": best["ours"]["added_mb"], "ways": best})
    print(json.dumps({"bound_ratio": 1.6, "bound_added_mb": 700, "rounds": rounds, "sizes": results}, indent=1))


def path_of(size):
    return FOLDER / f"history-{size}.db"


def check_that_all_ways_agree():
    import pandas as pd

    expected = ours(SMALL)()
    for way, make in WAYS.items():
        frame = make(SMALL)()
        pd.testing.assert_frame_equal(frame, expected, obj=way)


def one(way, size):
    """Measure one way in this process."""
    WAYS[way](SMALL)()
    load = WAYS[way](size)
    before = memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    frame = load()
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    spent = {key: round(value, 3) for key, value in spent.items()}
    print(json.dumps(spent | {"added_mb": round(memory("VmHWM") - before), "rows": len(frame)}))


def memory(field):
    """Read VmRSS (now) or VmHWM (highest) of this process in MB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[field].split()[0]) / 1024


def ours(size):
    history = history_of(Store(path_of(size)), User(id=USER))
    return history.messages


def adbc_join_sorted_by_sqlite(size):
    from primer_nb.history.columns import MESSAGE_COLUMNS
    from primer_nb.history.frames import make_frame

    fetch = fetcher(size)

    def load():
        table = with_times(fetch(JOIN + " ORDER BY m.created_at, m.id"))
        return make_frame(MESSAGE_COLUMNS, rows=table.num_rows, batches=batches_of(table))

    return load


def adbc_join_sorted_in_arrow(size):
    from primer_nb.history.columns import MESSAGE_COLUMNS
    from primer_nb.history.frames import make_frame

    fetch = fetcher(size)

    def load():
        table = sorted_by_time(with_times(fetch(JOIN)))
        return make_frame(MESSAGE_COLUMNS, rows=table.num_rows, batches=batches_of(table))

    return load


def adbc_tables_joined_in_arrow(size):
    import pyarrow.compute as pc

    from primer_nb.history.columns import MESSAGE_COLUMNS
    from primer_nb.history.frames import make_frame

    fetch = fetcher(size)

    def load():
        table = sorted_by_time(with_times(fetch(MESSAGES)))
        chats, completions = fetch(CHATS), fetch("SELECT * FROM completions WHERE ? != ''")
        table = table.append_column(
            "chat_title", chats["title"].take(pc.index_in(table["chat_id"], chats["id"].cast("large_string")))
        )
        found = pc.index_in(table["id"], completions["message_id"].cast("large_string"))
        for name in completions.column_names:
            if name in MESSAGE_COLUMNS:
                table = table.append_column(name, completions[name].take(found))
        return make_frame(MESSAGE_COLUMNS, rows=table.num_rows, batches=batches_of(table.select(MESSAGE_COLUMNS)))

    return load


def fetcher(size):
    """Return a function that runs a query in 65,536-row batches, ADBC's fastest setting."""
    from adbc_driver_sqlite import dbapi

    connection = dbapi.connect(f"file:{path_of(size)}?mode=ro")

    def fetch(query):
        with connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
            cursor.execute(query, (USER,))
            return cursor.fetch_arrow_table()

    return fetch


def with_times(table):
    from primer_nb.history.moments import TIMESTAMP

    place = table.column_names.index("created_at")
    return table.set_column(place, "created_at", table["created_at"].cast(TIMESTAMP))


def sorted_by_time(table):
    import pyarrow as pa
    import pyarrow.compute as pc

    order = pc.sort_indices(table.select(["created_at", "id"]), [("created_at", "ascending"), ("id", "ascending")])
    # with 4-byte offsets take would refuse more than 2 GB of text
    types = [pa.large_string() if pa.types.is_string(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, types, strict=True)))).take(order)


def batches_of(table):
    return (dict(zip(table.column_names, batch, strict=True)) for batch in table.to_batches())


WAYS = {
    "ours": ours,
    "adbc_join_sorted_by_sqlite": adbc_join_sorted_by_sqlite,
    "adbc_join_sorted_in_arrow": adbc_join_sorted_in_arrow,
    "adbc_tables_joined_in_arrow": adbc_tables_joined_in_arrow,
}


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        main(numbers[0] if numbers else 3, numbers[1:] or list(SIZES))
