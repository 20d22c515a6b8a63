"""The real local model: it answers, repeats itself exactly, can be stopped, and leaves nothing behind."""

from __future__ import annotations

import threading
import time

import pytest
from local_model_talk import CAPITAL, STORY, answer_to, becomes_idle, request_for

from primer_nb.errors import ContextTooLongError, UnknownModelError
from primer_nb.providers import local
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.providers.local import LocalProvider


def test_it_knows_the_capital_of_france(local_model):
    steps = list(LocalProvider().stream(request_for(CAPITAL)))

    assert "Paris" in "".join(step.text for step in steps)
    assert [step.finish_reason for step in steps if step.finish_reason] == ["stop"]
    assert max(step.prompt_tokens or 0 for step in steps) > 10
    assert max(step.completion_tokens or 0 for step in steps) > 3
    assert steps[-1].model == local.MODEL


def test_the_same_question_gets_the_same_answer(local_model, stopped):
    first = answer_to(STORY)
    again = answer_to(STORY)
    local.stop()
    after_a_restart = answer_to(STORY)

    assert len(first) > 50
    assert first == again == after_a_restart


def test_two_chats_are_answered_at_the_same_time(local_model):
    begun = threading.Event()
    story = LocalProvider().stream(request_for(STORY))
    reader = threading.Thread(target=lambda: [begun.set() for _ in story])
    reader.start()
    assert begun.wait(60)

    answer = answer_to(CAPITAL)
    is_still_telling = reader.is_alive()
    story.close()
    reader.join()

    assert "Paris" in answer
    assert is_still_telling


def test_closing_a_reply_stops_the_model(local_model):
    reply = LocalProvider().stream(request_for(STORY))
    texts = []

    for step in reply:
        texts.append(step.text)
        if len(texts) == 5:
            reply.close()

    assert len(texts) == 5
    assert becomes_idle()


def test_a_reply_is_closed_while_the_model_reads(local_model):
    LocalProvider().prepare()
    reply = LocalProvider().stream(request_for("The sea, the ships and the storm. " * 300))
    reader = threading.Thread(target=list, args=(reply,))
    reader.start()
    time.sleep(0.5)

    reply.close()
    reader.join(5)

    assert not reader.is_alive()
    assert becomes_idle()


def test_a_reply_that_was_closed_before_it_began_is_empty(local_model):
    reply = LocalProvider().stream(request_for(CAPITAL))

    reply.close()

    assert list(reply) == []


def test_a_reply_ends_even_if_nobody_says_how_long_it_may_be(local_model):
    steps = list(LocalProvider().stream(request_for(STORY)))

    assert steps[-1].completion_tokens <= 512
    assert any(step.finish_reason for step in steps)


def test_a_conversation_longer_than_the_window_is_refused_with_the_numbers(local_model):
    provider = LocalProvider()

    with pytest.raises(ContextTooLongError, match="4096"):
        list(provider.stream(request_for("many words " * 4_000)))

    assert provider.context_window(provider.default_model) == 4096


def test_a_system_turn_is_left_as_it_is(local_model):
    french = (Turn("system", "You only ever answer with the word OUI."), Turn("user", CAPITAL))

    prompts = [
        max(step.prompt_tokens or 0 for step in LocalProvider().stream(ChatRequest(local.MODEL, turns, max_tokens=1)))
        for turns in (french, french[1:])
    ]

    assert prompts[0] > prompts[1]


def test_another_models_name_is_refused_before_anything_starts(stopped):
    provider = LocalProvider()

    with pytest.raises(UnknownModelError, match=r"'gpt-4o'.*'smollm2-135m-instruct'"):
        list(provider.stream(request_for(CAPITAL, model="gpt-4o")))

    assert provider.models() == ["smollm2-135m-instruct"]
    assert local._shared._server is None
