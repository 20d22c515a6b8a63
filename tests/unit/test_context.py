"""What a model is sent: as much of the conversation as it can hold, the system prompt always."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.database.repositories.messages import StoredMessage
from primer_nb.errors import ContextTooLongError
from primer_nb.use_cases.context import build_context, count_tokens
from primer_nb.use_cases.options import Choice


@dataclass
class Window:
    """A provider of which only the window matters."""

    tokens: int
    name: str = "window"
    default_model: str = "model"

    def context_window(self, model: str) -> int:
        return self.tokens


def _choice(tokens: int, *, system: str | None = None, max_tokens: int | None = None) -> Choice:
    return Choice(Window(tokens), "model", None, max_tokens, system, None)


def _message(role: str, content: str) -> StoredMessage:
    return StoredMessage("id", role, content, 0, datetime(2026, 1, 1, tzinfo=UTC))


def _talk(*contents: str) -> list[StoredMessage]:
    """Newest first, a question at both ends."""
    return [_message(("user", "assistant")[number % 2], text) for number, text in enumerate(contents)][::-1]


def test_a_short_conversation_is_sent_whole():
    context = build_context(_talk("one", "two", "three"), _choice(4_000, system="Be brief."))

    assert [tuple(turn) for turn in context.turns] == [
        ("system", "Be brief."), ("user", "one"), ("assistant", "two"), ("user", "three")
    ]  # fmt: skip
    assert not context.is_cut


def test_an_answer_is_never_sent_without_its_question():
    context = build_context(_talk("x" * 3_000, "short", "now"), _choice(1_000))

    assert [turn.content for turn in context.turns] == ["now"]
    assert context.is_cut


def test_a_system_message_in_the_conversation_is_the_prompt_when_the_chat_has_none():
    branch = [*_talk("one"), _message("system", "newer"), _message("user", "zero"), _message("system", "older")]

    context = build_context(branch, _choice(4_000))

    assert [turn.content for turn in context.turns] == ["newer", "zero", "one"]


def test_a_message_that_cannot_fit_is_refused_with_the_numbers():
    with pytest.raises(ContextTooLongError, match=r"about 1,671 tokens, 'model' can read about 2,000"):
        build_context(_talk("x" * 5_000), _choice(2_000))


def test_the_length_asked_for_the_reply_is_kept_free():
    branch = _talk("x" * 1_500, "y" * 30, "z" * 30)

    assert len(build_context(branch, _choice(2_000, max_tokens=100)).turns) == 3
    assert len(build_context(branch, _choice(2_000, max_tokens=1_900)).turns) == 3  # never more than half the window
    assert len(build_context(branch, _choice(1_000, max_tokens=600)).turns) == 1


def test_chinese_is_not_counted_as_if_it_were_english():
    assert count_tokens("中文" * 10) >= 20
    assert count_tokens("") == 4


@given(st.lists(st.text(max_size=400), min_size=1, max_size=30), st.integers(200, 4_000), st.text(max_size=50))
def test_what_is_sent_fits_keeps_its_order_and_ends_with_the_question(contents, window, system):
    branch = _talk(*contents)
    choice = _choice(window, system=system)

    try:
        context = build_context(branch, choice)
    except ContextTooLongError:
        assert count_tokens(branch[0].content) + count_tokens(system) > window // 2
        return

    said = [turn.content for turn in context.turns[1:]]
    assert context.turns[0].content == system
    assert said == [message.content for message in branch[::-1]][len(branch) - len(said) :]
    assert said[-1] == branch[0].content
    assert sum(count_tokens(turn.content) for turn in context.turns) <= window
    assert context.is_cut or len(said) >= len(branch) - 1
