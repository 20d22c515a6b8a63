"""The backup that somebody asks for at a panel: one at a time in a workspace, whichever of its panels it was.

It runs in a thread of its own and counts what the server has committed. What happens without being asked for is in
`primer_nb.automatic`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from primer_nb import times
from primer_nb.panel.worker import start_thread
from primer_nb.watchers import Watchers

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.session import Session

Outcome = Literal["none", "running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """How the backup stands that was asked for last.

    Parameters
    ----------
    outcome : str
        ``"none"``: none was asked for.
    number : int
        How many were asked for, this one included.
    chat_id : str or None
        The one chat that is sent; ``None``: everything new.
    rows : int
        How many rows the server has committed.
    total : int or None
        How many there are; ``None`` when nobody knows.
    refused : int
        How many rows the server does not take.
    error : Exception or None
        Why it failed.
    ended_at : datetime or None
        When it ended, in UTC.
    """

    outcome: Outcome = "none"
    number: int = 0
    chat_id: str | None = None
    rows: int = 0
    total: int | None = None
    refused: int = 0
    error: Exception | None = None
    ended_at: datetime | None = None


class StoppedError(Exception):
    """Somebody stopped the backup; what was committed stays."""


class AskedBackup:
    """Runs a backup when it is asked to.

    Parameters
    ----------
    session : Session
        Held weakly; get this object by `asked_backup`, which makes one a session.
    """

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self._lock = threading.Lock()
        self._watchers = Watchers()
        self._user_id = session.user.id
        self._asked = Asked()

    def last(self, user_id: str) -> Asked:
        """Tell how the backup stands that a user asked for last.

        Parameters
        ----------
        user_id : str
            Whose; of others nothing is told.

        Returns
        -------
        Asked
            All of one moment.
        """
        with self._lock:
            return self._asked if self._user_id == user_id else Asked(number=self._asked.number)

    def start(self, chat_id: str | None = None) -> None:
        """Back up in a thread, and return at once; does nothing while one runs.

        Parameters
        ----------
        chat_id : str, optional
            One chat, to be sent whole; everything new by default, and the server is asked what it has.
        """
        session = self._session()
        assert session is not None
        user_id = session.user.id
        with self._lock:
            if self._asked.outcome == "running" and self._user_id == user_id:
                return
            self._user_id = user_id
            self._asked = asked = Asked("running", number=self._asked.number + 1, chat_id=chat_id)
        self._watchers.tell()
        start_thread(lambda: self._run(session, user_id, asked), name="primer-backup")

    def stop(self) -> None:
        """End it: from now on it counts as stopped; what is on its way to the server may still be committed."""
        with self._lock:
            if self._asked.outcome != "running":
                return
            self._asked = replace(self._asked, outcome="stopped", ended_at=times.now())
        self._watchers.tell()

    def watch(self, method: Callable[[], None]) -> None:
        """Have a method called after each change.

        Parameters
        ----------
        method : callable
            A bound method without parameters; held weakly, called in the thread that makes the change.
        """
        self._watchers.add(method)

    def check(self, number: int) -> None:
        """End a backup that nobody wants any more.

        Parameters
        ----------
        number : int
            Which one.

        Raises
        ------
        StoppedError
            If it was stopped, or its user works here no longer.
        """
        asked = self._asked
        if asked.number != number or asked.outcome != "running":
            raise StoppedError

    def show(self, asked: Asked) -> None:
        """Tell how it stands, unless it was stopped or another one was asked for since.

        Parameters
        ----------
        asked : Asked
            Of one moment.
        """
        with self._lock:
            if asked.number != self._asked.number or self._asked.outcome != "running":
                return
            self._asked = asked
        self._watchers.tell()

    def _run(self, session: Session, user_id: str, asked: Asked) -> None:
        from primer_nb.use_cases.backups import back_up  # loads psycopg

        counting = _Counting(self, asked)
        server = None
        try:
            server = session.backup_server() if session.has_server else None
            chats = None if asked.chat_id is None else [asked.chat_id]
            report = back_up(session, chats=chats, probe=chats is None, progress=counting)
            ended = replace(counting.asked, outcome="done", refused=len(report.quarantined))
        except StoppedError:
            self._watchers.tell()  # of what was sent before it ended
            return
        except Exception as error:  # noqa: BLE001 - it is told in the panel, whatever it is
            ended = replace(counting.asked, outcome="failed", error=error.with_traceback(None))
        if server is not None and not server.is_for(user_id) and session.user.id == user_id:
            session.store.close()  # the session was closed meanwhile: what ended late may have opened it again
        else:
            self.show(replace(ended, ended_at=times.now()))


class _Counting:
    """Counts what the server has committed, and ends the backup between two batches when it was stopped."""

    def __init__(self, backup: AskedBackup, asked: Asked) -> None:
        self._backup = backup
        self.asked = asked

    def start(self, total_rows: int | None) -> None:
        """Begin, or begin again with another total.

        Parameters
        ----------
        total_rows : int or None
            How many rows there are.
        """
        self._show(rows=0, total=total_rows)

    def advance(self, rows: int, size: int) -> None:
        """Count.

        Parameters
        ----------
        rows : int
            How many since the last time.
        size : int
            Their bytes.
        """
        self._show(rows=self.asked.rows + rows, total=self.asked.total)

    def finish(self) -> None:
        """End; how it ended is told when that is known."""

    def _show(self, *, rows: int, total: int | None) -> None:
        self._backup.check(self.asked.number)
        self.asked = replace(self.asked, rows=rows, total=total)
        self._backup.show(self.asked)


_known: weakref.WeakKeyDictionary[Session, AskedBackup] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def asked_backup(session: Session) -> AskedBackup:
    """Find what runs the backups that a session's panels ask for.

    Parameters
    ----------
    session : Session
        Of any user.

    Returns
    -------
    AskedBackup
        The same for the same session.
    """
    with _making:
        if session not in _known:
            _known[session] = AskedBackup(session)
        return _known[session]
