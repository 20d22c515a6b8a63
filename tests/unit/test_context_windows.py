"""How many tokens a model takes, by its name."""

from __future__ import annotations

import pytest

from primer_nb.providers.context_windows import context_window


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o-mini-2024-07-18", 128_000),
        ("gpt-4", 8_192),
        ("gpt-4-turbo-2024-04-09", 128_000),
        ("gpt-4.1-nano", 1_047_576),
        ("gpt-5-mini", 272_000),
        ("gpt-5.4-mini", 272_000),
        ("gpt-5.4", 922_000),
        ("gpt-6-luna", 922_000),
        ("models/gemini-3.8-flash", 1_048_576),
        ("openai/GPT-4o", 128_000),
    ],
)
def test_the_longest_beginning_that_fits_counts(model, tokens):
    assert context_window(model) == tokens


@pytest.mark.parametrize("model", ["", "llama3.2", "my-gpt-4o", "default"])
def test_an_unknown_model_is_taken_for_a_small_one(model):
    assert context_window(model) == 8_192
