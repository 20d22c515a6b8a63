"""Who answers a message: its own options, then the chat's, then the provider's choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import times
from primer_nb.errors import InvalidInputError
from primer_nb.tables import ChatSettings
from primer_nb.use_cases.options import SendOptions, choose
from primer_nb.use_cases.policy import Policy


class Answers:
    """A provider of which only the names matter."""

    def __init__(self, name: str) -> None:
        self.name, self.default_model = name, f"{name}-default"

    def context_window(self, model: str) -> int:
        return 8_192


class Known:
    """Two providers, of a session."""

    default = "local"
    preferred = None

    def get(self, name: str) -> Answers:
        return {"local": Answers("local"), "openai": Answers("openai")}[name]


class Knows:
    """A session of which only the providers matter."""

    providers = Known()


def _settings(**values) -> ChatSettings:
    return ChatSettings(chat_id="c", created_at=times.now(), updated_at=times.now(), **values)


@pytest.mark.parametrize(
    ("options", "settings", "expected"),
    [
        ({}, {}, ("local", "local-default")),
        ({"model": "m"}, {}, ("local", "m")),
        ({"provider": "openai"}, {}, ("openai", "openai-default")),
        ({}, {"provider": "openai", "model": "gpt"}, ("openai", "gpt")),
        ({}, {"model": "m"}, ("local", "m")),
        ({"model": "m"}, {"provider": "openai", "model": "gpt"}, ("openai", "m")),
        # a model of one provider is never asked of another
        ({"provider": "local"}, {"provider": "openai", "model": "gpt"}, ("local", "local-default")),
        ({"provider": "openai"}, {"model": "smollm"}, ("openai", "openai-default")),
        ({"provider": "local"}, {"model": "smollm"}, ("local", "smollm")),
    ],
)
def test_the_nearest_word_counts(options, settings, expected):
    choice = choose(Knows(), SendOptions(**options), _settings(**settings), Policy())

    assert (choice.provider.name, choice.model) == expected


def test_the_administrator_says_who_answers_where_nobody_has_chosen():
    policy = Policy(default_provider="openai", default_model="gpt-cheap")

    unasked = choose(Knows(), SendOptions(), _settings(), policy)
    asked = choose(Knows(), SendOptions(provider="local"), _settings(), policy)
    chosen = choose(Knows(), SendOptions(), _settings(provider="openai", model="gpt"), policy)

    assert (unasked.provider.name, unasked.model) == ("openai", "gpt-cheap")
    assert (asked.provider.name, asked.model) == ("local", "local-default")
    assert (chosen.provider.name, chosen.model) == ("openai", "gpt")


def test_what_a_message_leaves_open_its_chat_decides():
    settings = _settings(temperature=0.5, max_tokens=9, system_prompt="Be brief.")

    asked = choose(Knows(), SendOptions(temperature=0.0, system="Be long."), settings, Policy())
    left = choose(Knows(), SendOptions(), settings, Policy())

    assert (asked.temperature, asked.max_tokens, asked.system, asked.new_system) == (0.0, 9, "Be long.", "Be long.")
    assert (left.temperature, left.max_tokens, left.system, left.new_system) == (0.5, 9, "Be brief.", None)


@given(st.floats() | st.integers() | st.booleans() | st.text())
def test_every_temperature_is_either_used_or_refused(value):
    is_sensible = type(value) in {int, float} and 0 <= value <= 2

    if is_sensible:
        assert SendOptions(temperature=value).temperature == value
    else:
        with pytest.raises(InvalidInputError, match="temperature"):
            SendOptions(temperature=value)
