"""A reply that fails leaves the message and what had arrived, and says what to do."""

from __future__ import annotations

import pytest
from builders import said
from fake_openai import Fail, Reset, Say

from primer_nb.errors import (
    ContextTooLongError,
    InvalidKeyError,
    ProviderError,
    RateLimitError,
    ReplyCutError,
    UnknownModelError,
    UnknownProviderError,
)


def test_a_message_of_a_megabyte_is_stored_and_too_long_to_send(ws, fake_openai):
    chat = ws.chats.create("Long")
    text = "long " * 200_000

    with pytest.raises(ContextTooLongError, match="shorten it or choose a model"):
        chat.send(text)

    assert said(chat) == [("user", text)]
    assert fake_openai.calls == []


def test_an_unknown_provider_is_named_with_the_known_ones(ws, fake_openai):
    chat = ws.chats.create("Who")

    with pytest.raises(UnknownProviderError, match=r"nobody.*custom"):
        chat.send("hello", provider="nobody")

    assert said(chat) == []


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Fail(401, "Incorrect API key provided", code="invalid_api_key"), InvalidKeyError),
        (Fail(404, "The model `x` does not exist", code="model_not_found"), UnknownModelError),
        (Fail(400, "no"), ProviderError),
        (Say("it was a dark and stormy night", drop_after=0), ProviderError),
    ],
)
def test_a_provider_error_leaves_the_message_and_retry_needs_no_retyping(ws, fake_openai, step, error):
    fake_openai.script(step)
    chat = ws.chats.create("Errors")
    with pytest.raises(error):
        chat.send("tell me")
    assert said(chat) == [("user", "tell me")]

    fake_openai.script(Say("gladly"))
    reply = chat.retry()

    assert reply.text == "gladly"
    assert said(chat) == [("user", "tell me"), ("assistant", "gladly")]


def test_a_rate_limit_says_the_seconds(ws, fake_openai):
    fake_openai.script(Fail(429, "slow down", retry_after=90))
    chat = ws.chats.create("Limits")

    with pytest.raises(RateLimitError) as caught:
        chat.send("hello")

    assert caught.value.retry_after == 90
    assert "90" in str(caught.value)


def test_what_arrived_before_the_connection_broke_is_kept(ws, fake_openai):
    fake_openai.script(Say("one two three four five", drop_after=3))
    chat = ws.chats.create("Cut")

    with pytest.raises(ProviderError):
        chat.send("count")

    assert said(chat)[-1] == ("assistant", "one two three")
    assert chat.messages()[-1].finish_reason == "error"


def test_a_stream_that_just_ends_is_noticed(ws, fake_openai):
    fake_openai.script(Say("one two three four five", end_after=2))
    chat = ws.chats.create("Cut")

    with pytest.raises(ReplyCutError):
        chat.send("count")

    assert said(chat)[-1] == ("assistant", "one two")


def test_an_answer_of_nothing_is_an_error_and_not_a_message(ws, fake_openai):
    fake_openai.script(Say([]))
    chat = ws.chats.create("Silence")

    with pytest.raises(ReplyCutError, match="answered with nothing"):
        chat.send("hello")

    assert said(chat) == [("user", "hello")]


def test_reset_connections_are_tried_again_before_the_user_hears_of_them(ws, fake_openai):
    fake_openai.script(Reset(), Say("third time lucky"))
    chat = ws.chats.create("Resets")

    assert chat.send("hello").text == "third time lucky"
