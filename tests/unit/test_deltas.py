"""The steps of a reply are read from chunks, and their text is fit to be stored."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.providers.base import Delta
from primer_nb.providers.deltas import DeltaReader


def chunk(text: object = None, **others: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **others}


def test_a_chunk_tells_text_model_and_usage():
    step = DeltaReader().read(chunk("hi", model="models/m", usage={"prompt_tokens": 3, "completion_tokens": 1}))

    assert step == Delta(text="hi", prompt_tokens=3, completion_tokens=1, model="m")


@pytest.mark.parametrize(
    "empty",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [{"delta": None}]},
        {"choices": [{}]},
        chunk(None),
        chunk(""),
    ],
)
def test_a_chunk_may_tell_nothing(empty):
    assert DeltaReader().read(empty) == Delta()


def test_a_role_or_reasoning_is_no_text():
    step = DeltaReader().read({"choices": [{"delta": {"role": "assistant", "reasoning_content": "hmm"}}]})

    assert step.text == ""


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1}, {"prompt_tokens": "3"}, {"prompt_tokens": None}, {}])
def test_a_count_that_is_none_is_left_out(usage):
    assert DeltaReader().read({"usage": usage}).prompt_tokens is None


@pytest.mark.parametrize("wrong", [None, 5, "x", [], {"choices": 5}, {"choices": [5]}, chunk(5), {"usage": 5}])
def test_what_is_no_chunk_raises_an_error_that_the_wire_translates(wrong):
    with pytest.raises((AttributeError, TypeError, LookupError, ValueError)):
        DeltaReader().read(wrong)


@given(text=st.text(), cuts=st.lists(st.integers(0, 60)))
def test_a_text_cut_anywhere_even_inside_a_character_arrives_whole(text, cuts):
    units = text.encode("utf-16-le")
    edges = sorted({0, len(units), *(2 * cut for cut in cuts if 2 * cut < len(units))})
    pieces = [units[start:end].decode("utf-16-le", "surrogatepass") for start, end in pairwise(edges)]
    reader = DeltaReader()

    arrived = "".join(reader.read(chunk(piece)).text for piece in pieces)

    assert arrived == text.replace("\x00", "\ufffd")


@given(pieces=st.lists(st.text(st.characters(codec=None, categories=("Cs", "Lu", "Cc")), min_size=1)))
def test_no_piece_holds_what_a_database_refuses(pieces):
    reader = DeltaReader()

    arrived = "".join(reader.read(chunk(piece)).text for piece in pieces)

    assert "\x00" not in arrived
    arrived.encode("utf-8")
