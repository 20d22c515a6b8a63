"""The connection for backups that a session keeps: of one user, used by one thread at a time, closed when idle.

Connecting costs up to eight round trips, the backup of a message one.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.backup.server import Server
from primer_nb.errors import BackupError

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.database.addresses import Address
    from primer_nb.database.silence import WatchedConnection

IDLE = 300.0  # seconds; pools of servers close what is idle for about as long


class KeptServer(Server):
    """A server whose connection stays open between two uses.

    Parameters
    ----------
    address : Address
        Of a PostgreSQL store.
    user_id : str
        On whose behalf; for another user there is another one.
    """

    def __init__(self, address: Address, user_id: str) -> None:
        super().__init__(address)
        self.user_id = user_id
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._guard = threading.Lock()  # of what is below; held for moments only
        self._is_retired = False
        self._plug: tuple[WatchedConnection, socket.socket] | None = None
        self._used_at: datetime | None = None
        self._timer: threading.Timer | None = None

    def __del__(self) -> None:
        """Close the connection of a session that nobody closed."""
        if hasattr(self, "_timer") and self._process == os.getpid():
            self.close()

    def is_for(self, user_id: str) -> bool:
        """Tell whether it may be used.

        Parameters
        ----------
        user_id : str
            By whom.

        Returns
        -------
        bool
            False also in a forked process: the connection is its parent's, which must not notice.
        """
        return self.user_id == user_id and self._process == os.getpid() and not self._is_retired

    @contextmanager
    def in_use(self) -> Iterator[KeptServer]:
        """Have it alone; who comes second waits.

        Yields
        ------
        KeptServer
            Itself, connected at first use. What the system or the server closed meanwhile is connected anew.

        Raises
        ------
        BackupError
            If its user works here no longer.
        """
        try:
            with self._turn:
                self._refuse_retired()
                self._stop_timer()
                if self._is_old():
                    self.close()
                try:
                    yield self
                finally:
                    self._used_at = times.now()
                    if self.is_open:
                        self._start_timer()
        finally:
            if self._is_retired:  # meanwhile
                self._close_unless_used()

    def connection(self) -> WatchedConnection:
        """Connect, or return the connection that is open.

        Returns
        -------
        WatchedConnection
            As `connect_server` makes it.

        Raises
        ------
        BackupError
            If its user works here no longer.
        StoreUnavailableError
            If the server cannot be reached.
        """
        self._refuse_retired()
        connection = super().connection()
        if self._plug is None or self._plug[0] is not connection:
            # a second handle on the line, of whatever kind: the first may be closed and its number be another file's
            plug = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            with self._guard:
                self._unplug()
                self._plug = connection, plug
            self._refuse_retired()
        return connection

    def close(self) -> None:
        """Close the connection; may be called again."""
        self._stop_timer()
        super().close()
        with self._guard:
            self._unplug()

    def retire(self) -> None:
        """Close it for good, also in the middle of what another thread does with it; waits for nobody."""
        with self._guard:
            self._is_retired = True
            if self._plug is not None and self._turn.locked():
                with suppress(OSError):  # it is closed already
                    self._plug[1].shutdown(socket.SHUT_RDWR)
        self._close_unless_used()

    def _close_unless_used(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._turn.release()

    def _refuse_retired(self) -> None:
        if self._is_retired:
            raise BackupError("the backup was stopped: its user works here no longer; what was committed stays")

    def _is_old(self) -> bool:
        # the clock of the timer stands still while a laptop sleeps
        return self._used_at is not None and not 0 <= (times.now() - self._used_at).total_seconds() < IDLE

    def _unplug(self) -> None:
        if self._plug is not None:
            self._plug[1].close()
            self._plug = None

    def _start_timer(self) -> None:
        self._timer = threading.Timer(IDLE, _close_when_idle, [weakref.ref(self)])
        self._timer.daemon = True
        self._timer.name = "primer-backup-idle"
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _close_when_idle(reference: weakref.ref[KeptServer]) -> None:
    kept = reference()
    if kept is not None:
        kept._close_unless_used()
