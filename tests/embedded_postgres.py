"""A throw-away PostgreSQL server from a wheel, on a socket: no port, no service, works as root and as anybody.

One server a test session, one fresh database a test. Durability is switched off, since nothing here outlives
the session: benchmarks that time commits must switch it on again.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from primer_nb.embedded_server import EmbeddedServer

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
    with EmbeddedServer() as server:
        postgres = EmbeddedPostgres(server.url)
        # not on its command line, which a benchmark could not take back
        settings = [f"ALTER SYSTEM SET {name} = off" for name in _UNSAFE_BUT_FAST]
        postgres.execute(*settings, "SELECT pg_reload_conf()")
        yield postgres
