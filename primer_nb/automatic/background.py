"""The automatic backup of a session: when it works, what it does, who is told."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.automatic.activity import Activity, Phase
from primer_nb.automatic.sending import Sender
from primer_nb.errors import PrimerError
from primer_nb.use_cases.backup_state import is_automatic, require_server
from primer_nb.watchers import Watchers

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.session import Session

_logger = logging.getLogger(__name__)
_LAST_WORDS = (0.3, 2.0)  # seconds for what the server is about to commit, and for the thread when the line is cut


class AutomaticBackup:
    """Sends what is new to the server, in the background, as long as the user's setting says so.

    It works while somebody with an account on a server is signed in and ``automatic_backup`` is on; it looks every
    few seconds what is new in the local store, whoever wrote it. Nothing waits for it, and nothing it does warns.

    Parameters
    ----------
    session : Session
        Held weakly; get this object by `automatic_backup`, which makes one a session.
    """

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self._lock = threading.Lock()
        self._watchers = Watchers()
        self._activity = Activity()
        self._sender: Sender | None = None
        self._is_closed = False
        session.watch(self._settle)
        session.watch_backups(self._notice)
        self._settle()

    def __repr__(self) -> str:
        """Return one line."""
        return f"<AutomaticBackup {self.phase}>"

    @property
    def activity(self) -> Activity:
        """What it does, all of one moment."""
        return self._activity

    @property
    def phase(self) -> Phase:
        """Whether it is off, idle, running, offline or has failed."""
        return self._activity.phase

    @property
    def failure(self) -> str | None:
        """What to tell the user when it is offline or has failed."""
        return self._activity.failure

    @property
    def next_try(self) -> datetime | None:
        """When it tries again by itself, in UTC."""
        return self._activity.next_try

    def now(self) -> None:
        """Back up at once, in the background, also when the setting is off; the server is asked what it has.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to send to.
        """
        session = self._session()
        assert session is not None
        require_server(session)
        with self._lock:
            sender = self._sender
            if sender is None or sender.user_id != session.user.id or not sender.go_on(is_asked=True):
                self._begin(session, is_lasting=False)
        self._tell()

    def watch(self, method: Callable[[], None]) -> None:
        """Have a method called after each change: of what it does, and of what any backup of the session has done.

        Parameters
        ----------
        method : callable
            A bound method without parameters; held weakly, called in the thread that makes the change, which waits
            for it.
        """
        self._watchers.add(method)

    def close(self) -> None:
        """End it, for good. What the server is committing is waited for, for a moment; may be called again."""
        self._is_closed = True
        with self._lock:
            sender, self._sender = self._sender, None
            self._activity = Activity()
        if sender is None:
            return
        sender.stop(for_good=True)
        short, long = _LAST_WORDS
        if not sender.wait(short):
            session = self._session()
            if session is not None:
                session.hang_up()
            sender.wait(long)

    def _settle(self) -> None:
        """Begin, end or change user, as the session says."""
        session = self._session()
        if session is None or self._is_closed:
            return
        try:
            is_wanted = is_automatic(session)
        except PrimerError:
            return  # the store cannot be read just now: it stays as it is
        with self._lock:
            sender, before = self._sender, self._activity
            if sender is not None and sender.user_id == session.user.id:
                if is_wanted and sender.go_on(is_lasting=True):
                    return
                if not is_wanted and not sender.is_lasting:
                    return  # it was asked to work once
            if sender is not None:
                sender.stop()
            self._sender, self._activity = None, Activity()
            if is_wanted:
                self._begin(session, is_lasting=True)
            is_changed = self._activity != before
        if is_changed:
            self._tell()

    def _begin(self, session: Session, *, is_lasting: bool) -> None:
        self._sender = Sender(session, is_lasting=is_lasting, show=self._show)
        self._activity = Activity("idle" if is_lasting else "running")
        self._sender.start()

    def _notice(self) -> None:
        """A backup was made in the session, or a chat fetched or forgotten: the server can be reached."""
        sender = self._sender
        if sender is not None and self.phase in {"offline", "failed"}:
            sender.go_on()
        self._tell()

    def _show(self, sender: Sender, activity: Activity) -> None:
        with self._lock:
            if sender is not self._sender or activity == self._activity:
                return
            self._activity = activity
        self._tell()

    def _tell(self) -> None:
        try:
            self._watchers.tell()
        except Exception:  # who watches must not end what is watched
            _logger.info("who watches the automatic backup failed", exc_info=True)


_known: weakref.WeakKeyDictionary[Session, AutomaticBackup] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def automatic_backup(session: Session) -> AutomaticBackup:
    """Find the automatic backup of a session; it begins when it is first asked for.

    Parameters
    ----------
    session : Session
        Of any user, with a server or without.

    Returns
    -------
    AutomaticBackup
        The same for the same session.
    """
    with _making:
        if session not in _known:
            _known[session] = AutomaticBackup(session)
        return _known[session]
