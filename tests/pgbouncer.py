"""PgBouncer before the embedded PostgreSQL, in transaction mode with two connections to the server, on a socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from sqlalchemy import make_url

from primer_nb.embedded_server.programs import unprivileged

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL_SIZE = 2

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"])
_SETTINGS = """\
[databases]
* = host={server}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 5432
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 100
auth_type = trust
auth_file = {folder}/users
admin_users = postgres
logfile = {folder}/log
pidfile = {folder}/pid
"""


class PgBouncer:
    """A running pooler."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, server_url: str) -> str:
        """Return the address of a database of the server, by way of the pooler."""
        return f"postgresql://postgres@/{make_url(server_url).database}?{self._query}"

    def show(self, what: str, *, database: str) -> list[dict[str, Any]]:
        """Ask the pooler for its clients, pools or servers of a database."""
        # its console knows the simple protocol only
        with psycopg.connect(f"postgresql://postgres@/pgbouncer?{self._query}", autocommit=True) as console:
            cursor = psycopg.ClientCursor(console, row_factory=psycopg.rows.dict_row)
            return [row for row in cursor.execute(f"SHOW {what}".encode()) if row["database"] == database]

    @property
    def _query(self) -> str:
        return f"host={quote(str(self._folder), safe='')}"


def find_pgbouncer() -> str | None:
    """Find the program, also where only root looks."""
    return os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=_PLACES)


@contextmanager
def pgbouncer(server_url: str) -> Iterator[PgBouncer]:
    """Start a pooler before a server, and stop it after use."""
    program = find_pgbouncer()
    assert program, "PgBouncer is missing: tests/run installs it on Debian; elsewhere install it, or set $PGBOUNCER"
    user = unprivileged()  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="primer-bouncer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = _SETTINGS.format(server=make_url(server_url).query["host"], folder=folder, size=POOL_SIZE)
        (folder / "settings.ini").write_text(settings)
        (folder / "users").write_text('"postgres" ""\n')
        if user:
            os.chown(folder, user["user"], user["group"])
            (folder / "settings.ini").chmod(0o644)
            (folder / "users").chmod(0o644)
        process = subprocess.Popen([program, str(folder / "settings.ini")], stderr=subprocess.DEVNULL, **user)
        try:
            deadline = time.monotonic() + 60
            while not (folder / ".s.PGSQL.5432").exists():
                assert process.poll() is None, (folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield PgBouncer(folder)
        finally:
            process.terminate()
            process.wait(10)
