"""Links: which ones there are, and where they really go.

Only absolute web and mail addresses are links. When the text of one names another place than its address, or the
address is of the kinds that deceive (``bank.example@evil.example``, letters of another script), its host is written
after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_LONGEST = 2_000
# Nothing in a host that a browser and Python may read differently: no %, no backslash, no letter beyond ASCII.
_WEB = r"https?://(?:[^\s/?#@\\<>\"`]{1,200}@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:[/?#][^\s\\<>\"`]*)?"
_MAIL = r"mailto:[^\s\\<>\"`@/]+@[A-Za-z0-9.-]+(?:\?[^\s\\<>\"`]*)?"
_ADDRESS = re.compile(f"(?:{_WEB}|{_MAIL})", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"[\w.-]+")
_WITHIN_ADDRESS = ("/", "?", "&", "=", "#", "%")
# Names with a dot that nobody takes for a host. None of these is a top-level domain.
_ENDINGS = "cfg conf csv css html ini ipynb js json jsx pdf png sql tex toml ts tsv tsx txt xml yaml yml"
_FILE_ENDINGS = frozenset(_ENDINGS.split())


def is_allowed(url: str) -> bool:
    """Say whether an address may become a link.

    Parameters
    ----------
    url : str
        An address, percent-encoded, with its host in ASCII.

    Returns
    -------
    bool
        True for ``http``, ``https`` and ``mailto`` with a host, up to 2,000 characters.
    """
    return len(url) <= _LONGEST and url.isascii() and url.isprintable() and _ADDRESS.fullmatch(url) is not None


def host_of(url: str) -> str:
    """Tell where a link goes.

    Parameters
    ----------
    url : str
        An address that `is_allowed`.

    Returns
    -------
    str
        The host in lower case, of a mail link the mail address.
    """
    if url[:7].lower() == "mailto:":
        return url[7:].partition("?")[0]
    return (urlsplit(url).hostname or "").rstrip(".")


def undisclosed_host(url: str, text: str) -> str | None:
    """Tell which host a reader of a link should be told.

    Parameters
    ----------
    url : str
        The address of the link; one that `is_allowed`.
    text : str
        What the link shows.

    Returns
    -------
    str or None
        What `host_of` gives, when the text names another host or the address disguises its own; else None.
    """
    host = host_of(url)
    if "xn--" in host.lower():
        return host
    if url[:7].lower() == "mailto:":
        shown = text.strip().lower().removeprefix("mailto:")
        names_one = "@" in text or any(True for _ in _named_hosts(text))
        return host if names_one and shown != host.lower() else None
    disguised = "@" in urlsplit(url).netloc or any(name != _bare(host) for name in _named_hosts(text))
    return host if disguised else None


def _named_hosts(text: str) -> Iterable[str]:
    """Find what looks like a host in the text of a link: names with a dot, but not those in a path."""
    for word in _WORD.finditer(text):
        before = text[max(0, word.start() - 2) : word.start()]
        name = word[0].strip(".-_").lower()
        ending = name.rpartition(".")[2]
        is_name = ending != name and len(ending) > 1 and ending.isalpha()
        is_alone = before[-1:] not in _WITHIN_ADDRESS and ending not in _FILE_ENDINGS
        if is_name and (before == "//" or is_alone):
            yield _bare(name)


def _bare(host: str) -> str:
    return host.removeprefix("www.")
