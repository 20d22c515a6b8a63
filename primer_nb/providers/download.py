"""Downloads one large file so that a cut, a closed notebook or a killed kernel costs nothing that had arrived.

What arrives is appended to a part file; the next attempt asks for the rest. Nothing is checked here: whoever reads
the finished file must know its hash.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from primer_nb.errors import LocalModelError

Progress = Callable[[int, int], None]
"""Called with the bytes that have arrived and the bytes there are, some thousand times; may raise to end it."""

_ATTEMPTS = 5
_TIMEOUT = httpx2.Timeout(30, connect=10)


class NothingArrivedError(LocalModelError):
    """The address answered nothing, or refused."""


def download(url: str, *, part: Path, size: int, progress: Progress) -> None:
    """Download the rest of a file.

    Parameters
    ----------
    url : str
        An ``http:`` or ``https:`` address.
    part : Path
        Where it goes; what an earlier attempt left there is kept.
    size : int
        Bytes to expect if the server does not say.
    progress : Progress
        Called after each piece.

    Raises
    ------
    NothingArrivedError
        If not a single byte arrived.
    LocalModelError
        If the connection broke off again and again; what arrived is kept.
    OSError
        If the part file cannot be written.
    """
    furthest, idle = _length(part), 0
    # No Accept-Encoding: ranges are counted in the bytes of the file.
    with httpx2.Client(timeout=_TIMEOUT, follow_redirects=True, headers={"Accept-Encoding": "identity"}) as client:
        while idle < _ATTEMPTS:
            time.sleep(0.5 * idle)
            try:
                _rest(client, url, part=part, size=size, progress=progress)
                return
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                failure = _reason(error)
            if _length(part) == furthest and not idle:
                raise NothingArrivedError(failure)
            idle = 1 if _length(part) > furthest else idle + 1
            furthest = max(furthest, _length(part))
    raise LocalModelError(
        f"the download broke off again and again at {furthest / 1e6:.0f} of {size / 1e6:.0f} MB ({failure}); "
        "try again, it goes on from there"
    )


def _rest(client: httpx2.Client, url: str, *, part: Path, size: int, progress: Progress) -> None:
    start = _length(part)
    headers = {"Range": f"bytes={start}-"} if start else {}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:  # all of it is there
            return
        answer.raise_for_status()
        if answer.status_code != httpx2.codes.PARTIAL_CONTENT:  # the server sends all of it again
            start = 0
        elif not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            part.unlink()
            raise httpx2.RemoteProtocolError("the server sent another range than it was asked for")
        total = start + int(answer.headers.get("Content-Length", max(0, size - start)))
        with part.open("ab" if start else "wb") as file:
            for piece in answer.iter_raw():
                file.write(piece)
                start += len(piece)
                progress(start, total)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return str(error) or type(error).__name__
