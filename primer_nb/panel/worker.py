"""One thread that does a panel's work, so that no handler of a browser message ever blocks.

JupyterLab may deliver messages on two threads of the kernel at once; here they come one after the other, which is
what makes the state behind the panel safe without locks.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]
OnError = Callable[[Exception], None]


class Worker:
    """Runs jobs one after the other in a thread that starts with the first of them.

    Parameters
    ----------
    name : str, default "primer-panel"
        The thread's name, for whoever looks at a stuck kernel.
    """

    def __init__(self, name: str = "primer-panel") -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[tuple[contextvars.Context, Job, OnError] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Job, *, on_error: OnError) -> None:
        """Queue a job and return at once; after `close` it is dropped.

        Parameters
        ----------
        job : callable
            Called without arguments, in a copy of the caller's context: ipykernel 7.0 sends nothing from a thread
            without one, and 7.1+ routes the browser's answers to the subshell that the context names.
        on_error : callable
            Told of an exception that the job raises; the thread goes on.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._jobs.put((contextvars.copy_context(), job, on_error))

    def close(self) -> None:
        """End the thread after the jobs that are queued, the last ones to run; does not wait. Idempotent."""
        self._jobs.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended.

        Parameters
        ----------
        seconds : float
            At most so long.
        """
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None:
            context, job, on_error = item
            context.run(attempt, job, on_error)
            del item, context, job, on_error  # waiting for the next one, it would hold what a form sent


def attempt(job: Job, on_error: OnError) -> None:
    """Call a function whose exceptions are for somebody to see, whatever they are.

    Parameters
    ----------
    job : callable
        Called without arguments.
    on_error : callable
        Called with what the job raises.
    """
    try:
        job()
    except Exception as error:  # noqa: BLE001 - a panel that goes silent is worse than any message
        on_error(error)


def start_thread(job: Job, *, name: str) -> None:
    """Start a daemon thread in a copy of the caller's context.

    Parameters
    ----------
    job : callable
        Called without arguments.
    name : str
        The thread's name, for whoever looks at a stuck kernel.
    """
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(job,), name=name, daemon=True).start()
