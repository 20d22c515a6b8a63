"""First backup of a history against a raw COPY of the same rows, and its restore against executemany of ready rows.

Run ``python tests/benchmarks/bench_backup.py [--messages N] [--rounds N] [--only WAY]``; prints JSON. With 100,000
messages come about 6,250 chats and 47,500 completions. The floors get their rows ready in memory: COPY text into
tables without index or key, in one transaction; executemany into a new file with our tables, indexes last. Each run
is a process of its own, in turns, and a small run first pays for the imports; the best of each are compared, of the
memory the worst. Bounds: 5 times the COPY, 2 times the executemany, 60 MB (of 2**20 bytes) added to the process at
its highest. ``again`` is a backup with nothing new.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from backup_ground import durable_postgres, in_its_own_process, judged, local_copy, measured, server_of_user
from synthetic_history import USER

from primer_nb.backup.columns import CHATS, COMPLETIONS, MESSAGES
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address

SMALL = 1_000
MEGABYTES = 60
TABLES = (CHATS, MESSAGES, COMPLETIONS)
OWN = {
    CHATS: "user_id = ?",
    MESSAGES: "chat_id IN (SELECT id FROM chats WHERE user_id = ?)",
    COMPLETIONS: "message_id IN (SELECT m.id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.user_id = ?)",
}
INDEXES = """
SELECT name, sql FROM sqlite_master
WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('chats', 'messages', 'completions')"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["backup", "restore"])
    asked = parser.parse_args()
    left_out = {"backup": {"executemany", "restore"}, "restore": {"raw_copy"}, None: set()}[asked.only]
    runs = {way: [] for way in WAYS if way not in left_out}
    with durable_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            with (
                server_of_user(postgres) as small,
                server_of_user(postgres) as large,
                local_copy(SMALL, folder) as practice,
                local_copy(asked.messages, folder) as path,
            ):
                for way, measurements in runs.items():
                    measurements.append(in_its_own_process(__file__, way, small, practice, large, path))
    best = {way: best_of(measurements) for way, measurements in runs.items()}
    result = {"messages": asked.messages, "rounds": asked.rounds}
    if "raw_copy" in best:
        result |= _backup_judged(best)
    if "restore" in best:
        result |= _restore_judged(best)
    print(json.dumps(result | {"ways": best}, indent=1))


def _backup_judged(best):
    return {
        "backup_times_raw_copy": judged(best["backup"]["seconds"] / best["raw_copy"]["seconds"], 5),
        "backup_added_mb": judged(best["backup"]["added_mb"], MEGABYTES),
    }


def _restore_judged(best):
    return {
        "restore_times_executemany": judged(best["restore"]["seconds"] / best["executemany"]["seconds"], 2),
        "restore_added_mb": judged(best["restore"]["added_mb"], MEGABYTES),
    }


def best_of(measurements):
    """Take the best of each figure, in groups of figures too; of the memory the worst."""
    chosen = {}
    for key, value in measurements[0].items():
        values = [one[key] for one in measurements]
        better = max if key in {"added_mb", "rows_per_s"} else min
        chosen[key] = best_of(values) if isinstance(value, dict) else better(values)
    return chosen


def one(way, small, practice, large, path):
    """Measure one way in this process."""
    WAYS[way](small, Path(practice))
    figures = WAYS[way](large, Path(path))
    print(json.dumps(figures | {"rows_per_s": round(figures["rows"] / figures["seconds"])}))


def raw_copy(url, path):
    """COPY of ready text: no key, no index, nothing checked."""
    rows = _rows(path)
    chunks = {
        table: [_lines(rows[table][at : at + 500]) for at in range(0, len(rows[table]), 500)] for table in TABLES
    }
    with psycopg.connect(url, autocommit=True) as pg:
        for table in TABLES:
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            pg.execute(f"DROP TABLE IF EXISTS raw_{table.name}; CREATE TABLE raw_{table.name} ({columns})".encode())

        def send():
            with pg.transaction(), pg.cursor() as cursor:
                for table in TABLES:
                    with cursor.copy(f"COPY raw_{table.name} FROM STDIN".encode()) as copy:
                        for chunk in chunks[table]:
                            copy.write(chunk)

        _, figures = measured(send, backend=pg.info.backend_pid)
        for table in TABLES:
            pg.execute(f"DROP TABLE raw_{table.name}".encode())
    return figures | {"rows": sum(map(len, rows.values()))}


def first_backup(url, path):
    """Our backup into an empty database, then another of nothing."""
    with closing(open_store(path)) as store, Server(parse_address(url)) as server:
        backend = server.connection().info.backend_pid
        report, figures = measured(lambda: backup(store, server, USER), backend=backend)
        nothing, again = measured(lambda: backup(store, server, USER))
    again = {"seconds": again["seconds"], "round_trips": nothing.round_trips}
    rows = report.chats + report.messages + report.completions
    return figures | {"round_trips": report.round_trips, "rows": rows, "again": again}


def executemany(_, path):
    """Insert ready rows into a new file, whose indexes come last; nothing is checked or brought to the disk."""
    rows = _rows(path)
    with _new_file(path) as new:
        open_store(new).close()
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000"
            )
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            indexes = connection.execute(INDEXES).fetchall()
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}")

            def insert():
                connection.execute("BEGIN")
                for table in TABLES:
                    places = ", ".join("?" * len(table.names))
                    statement = f"INSERT INTO {table.name} ({', '.join(table.names)}) VALUES ({places})"
                    connection.executemany(statement, rows[table])
                for _, statement in indexes:
                    connection.execute(statement)
                connection.execute("COMMIT")

            _, figures = measured(insert)
    return figures | {"rows": sum(map(len, rows.values()))}


def restored(url, path):
    """Our restore of the database into a new store."""
    with _new_file(path) as new, closing(open_store(new)) as store:
        with psycopg.connect(url) as pg:
            pg.execute("SELECT sum(length(content)) FROM messages")  # read once, as the floor's rows are
        report, figures = measured(lambda: restore(store, parse_address(url), USER))
        assert report.is_new_file
    return figures | {"rows": report.chats + report.messages + report.completions}


def _rows(path):
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(
                f"SELECT {', '.join(table.names)} FROM {table.name} WHERE {OWN[table]}", (USER,)
            ).fetchall()
            for table in TABLES
        }


def _lines(rows):
    lines = ["\t".join(["\\N" if value is None else _escaped(str(value)) for value in row]) for row in rows]
    return "".join([f"{line}\n" for line in lines]).encode()


def _escaped(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


@contextmanager
def _new_file(path):
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        yield Path(folder, "new.db")


WAYS = {"raw_copy": raw_copy, "backup": first_backup, "executemany": executemany, "restore": restored}


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(*sys.argv[2:])
    else:
        main()
