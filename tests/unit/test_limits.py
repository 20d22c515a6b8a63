"""What may be stored is checked at the door, for both databases alike."""

from __future__ import annotations

import pytest

from primer_nb import limits
from primer_nb.errors import InvalidInputError


@pytest.mark.parametrize("text", ["hello", "  indented", "日本語 🎉 é\u0301", "x" * 255, "tabs\tand\nlines"])
def test_ordinary_text_passes_unchanged(text):
    assert limits.check_text(text, name="title", longest=255) == text


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("x" * 256, "256 characters, 255 are the most"),
        ("a\x00b", "NUL character at position 1"),
        ("ab\ud800", r"U\+D800\) at position 2"),
        (None, "must be a str, not NoneType"),
        (b"bytes", "must be a str, not bytes"),
    ],
)
def test_what_a_database_refuses_is_refused_with_a_reason(value, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        limits.check_text(value, name="title", longest=255)


def test_a_long_value_is_not_repeated_whole():
    with pytest.raises(InvalidInputError) as caught:
        limits.check_text("secret" * 100, name="title", longest=255)

    assert len(str(caught.value)) < 150


def test_unknown_roles_are_refused():
    assert limits.check_role("user") == "user"
    with pytest.raises(InvalidInputError, match="'tool' is not a role"):
        limits.check_role("tool")
