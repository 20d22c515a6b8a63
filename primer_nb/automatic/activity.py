"""What the background is doing, as a value to be shown, and how long it waits before it tries again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Phase = Literal["off", "idle", "running", "offline", "failed"]

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0  # seconds until a server that is not there is looked for again


@dataclass(frozen=True, slots=True)
class Activity:
    """What the background does.

    Parameters
    ----------
    phase : str
        ``"off"``: it is not switched on, or nobody is signed in. ``"idle"``: it waits for something new.
        ``"running"``: it sends. ``"offline"``: the server cannot be reached, it tries again. ``"failed"``: the server
        or the local store refused; it tries again much later.
    failure : str or None
        What to tell the user when it is offline or has failed.
    next_try : datetime or None
        When it tries again by itself, in UTC.
    rows : int
        How many rows the server has taken since it began to run.
    total : int or None
        How many there are to send; ``None`` when nobody knows.
    """

    phase: Phase = "off"
    failure: str | None = None
    next_try: datetime | None = None
    rows: int = 0
    total: int | None = None


class Pauses:
    """Pauses between attempts: each about twice as long as the last, and not the same on all machines."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE

    def next(self) -> float:
        """Return how long to wait this time.

        Returns
        -------
        float
            Seconds, at most `LONGEST_PAUSE`.
        """
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        # the servers that were unreachable for all must not be reached by all at once
        return min(pause * random.uniform(0.8, 1.2), LONGEST_PAUSE)  # noqa: S311

    def begin_anew(self) -> None:
        """Let the next pause be short again."""
        self._pause = FIRST_PAUSE
