"""What the benchmarks of the backup stand on: a server that keeps what it commits, a history, and fair measuring.

The server is the tests' own with its durability switched on again, and with checkpoints put off, which would fall on
one way or the other by chance. Histories are made once, in ``$PRIMER_BENCH_FOLDER``, else the temporary folder.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from embedded_postgres import embedded_postgres
from synthetic_history import USER, make_history

from primer_nb.database import open_store
from primer_nb.database.revisions import head
from primer_nb.tables import User

FOLDER = Path(os.environ.get("PRIMER_BENCH_FOLDER") or tempfile.gettempdir()) / "primer-nb-bench"
SETTINGS = ("max_wal_size = '4GB'", "checkpoint_timeout = '30min'")


@contextmanager
def durable_postgres():
    """Start a server that has written to the disk what it says is committed."""
    with embedded_postgres() as postgres:
        changes = ["ALTER SYSTEM RESET ALL", *(f"ALTER SYSTEM SET {setting}" for setting in SETTINGS)]
        postgres.execute(*changes, "SELECT pg_reload_conf()")
        yield postgres


@contextmanager
def server_of_user(postgres, *, user=USER):
    """Make a database with our tables and the user of the histories; yields its URL."""
    with postgres.database() as url:
        store = open_store(url)
        with store.unit_of_work() as work:
            work.users.add(User(id=user, email="ada@example.org", name="Ada", password_hash="!"))
            work.commit()
        store.close()
        postgres.execute("CHECKPOINT")
        yield url


@contextmanager
def local_copy(messages, folder):
    """Copy a history of so many messages, since a backup writes into its store; yields the path."""
    original = FOLDER / f"lines-{head('sqlite')}-{messages}.db"
    if not original.exists():
        make_history(original, messages=messages)
        _break_lines(original)
    path = Path(folder, f"local-{messages}.db")
    shutil.copyfile(original, path)
    try:
        yield path
    finally:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def in_its_own_process(script, *arguments):
    """Run a way of a script in a new process, which prints its figures as JSON."""
    command = [sys.executable, script, "one", *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def measured(action, *, backend=None):
    """Run something: seconds, CPU seconds of this process and of a server's backend, memory added at its highest."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
    served = _cpu_of(backend)
    cpu, wall = time.process_time(), time.perf_counter()
    result = action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures = {"seconds": wall, "client_cpu_s": cpu, "server_cpu_s": _cpu_of(backend) - served}
    return result, {key: round(value, 3) for key, value in figures.items()} | {
        "added_mb": round(memory("VmHWM") - before, 1)
    }


def memory(field):
    """Read VmRSS (now) or VmHWM (highest) of this process in MB of 2**20 bytes."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[field].split()[0]) / 1024


def judged(value, bound):
    """Put a figure beside its bound of DESIGN 9."""
    return {"value": round(value, 2), "bound": bound, "verdict": "ok" if value <= bound else "missed"}


def _break_lines(path):
    """Put line breaks, tabs and backslashes into the messages, as Markdown and code have them: COPY escapes each."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (last,) = connection.execute("SELECT max(seq) FROM primer_journal").fetchone()
        changed = "replace(replace(replace(content, ' b', char(10) || 'b'), ' zi', char(9) || 'zi'), ' zo', ' \\zo')"
        connection.execute("BEGIN")
        connection.execute(f"UPDATE messages SET content = {changed}")
        connection.execute("DELETE FROM primer_journal WHERE seq > ?", (last,))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _cpu_of(process):
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
