"""The search for secrets finds them in every spelling, at every place, and cut off."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from canaries import leaks

TEXT = "Zwölf Möwen & 77 <graue> Gänse + 1/2"
MATERIAL = bytes(range(120, 152))
SPELLED = {
    "plain": str,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "lower case": str.lower,
    "json": json.dumps,
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte later": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64, two bytes later": lambda text: base64.b64encode(b"xy" + text.encode() + b"z").decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "utf-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "utf-16, big end first": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "first half": lambda text: text[: len(text) // 2],
    "second half": lambda text: text[len(text) // 2 :],
}
WRITTEN = {
    "raw": bytes,
    "hex": lambda raw: raw.hex().encode(),
    "repr": lambda raw: repr(raw).encode(),
    "numbers": lambda raw: repr(list(raw)).encode(),
    "base64": base64.b64encode,
    "base64 for URLs": lambda raw: base64.urlsafe_b64encode(b"." + raw),
    "first half": lambda raw: raw[:16],
}


@pytest.mark.parametrize("name", SPELLED)
def test_a_text_is_found(name):
    spelled = SPELLED[name](TEXT)
    content = b"before " + spelled.encode("latin-1" if "utf-16" in name else "utf-8") + b" after"

    assert leaks({"log": content, "other": b"nothing"}, [TEXT]) == [("log", repr(TEXT[:12]))]


@pytest.mark.parametrize("name", WRITTEN)
def test_bytes_are_found(name):
    content = b"before " + WRITTEN[name](MATERIAL) + b" after"

    assert [where for where, _ in leaks({"log": content}, [MATERIAL])] == ["log"]


def test_what_is_not_there_is_not_found():
    content = json.dumps({"user": "Zwölf", "other": list(range(32)), "hash": "77 graue"}).encode()

    assert leaks({"log": content}, [TEXT, MATERIAL, "short"]) == []
