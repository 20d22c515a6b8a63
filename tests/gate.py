"""A gate in front of a PostgreSQL server: while it is shut, nothing reaches the server, and what was open is cut.

It remembers every byte that passed, either way.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Gate:
    """Listens on loopback and passes bytes on to the server of a ``postgresql://`` URL."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._folder = parse_qs(self._parts.query)["host"][0]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._is_shut = False
        self.connections = 0
        self.passed: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the same database, through the gate."""
        port = self._listener.getsockname()[1]
        return urlunsplit(("postgresql", f"{self._parts.username}@127.0.0.1:{port}", self._parts.path, "", ""))

    def shut(self) -> None:
        """End every connection and take no new one."""
        self._is_shut = True
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def open(self) -> None:
        """Let connections pass again."""
        self._is_shut = False

    def close(self) -> None:
        """Take the gate away."""
        self.shut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._is_shut:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._folder}/.s.PGSQL.5432")
            self._open += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                self.passed.append(piece)
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
