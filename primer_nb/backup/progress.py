"""How a long operation tells how far it is: rows that are safe, never rows that are on their way.

A backup counts all rows of the chats that it sends, or entries of the journal. A pull and a restore count messages. A
restore into a new file has nothing that is safe until the file takes its place, which is its last step: it tells what
the file holds.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What is told; a bar in a notebook or a terminal is one."""

    def start(self, total_rows: int | None) -> None:
        """Begin, or begin again with another total.

        Parameters
        ----------
        total_rows : int or None
            How many rows there are to do; ``None`` when nobody knows.
        """

    def advance(self, rows: int, size: int) -> None:
        """Tell of rows that are committed, each once; never of one that stays behind.

        Parameters
        ----------
        rows : int
            How many since the last time.
        size : int
            Bytes that travelled for them.
        """

    def finish(self) -> None:
        """End, done or not."""


class NoProgress:
    """Tells nobody."""

    def start(self, total_rows: int | None) -> None:
        """Ignore it.

        Parameters
        ----------
        total_rows : int or None
            Ignored.
        """

    def advance(self, rows: int, size: int) -> None:
        """Ignore it.

        Parameters
        ----------
        rows : int
            Ignored.
        size : int
            Ignored.
        """

    def finish(self) -> None:
        """Ignore it."""
