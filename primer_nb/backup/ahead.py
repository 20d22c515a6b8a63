"""Reading ahead: the next load is made ready in another thread while the server writes the last one.

Not while rows are on their way: two threads of Python would wait for each other at every piece, and both take about
twice as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from primer_nb.backup.loads import Load


class Ahead:
    """Loads, one of them read ahead.

    Parameters
    ----------
    loads : iterator of Load
        Where they come from; asked in a thread of its own, never twice at a time.
    """

    def __init__(self, loads: Iterator[Load]) -> None:
        self._loads = loads
        self._reader = ThreadPoolExecutor(1, "primer-backup")
        self._coming: Future[Load | None] | None = None

    def __enter__(self) -> Ahead:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for the thread."""
        self._reader.shutdown()

    def __iter__(self) -> Iterator[Load]:
        """Yield each load; `read` may be called before the next is asked for."""
        while (load := self.read().result()) is not None:
            self._coming = None
            yield load

    def read(self) -> Future[Load | None]:
        """Begin to read the next load, unless that has begun.

        Returns
        -------
        Future
            Of the load; of ``None`` at the end.
        """
        if self._coming is None:
            self._coming = self._reader.submit(next, self._loads, None)
        return self._coming
