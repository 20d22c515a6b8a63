"""The thread that looks for something new every few seconds and sends it; it works for one user.

It holds the session weakly while it waits, so a workspace that is forgotten without being closed takes it along.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.automatic.activity import Activity, Pauses
from primer_nb.errors import (
    BackupInProgressError,
    PrimerError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
)
from primer_nb.use_cases.backup_state import read_backup_state

if TYPE_CHECKING:
    from primer_nb.backup.kept import KeptServer
    from primer_nb.database import Store
    from primer_nb.session import Session

LOOK_EVERY = 3.0  # seconds
PAUSE_AFTER_FAILURE = 600.0  # seconds; what a server refuses it refuses again, until somebody has done something

_logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """The thread was stopped in the middle of a backup; what was committed stays."""


class Sender:
    """Sends what is new of one user, again and again.

    Parameters
    ----------
    session : Session
        Its present user is the one.
    is_lasting : bool
        Whether it goes on after one backup.
    show : callable
        Told what it does, by this object and an `Activity`; answers whether that is still of interest.
    """

    def __init__(self, session: Session, *, is_lasting: bool, show: Callable[[Sender, Activity], None]) -> None:
        self.user_id = session.user.id
        self.is_lasting = is_lasting
        self._session = weakref.ref(session)
        self._show = show
        self._wake = threading.Event()
        self._ending = threading.Lock()
        self._is_asked = not is_lasting
        self._is_stopped = self._is_closed = False
        self._is_first = True
        self._server: KeptServer | None = None
        self._pauses = Pauses()
        # the copied context: ipykernel needs it when a widget sends something from another thread
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._run,), name="primer-automatic-backup", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def go_on(self, *, is_asked: bool = False, is_lasting: bool = False) -> bool:
        """Let it look again at once.

        Parameters
        ----------
        is_asked : bool, default False
            Whether it sends also when nothing is new here: the server is asked what it has.
        is_lasting : bool, default False
            Whether it goes on after that, too; if it does already, it does.

        Returns
        -------
        bool
            False when it has ended, as it has in a forked process.
        """
        with self._ending:
            if self._is_stopped or not self._thread.is_alive():
                return False
            self._is_asked = self._is_asked or is_asked
            self.is_lasting = self.is_lasting or is_lasting
        self._wake.set()
        return True

    def stop(self, *, for_good: bool = False) -> None:
        """Let it end after what the server is about to commit; does not wait.

        Parameters
        ----------
        for_good : bool, default False
            Whether the session is about to be closed.
        """
        self._is_stopped, self._is_closed = True, for_good
        self._wake.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended.

        Parameters
        ----------
        seconds : float
            At most so long.

        Returns
        -------
        bool
            Whether it has.
        """
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def check(self) -> None:
        """End a backup that nobody wants any more.

        Raises
        ------
        StoppedError
            If it was stopped.
        """
        if self._is_stopped:
            raise StoppedError

    def show(self, activity: Activity) -> None:
        """Tell what it does.

        Parameters
        ----------
        activity : Activity
            What.
        """
        self._show(self, activity)

    def _run(self) -> None:
        pause = LOOK_EVERY if self.is_lasting else 0.0
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            session = self._session()
            if session is None or self._is_stopped:
                break
            pause = self._step(session)
            with self._ending:
                if not (self.is_lasting or self._is_asked):
                    self._is_stopped = True
                    break
            del session
        if session is None and self._server is not None:
            self._server.retire()  # nobody closed the session
        elif session is not None and self._is_closed:
            session.store.close()  # what ended late may have opened it again

    def _step(self, session: Session) -> float:
        """Do what there is to do; return for how long to wait then."""
        is_asked, self._is_asked = self._is_asked, False
        try:
            self._look(session, is_asked=is_asked)
        except StoppedError:
            pass
        except BackupInProgressError:
            # another kernel sends the same: it is shown as running until nothing waits any more
            self._is_asked = self._is_asked or is_asked
        except PrimerError as error:
            if self._server is None or self._server.is_for(self.user_id):  # else somebody else works here by now
                return self._fail(error)
        except Exception as error:
            _logger.info("an automatic backup failed unexpectedly", exc_info=True)
            name = type(error).__name__
            return self._fail(PrimerError(f"the backup failed unexpectedly ({name}); please report this"))
        return LOOK_EVERY

    def _look(self, session: Session, *, is_asked: bool) -> None:
        _check_file(session.store)
        server = self._open(session)
        state = read_backup_state(session)
        if self.is_lasting and not state.is_automatic:  # another kernel has switched it off
            self._is_stopped = True
            self.show(Activity())
        self.check()
        if state.waiting or is_asked or self._is_first:
            self._send(session, server, probe=is_asked or self._is_first)
        else:
            self.show(self._idle)

    def _open(self, session: Session) -> KeptServer:
        if self._server is None or not self._server.is_for(self.user_id):
            server = session.backup_server()
            if self._is_stopped or server.user_id != self.user_id:
                # who closed the session or signed in may have looked before it was there
                if self._is_closed:
                    server.retire()
                raise StoppedError
            self._server = server
        return self._server

    def _send(self, session: Session, server: KeptServer, *, probe: bool) -> None:
        from primer_nb.use_cases.backups import send  # loads psycopg

        self.show(Activity("running"))
        send(session.store, server, probe=probe, progress=_Committed(self))
        self._is_first = False
        self._pauses.begin_anew()
        self.show(self._idle)
        session.tell_of_backup(self.user_id)

    @property
    def _idle(self) -> Activity:
        return Activity("idle" if self.is_lasting else "off")

    def _fail(self, error: PrimerError) -> float:
        is_offline = isinstance(error, StoreUnavailableError | StoreBusyError)
        pause = self._pauses.next() if is_offline else PAUSE_AFTER_FAILURE
        next_try = times.now() + timedelta(seconds=pause) if self.is_lasting else None
        self.show(Activity("offline" if is_offline else "failed", failure=str(error), next_try=next_try))
        return pause


class _Committed:
    """Counts what the server has taken, and ends between two batches when nobody wants the backup any more."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._activity = Activity("running")

    def start(self, total_rows: int | None) -> None:
        """Begin.

        Parameters
        ----------
        total_rows : int or None
            How many rows there are.
        """
        self._sender.check()
        self._activity = Activity("running", total=total_rows)
        self._sender.show(self._activity)

    def advance(self, rows: int, size: int) -> None:
        """Count.

        Parameters
        ----------
        rows : int
            How many since the last time.
        size : int
            Their bytes.
        """
        self._sender.check()
        self._activity = replace(self._activity, rows=self._activity.rows + rows)
        self._sender.show(self._activity)

    def finish(self) -> None:
        """End."""


def _check_file(store: Store) -> None:
    # to open a file that is gone would make an empty one in its place
    path = store.address.path
    if path is not None and not path.exists():
        raise StoreError(f"{path} is gone; what was sent is still on the server, ws.restore() brings it back")
