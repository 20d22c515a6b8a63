"""A PostgreSQL server in a folder: made at the first start, the same at the next, stopped with the process.

It listens on a Unix socket in a folder that only its owner may enter, on no port; so it needs no password.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from primer_nb.embedded_server.programs import Programs, find_programs, make_private, unprivileged, usable_programs
from primer_nb.errors import MissingDependencyError, PrimerError, StoreReadOnlyError, StoreUnavailableError

_USER = "postgres"
_LONGEST_SOCKET = 100  # bytes; the path of a Unix socket may have 103 on macOS, 107 on Linux
_PATIENCE = 60.0  # seconds until a server must answer, on a very busy machine


class EmbeddedServer:
    """A PostgreSQL server for one machine and one user.

    Parameters
    ----------
    folder : Path or str, optional
        Where it keeps its data from one start to the next, made if need be; without one nothing is kept.
    version : str, optional
        PostgreSQL's major version, such as ``"18"``; by default the one that made the folder, else the newest.

    Attributes
    ----------
    url : str
        For ``connect(server_url=...)`` or ``connect(database_url=...)``; the same at each start on a folder.

    Examples
    --------
    >>> with EmbeddedServer() as server:  # doctest: +SKIP
    ...     ws = primer_nb.connect(server_url=server.url)
    """

    def __init__(self, folder: Path | str | None = None, *, version: str | None = None) -> None:
        if os.name != "posix":
            raise MissingDependencyError(
                "the embedded PostgreSQL server needs Unix sockets, which this system lacks; "
                "use the address of another PostgreSQL server"
            )
        self._is_temporary = folder is None
        chosen = folder or Path(tempfile.gettempdir(), f"primer-pg-{secrets.token_hex(8)}")
        self.folder = Path(chosen).expanduser().resolve()
        self._version = version
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self.url = f"postgresql://{_USER}@/{_USER}?host={quote(str(self._sockets), safe='')}"

    def __repr__(self) -> str:
        """Return one line."""
        return f"{type(self).__name__}({str(self.folder)!r})"

    def __enter__(self) -> EmbeddedServer:
        """Start it."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it answers, whoever started it."""
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> EmbeddedServer:
        """Start it, and wait until it answers; one that runs on the folder already is used as it is.

        Returns
        -------
        EmbeddedServer
            Itself.

        Raises
        ------
        MissingDependencyError
            If there are no programs for it here.
        StoreReadOnlyError
            If the folder cannot be made or written.
        StoreUnavailableError
            If it does not start; with what it said.
        """
        from filelock import FileLock

        try:
            make_private(self.folder)
            make_private(self._sockets)
            self._refuse_a_trap()
            with FileLock(self.folder / "starting.lock", mode=0o600):
                if not self.is_running:
                    self._launch()
        except PrimerError:
            raise
        except OSError as error:
            raise StoreReadOnlyError(
                f"cannot set up a PostgreSQL server in {str(self.folder)!r} ({error.strerror}); name another folder"
            ) from error
        return self

    def stop(self) -> None:
        """Stop it if it was started here; may be called again."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            atexit.unregister(self.stop)
            # SIGINT ends the connections and closes the files in order, SIGQUIT leaves that to the next start
            for ending in (signal.SIGINT, signal.SIGQUIT):
                process.send_signal(ending)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                    break
        if self._is_temporary and self._owner == os.getpid():
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _sockets(self) -> Path:
        """Find where the socket lies: in the folder, or in a place with a short name that always is the same."""
        place = self.folder / "run"
        if len(os.fsencode(place / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
            return place
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"primer-pg-{name}"

    def _refuse_a_trap(self) -> None:
        """Refuse a folder for the socket that somebody else made where everybody may write."""
        found = self._sockets.lstat()
        if found.st_uid != unprivileged().get("user", os.geteuid()) or found.st_mode & 0o077:
            raise StoreUnavailableError(
                f"{str(self._sockets)!r} belongs to somebody else or is open to others; remove it, or name a shorter "
                "folder for the server"
            )

    def _launch(self) -> None:
        made_by = self._data / "PG_VERSION"
        version = made_by.read_text().strip() if made_by.exists() else self._version
        programs = usable_programs(find_programs(version), folder=self.folder)
        if not made_by.exists():
            self._make(programs)
        listening = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self._sockets}")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  PostgreSQL's own programs
                programs.command("postgres", "-D", self._data, *listening),
                **unprivileged(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the notebook, not for its server
            )
        atexit.register(self.stop)
        self._wait(self._process)

    def _make(self, programs: Programs) -> None:
        """Make the data under another name first, so that what was broken off is no server."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        make_private(new)
        # no password: whoever gets at the socket is its owner
        programs.run("initdb", "--auth=trust", f"--username={_USER}", *programs.locale, "-D", new)
        new.rename(self._data)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self.is_running:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "log").read_text(errors="replace").splitlines()[-3:]
                self.stop()
                raise StoreUnavailableError(
                    f"the PostgreSQL server in {str(self.folder)!r} does not start: {' / '.join(said)}"
                )
            time.sleep(0.05)
