"""How the backup stands, in the list of chats: a line at its foot, and a sign on each chat the server lacks.

Every method runs in the panel's worker thread, but for `stop`. Nothing is sent that the browser has already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from primer_nb.automatic import Activity, automatic_backup
from primer_nb.errors import BackupInProgressError, StoreBusyError, StoreUnavailableError
from primer_nb.panel.asked_backup import Asked, asked_backup
from primer_nb.panel.failures import explain
from primer_nb.panel.part import Message
from primer_nb.panel.words import say
from primer_nb.panel.worker import start_thread
from primer_nb.use_cases.backup_state import BackupState, read_backup_state, unsaved_chats

if TYPE_CHECKING:
    from primer_nb.panel.chat_list import ChatList
    from primer_nb.panel.worker import Worker
    from primer_nb.session import Session

LOOK_EVERY = 4.0  # seconds; other kernels and programs write and back up too
COUNT_EVERY = 60.0  # seconds; before the first backup everything waits, and has to be counted


class BackingUp:
    """The backup as a panel shows it, and what its buttons do; without a server it does nothing.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_list : ChatList
        Where it is shown.
    worker : Worker
        Where changes that come from other threads are dealt with.
    is_watched : callable
        Tells whether any browser looks; while none does, nothing is looked up.
    """

    def __init__(
        self, session: Session, chat_list: ChatList, *, worker: Worker, is_watched: Callable[[], bool]
    ) -> None:
        self._session = session
        self._chat_list = chat_list
        self._worker = worker
        self._is_watched = is_watched
        self._is_over = threading.Event()
        self._is_looking = False
        self._counted_at: float | None = None  # when everything waited
        self._shown: tuple[Message | None, list[str] | None] = (None, None)
        if session.has_server:
            self._automatic = automatic_backup(session)
            self._asked = asked_backup(session)
            self._automatic.watch(self._notice)
            self._asked.watch(self._notice)

    def forget(self) -> None:
        """Take nothing for known, since a browser has just come."""
        self._shown = (None, None)

    def show(self) -> None:
        """Show how the backup stands, if that has changed."""
        if not self._session.has_server:
            return
        state, unsaved = self._look()
        before, self._shown = self._shown, (state, unsaved)
        if unsaved != before[1]:
            self._chat_list.show_unsaved(unsaved)
        if state != before[0]:
            self._chat_list.show_backup(state)
        if state["possible"] and not self._is_looking:
            self._is_looking = True
            start_thread(self._keep_looking, name="primer-backup-look")

    def start(self, chat_id: str | None = None) -> None:
        """Begin a backup.

        Parameters
        ----------
        chat_id : str, optional
            Of one chat; of everything new by default.
        """
        if self._session.has_server:
            self._asked.start(chat_id)

    def stop(self) -> None:
        """End a backup that was asked for, before its next batch; may be called from any thread."""
        if self._session.has_server:
            self._asked.stop()

    def close(self) -> None:
        """Look no more; a backup that runs goes on."""
        self._is_over.set()

    def _notice(self) -> None:
        if not self._is_over.is_set():
            self._worker.submit(self.show, on_error=self._fail)

    def _keep_looking(self) -> None:
        while not self._is_over.wait(LOOK_EVERY):
            if self._is_watched() and not self._is_counted():
                self._notice()

    def _is_counted(self) -> bool:
        return self._counted_at is not None and time.monotonic() - self._counted_at < COUNT_EVERY

    def _look(self) -> tuple[Message, list[str]]:
        # what runs comes first: then a backup that is shown as ended is never beside a count from before its end
        asked, activity = self._asked.last(self._session.user.id), self._automatic.activity
        known = read_backup_state(self._session)
        if not known.is_possible:
            return {"possible": False}, []
        self._counted_at = time.monotonic() if known.last_at is None else None
        unsaved = unsaved_chats(self._session, self._chat_list.listed)
        return _state(known, asked, activity), [chat for chat in self._chat_list.listed if chat in unsaved]

    def _fail(self, error: Exception) -> None:
        """Show that the local store cannot be read; the next look may find it well."""
        before, unsaved = self._shown
        state = {**(before or {"possible": False}), **_failed(explain(error), error=error)}
        if state != before:
            self._shown = (state, unsaved)
            self._chat_list.show_backup(state)


def _state(known: BackupState, asked: Asked, activity: Activity) -> Message:
    state: Message = {
        "possible": True,
        "automatic": known.is_automatic,
        "at": _milliseconds(known.last_at),
        "waiting": known.waiting,
        "ended": _ending(asked),
    }
    if asked.outcome == "running":
        return state | {
            "phase": "running",
            "rows": asked.rows,
            "total": asked.total,
            "chat": asked.chat_id,
            "mayStop": True,
        }
    if activity.phase == "running":
        return state | {"phase": "running", "rows": activity.rows, "total": activity.total, "mayStop": False}
    if activity.phase in {"offline", "failed"}:
        told = {"text": activity.failure or ""}
        return state | {"phase": activity.phase, "told": told, "again": _milliseconds(activity.next_try)}
    return state | _after(asked, known)


def _after(asked: Asked, known: BackupState) -> Message:
    """Say what is left of the backup that was asked for, until another one has gone through."""
    if asked.outcome == "done" and asked.refused:
        return {"phase": "idle", "told": say("rows_stay", count=asked.refused)}
    is_past = known.last_at is not None and asked.ended_at is not None and known.last_at > asked.ended_at
    if asked.error is None or is_past:
        return {"phase": "idle"}
    return _failed(explain(asked.error), error=asked.error)


def _failed(told: Message, *, error: Exception | None = None) -> Message:
    if isinstance(error, StoreUnavailableError | StoreBusyError):
        return {"phase": "offline", "told": told}
    return {"phase": "elsewhere" if isinstance(error, BackupInProgressError) else "failed", "told": told}


def _ending(asked: Asked) -> Message | None:
    """Say how the backup ended that was asked for, once, for who cannot see it."""
    if asked.outcome in {"none", "running"}:
        return None
    told = explain(asked.error) if asked.error else say("backup_stopped")
    if asked.outcome == "done":
        told = say("rows_stay", count=asked.refused) if asked.refused else say("backup_done")
    return {"number": asked.number, "told": told}


def _milliseconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp() * 1000
