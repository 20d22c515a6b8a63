"""How far a backup is, in a notebook and in a terminal: what is done, its bytes, the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from primer_nb.workspace.front_end import has_front_end


class ProgressBar:
    """A bar that shows itself when something takes longer than half a second.

    Parameters
    ----------
    label : str
        What takes so long.
    unit : str, default "rows"
        What is counted.

    Examples
    --------
    >>> bar = ProgressBar("Backup")
    >>> bar.start(2)
    >>> bar.advance(2, 100)
    >>> bar.finish()
    """

    def __init__(self, label: str, *, unit: str = "rows") -> None:
        self._label = label
        self._unit = unit
        self._bar: Any = None
        self._size = 0

    def start(self, total_rows: int | None) -> None:
        """Begin, or begin again with another total.

        Parameters
        ----------
        total_rows : int or None
            How many rows there are to do; ``None`` when nobody knows.
        """
        self._size = 0
        if self._bar is not None:
            # in a notebook one that ends before its total stays, in red; reset() would show it before its time
            self._bar.leave, self._bar.total = False, None
            self._bar.close()
        kind, is_hidden = _kind()
        self._bar = kind(
            desc=self._label, total=total_rows, unit=f" {self._unit}", unit_scale=True, delay=0.5, disable=is_hidden
        )

    def advance(self, rows: int, size: int) -> None:
        """Tell of rows that are done.

        Parameters
        ----------
        rows : int
            How many since the last time.
        size : int
            Bytes that travelled for them.
        """
        self._size += size
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._size / 1e6:.1f} MB", refresh=False)
            self._bar.update(rows)

    def finish(self) -> None:
        """End, done or not; twice does no harm."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def progress_bar(label: str, *, unit: str = "rows") -> Iterator[ProgressBar]:
    """Make a bar that ends with the block.

    Parameters
    ----------
    label : str
        What takes so long.
    unit : str, default "rows"
        What is counted.

    Yields
    ------
    ProgressBar
        Not shown yet.
    """
    bar = ProgressBar(label, unit=unit)
    try:
        yield bar
    finally:
        bar.finish()


def _kind() -> tuple[Any, bool | None]:
    """Choose the bar: widgets in a notebook, a line in a terminal, nothing where nobody looks."""
    if has_front_end():
        from tqdm.notebook import tqdm as in_notebook

        return in_notebook, False
    from tqdm import tqdm as in_terminal

    return in_terminal, None  # None: hidden when the output is no terminal
