"""Drafts: once a second, what has arrived of a reply is written to the store, by a thread of its own.

Of its own, so that a provider that falls silent does not keep the last words from the disk.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import PrimerError
from primer_nb.use_cases.replying import save_draft

if TYPE_CHECKING:
    from primer_nb.session import Session
    from primer_nb.use_cases.sending import Question

_logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two drafts of a reply


class DraftKeeper:
    """Writes the draft of one reply while the block runs.

    Parameters
    ----------
    session : Session
        On whose behalf.
    question : Question
        What was asked.
    read : callable
        Returns all that has arrived.
    """

    def __init__(self, session: Session, question: Question, *, read: Callable[[], str]) -> None:
        self._session = session
        self._question = question
        self._read = read
        self._started_at = times.now()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="primer-draft", daemon=True)

    def __enter__(self) -> DraftKeeper:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; the last draft is written before this returns."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        saved = ""
        while not self._is_over.wait(EVERY):
            text = self._read()
            if len(text) == len(saved):
                continue
            try:
                save_draft(self._session, self._question, text, owner=this_process(), started_at=self._started_at)
                saved = text
            except PrimerError as error:  # the reply itself goes on; the next second tries again
                _logger.warning("a draft could not be written: %s", error)


def this_process() -> str:
    """Name this process so that another one can tell whether it still runs.

    Returns
    -------
    str
        Host, process id and the time it was started: ids are used again.
    """
    return _name_of(os.getpid())


def is_alive(owner: str) -> bool | None:
    """Tell whether the process of a draft still runs.

    Parameters
    ----------
    owner : str
        From `this_process`.

    Returns
    -------
    bool or None
        ``None`` for a process of another machine.
    """
    import psutil

    host, _, rest = owner.rpartition("@")
    pid, _, started = rest.partition("+")
    if host != socket.gethostname() or not pid.isdigit():
        return None
    with contextlib.suppress(psutil.Error):
        return f"{psutil.Process(int(pid)).create_time():.2f}" == started
    return False


@cache
def _name_of(pid: int) -> str:
    import psutil

    return f"{socket.gethostname()}@{pid}+{psutil.Process(pid).create_time():.2f}"
