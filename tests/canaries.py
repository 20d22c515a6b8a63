"""Look for secrets in what is left behind, in the spellings that a leak may have: Base64, hex, URLs, JSON, UTF-16…

A secret is looked for by its halves, so that one that was cut off is found too.
"""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_from_bytes, quote_plus

_SHORTEST = 8  # bytes of a half: less than that is found by chance


def spellings(secret: str | bytes) -> set[bytes]:
    """Spell a text or some bytes in every way that is looked for."""
    if isinstance(secret, bytes):
        return _of_bytes(secret)
    found: set[bytes] = set()
    for text in {secret, secret.lower(), unicodedata.normalize("NFD", secret)}:
        written = (text, json.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text), html.escape(text))
        found |= {each.encode() for each in written}
        found |= {text.encode("utf-16-le"), text.encode("utf-16-be"), *_of_bytes(text.encode())}
    return found


def halves(secret: str | bytes) -> list[str | bytes]:
    """Cut a secret in two, if each half is long enough to be known again."""
    middle = len(secret) // 2
    return [secret[:middle], secret[middle:]] if middle >= _SHORTEST else [secret]


def leaks(artefacts: Mapping[str, bytes], secrets: Iterable[str | bytes]) -> list[tuple[str, str]]:
    """Find every secret in every artefact.

    Returns
    -------
    list of tuple of str and str
        Name of the artefact and the beginning of the secret.
    """
    found = []
    for secret in secrets:
        needles = {needle for half in halves(secret) for needle in spellings(half)}
        for name, content in artefacts.items():
            if any(needle in content for needle in needles):
                found.append((name, repr(secret[:12])))
    return found


def _of_bytes(raw: bytes) -> set[bytes]:
    numbers = ", ".join(map(str, raw))
    return {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        repr(raw)[2:-1].encode(),
        numbers.encode(),
        quote_from_bytes(raw, safe="").encode(),
        *_in_base64(raw),
    }


def _in_base64(raw: bytes) -> set[bytes]:
    """Encode bytes as they look at each place of a longer text, without the characters that hold bits of others."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        first = (0, 2, 3)[before]
        whole = (before + len(raw)) * 8 // 6
        inner = encoded[first:whole]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found
