"""Identifiers: UUID version 7, made by the client, in text form.

Version 7 puts the milliseconds first (RFC 9562, section 5.7), so a new row sorts after the old ones and needs
no server to get its place. The standard library has it only from Python 3.14 on.
"""

from __future__ import annotations

import os
import threading
import time
import uuid


class _Clock:
    """Milliseconds with a 12-bit fraction, never the same value twice (RFC 9562, section 6.2, method 3)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def tick(self) -> int:
        milliseconds, rest = divmod(time.time_ns(), 1_000_000)
        current = milliseconds << 12 | rest * 4096 // 1_000_000
        with self._lock:
            self._last = max(current, self._last + 1)
            return self._last


_clock = _Clock()


def new_id() -> str:
    """Make a new identifier, greater than every one this process made before.

    When the system's clock stands still or goes back, the last time plus a 4096th of a millisecond is used.

    Returns
    -------
    str
        A UUID of version 7: 36 characters, lower case, hyphenated.
    """
    tick = _clock.tick()
    value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64
    value |= 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=value))


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    bool
        Whether PostgreSQL's type UUID takes it.
    """
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
