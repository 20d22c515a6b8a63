"""Identifiers: UUID version 7, made by the client, in text form.

Version 7 puts the milliseconds first (RFC 9562, section 5.7), so a new row sorts after the old ones and needs
no server to get its place. The standard library has it only from Python 3.14 on.
"""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Make a new identifier, greater than every one this process made before.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3); when
    the clock stands still or goes back, the last value plus one is used instead.

    Returns
    -------
    str
        A UUID of version 7: 36 characters, lower case, hyphenated.
    """
    global _last
    ticks = time.time_ns() // 244  # 1/4096 of a millisecond is 244.14 ns
    with _lock:
        _last = max(ticks, _last + 1)
        ticks = _last
    nanoseconds = ticks * 244
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    value = milliseconds << 80 | 0x7 << 76 | rest // 245 << 64
    value |= 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=value))


def derived_id(source: str, name: str) -> str:
    """Make the identifier that stands for a thing of another system, the same on every call.

    Parameters
    ----------
    source : str
        The system the thing comes from, for example ``"chatgpt"``.
    name : str
        Its identifier there.

    Returns
    -------
    str
        A UUID of version 5 (RFC 9562, section 5.5), hyphenated.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:primer-nb:{source}")
    return str(uuid.uuid5(namespace, name))
