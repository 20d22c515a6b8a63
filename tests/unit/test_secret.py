"""A secret shows its value only when asked."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.errors import InvalidInputError
from primer_nb.secret import Secret, redact

VALUE = "sk-NotARealKey-0123456789"


def test_a_secret_reveals_its_value_on_request():
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize(
    "show", [repr, str, format, "{:>40}".format, "%s".__mod__, lambda s: f"{s!r:}", lambda s: repr([s])]
)
def test_a_secret_is_masked_wherever_it_is_shown(show):
    assert VALUE not in show(Secret(VALUE))


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, list])
def test_a_secret_refuses_to_be_written_or_taken_apart(take):
    with pytest.raises(TypeError) as caught:
        take(Secret(VALUE))

    assert VALUE not in str(caught.value)


def test_a_secret_tells_nothing_by_comparison():
    assert Secret(VALUE) != Secret(VALUE)
    assert Secret(VALUE) != VALUE
    assert hash(Secret(VALUE)) != hash(VALUE)


@pytest.mark.parametrize("nothing", ["", "  \n", None, 5])
def test_a_secret_of_nothing_is_refused(nothing):
    with pytest.raises(InvalidInputError, match="a secret must be a str"):
        Secret(nothing)


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abc123def456",
        "sk-ab****wxyz",
        "AIzaSyNotARealKey",
        "pnbk_abcd1234_secret",
        "pnba_secret",
        "pnbr_secret",
        "gsk_abcdef",
    ],
)
def test_what_looks_like_a_key_is_taken_out_of_a_text(key):
    assert key not in redact(f"Incorrect API key provided: '{key}' (see the docs)")


def test_a_bearer_token_of_any_shape_is_taken_out():
    assert redact("header Authorization: Bearer eyJhbGci.eyJzdWIi was refused") == (
        "header Authorization: [hidden] was refused"
    )


@pytest.mark.parametrize(
    "text", ["a task-something-longer", "the risk-free disk", "Bearer of bad news", "model gpt-4o"]
)
def test_ordinary_words_stay(text):
    assert redact(text) == text


@given(secret=st.text("0123456789!?/é\n", min_size=8).filter(str.strip), around=st.text("abc "))
def test_a_known_secret_of_any_shape_is_taken_out(secret, around):
    assert redact(f"{around}{secret}{around}", None, Secret(secret)) == f"{around}[hidden]{around}"


def test_a_word_too_short_to_be_a_secret_stays():
    assert redact("ollama does not know it", Secret("ollama")) == "ollama does not know it"
