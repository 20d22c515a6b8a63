"""The refresh token that keeps somebody signed in on this machine: one file a pair of stores.

A token works once. The next one is written beside it before the server is asked to exchange them, so that a kernel
killed in between loses neither; kernels that share the file take turns by a lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from primer_nb.credentials.private_files import alone, remove_file, replace_file
from primer_nb.paths import data_dir
from primer_nb.secret import Secret


@dataclass(frozen=True, slots=True)
class KeptToken:
    """What is kept for one user.

    Parameters
    ----------
    current : Secret
        The token that the server is known to take.
    following : Secret or None
        The token it was asked to take in its place, as long as its answer is not known.
    user_id : str
        Whose tokens they are.
    """

    current: Secret
    following: Secret | None
    user_id: str


class Keeper:
    """The file, while its lock is held; `kept_token` yields it.

    Parameters
    ----------
    path : Path
        The file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> KeptToken | None:
        """Read what is kept.

        Returns
        -------
        KeptToken or None
            ``None`` if there is nothing, or nothing that can be read: signing in again repairs it.
        """
        try:
            return _kept(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, token: KeptToken) -> None:
        """Keep a token in place of the one that was kept.

        Parameters
        ----------
        token : KeptToken
            What to keep.

        Raises
        ------
        StoreFullError
            If the disk has no room for it.
        StoreReadOnlyError
            If it cannot be written for another reason.
        """
        replace_file(self._path, content=_written(token))

    def forget(self) -> None:
        """Remove what is kept; doing it twice does no harm.

        Raises
        ------
        StoreReadOnlyError
            If it cannot be removed.
        """
        remove_file(self._path)


def has_kept_token(place: str) -> bool:
    """Tell whether something is kept, without waiting for the lock.

    Parameters
    ----------
    place : str
        Names the pair of stores; only its digest is seen on the disk.

    Returns
    -------
    bool
        Whether there is a file. What is in it may turn out to be damaged.
    """
    return _path(place, make=False).is_file()


@contextmanager
def kept_token(place: str) -> Iterator[Keeper]:
    """Hold the file of a pair of stores.

    Parameters
    ----------
    place : str
        As for `has_kept_token`.

    Yields
    ------
    Keeper
        To be used inside the ``with`` block only.

    Raises
    ------
    StoreBusyError
        If another kernel holds it for too long.
    StoreReadOnlyError
        If the folder cannot be written.
    """
    path = _path(place)
    with alone(path.with_suffix(".lock")):
        yield Keeper(path)


def _path(place: str, *, make: bool = True) -> Path:
    # a home that cannot be written is no reason not to look into it
    name = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return data_dir(make=make) / f"signed-in-{name}.json"


def _written(token: KeptToken) -> Secret:
    following = token.following.reveal() if token.following else None
    return Secret(json.dumps({"user_id": token.user_id, "current": token.current.reveal(), "following": following}))


def _kept(content: Any) -> KeptToken | None:
    match content:
        case {"user_id": str(user_id), "current": str(current), "following": None} if current.strip():
            return KeptToken(Secret(current), None, user_id)
        case {"user_id": str(user_id), "current": str(current), "following": str(following)} if (
            current.strip() and following.strip()
        ):
            return KeptToken(Secret(current), Secret(following), user_id)
    return None
