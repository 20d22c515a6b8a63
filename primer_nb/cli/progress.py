"""How a long step is told in a terminal: a bar that grows, or one line where nobody watches."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_WIDTH = 30


class DownloadBar(AbstractContextManager["DownloadBar"]):
    """A bar on standard error; call it with the bytes done and the bytes there are.

    Parameters
    ----------
    label : str
        What is fetched.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._percent = -1
        self._is_watched = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Draw the bar, if it has grown by a percent."""
        percent = 100 * done // total if total else 0
        if percent == self._percent:
            return
        if self._is_watched:
            bar = "█" * (_WIDTH * percent // 100)
            megabytes = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            print(f"\r{self._label} {bar:░<{_WIDTH}} {megabytes}", end="", file=sys.stderr, flush=True)
        elif self._percent < 0:
            print(f"{self._label}: {total / 1e6:.0f} MB", file=sys.stderr, flush=True)
        self._percent = percent

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the line of the bar."""
        if self._is_watched and self._percent >= 0:
            print(file=sys.stderr)
