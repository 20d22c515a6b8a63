"""A message's life: stored before a provider is called, answered, kept however the reply ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from builders import add_chat, add_user
from fake_openai import Fail, FakeOpenAI, Reset, Say

import primer_nb
from primer_nb import times
from primer_nb.errors import (
    ChatNotFoundError,
    ContextTooLongError,
    InvalidInputError,
    InvalidKeyError,
    MessageNotFoundError,
    ProviderError,
    RateLimitError,
    ReplyCutError,
    ReplyInProgressError,
    UnknownModelError,
    UnknownProviderError,
)
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import Piece, ReplyEnded, running_reply, start_reply


@pytest.fixture
def ws(store_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    with primer_nb.connect(store_url) as workspace:
        provider = OpenAICompatibleProvider(
            "custom", base_url=fake_openai.base_url, default_model="fake-1", timeout=5.0
        )
        workspace._session.providers.add(provider)
        yield workspace


def said(chat) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in chat.messages()]


def test_a_message_is_answered_and_both_are_stored(ws, fake_openai):
    fake_openai.script(Say("Hello there, Ada."))
    chat = ws.chats.create("Greetings")

    reply = chat.send("Hello?")

    assert str(reply) == "Hello there, Ada."
    assert said(chat) == [("user", "Hello?"), ("assistant", "Hello there, Ada.")]
    answer = chat.messages()[-1]
    assert answer.id == reply.message_id
    assert (answer.provider, answer.model, answer.finish_reason) == ("custom", "fake-1", "stop")
    assert answer.completion_tokens == answer.tokens == 3
    assert 0 < answer.time_to_first_token <= answer.duration


def test_the_model_is_sent_the_conversation_so_far(ws, fake_openai):
    chat = ws.chats.create()

    chat.send("one", system="Be brief.")
    chat.send("two")

    turns = [(turn["role"], turn["content"]) for turn in fake_openai.calls[-1].body["messages"]]
    assert turns == [("system", "Be brief."), ("user", "one"), ("assistant", "echo: one"), ("user", "two")]


def test_a_system_prompt_is_stored_once_and_stays(ws):
    chat = ws.chats.create()

    chat.send("one", system="Be brief.")
    chat.send("two", system="Be brief.")
    chat.send("three", system="Be long.")

    roles = [message.role for message in chat.messages()]
    assert roles == ["system", "user", "assistant", "user", "assistant", "system", "user", "assistant"]


def test_the_first_message_gives_the_chat_its_title_and_model(ws):
    chat = ws.chats.create()

    chat.send("How do  owls\nhear so well, even in deep snow and in complete darkness of night?")

    assert chat.title == "How do owls hear so well, even in deep snow and in complete…"
    assert chat.model == "fake-1"
    assert ws.chats[chat.title] == chat


def test_a_title_that_was_given_stays(ws):
    chat = ws.chats.create("Owls")

    chat.send("hello")

    assert chat.title == "Owls"


def test_options_of_a_message_go_to_the_provider(ws, fake_openai):
    ws.chats.create().send("hi", model="fake-2", temperature=0.25, max_tokens=7)

    body = fake_openai.calls[-1].body
    assert (body["model"], body["temperature"]) == ("fake-2", 0.25)
    assert 7 in (body.get("max_tokens"), body.get("max_completion_tokens"))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"temperature": 3}, "temperature=3 is not a number from 0 to 2"),
        ({"temperature": float("nan")}, "not a number from 0 to 2"),
        ({"temperature": "hot"}, "not a number"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"max_tokens": 2.5}, "max_tokens=2.5"),
        ({"model": ""}, "model is empty"),
        ({"model": "m" * 51}, "51 characters, 50 are the most"),
        ({"system": "\x00"}, "NUL"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_and_nothing_is_stored(ws, fake_openai, options, complaint):
    chat = ws.chats.create("Options")

    with pytest.raises(InvalidInputError, match=complaint):
        chat.send("hello", **options)

    assert said(chat) == []
    assert fake_openai.calls == []


@pytest.mark.parametrize("text", ["", "   \n", "a\x00b", "\ud800", None, 7])
def test_a_message_that_no_database_can_keep_is_refused_and_nothing_is_stored(ws, fake_openai, text):
    chat = ws.chats.create("Bad input")

    with pytest.raises(InvalidInputError):
        chat.send(text)

    assert said(chat) == []
    assert fake_openai.calls == []


def test_a_message_of_a_megabyte_is_stored_and_too_long_to_send(ws, fake_openai):
    chat = ws.chats.create("Long")
    text = "long " * 200_000

    with pytest.raises(ContextTooLongError, match="shorten it or choose a model"):
        chat.send(text)

    assert said(chat) == [("user", text)]
    assert fake_openai.calls == []


def test_an_unknown_chat_gets_the_same_answer_as_another_users(ws):
    stranger = add_user(ws._session.store, "eve@example.org")
    foreign = add_chat(ws._session.store, stranger, "private")
    answers = set()

    for chat_id in (foreign.id, "00000000-0000-7000-8000-000000000000"):
        for attempt in (ws.chats.get, ws.chats.delete, lambda key: ws.chats.rename(key, "mine now"), ws.panel):
            with pytest.raises(ChatNotFoundError) as caught:
                attempt(chat_id)
            answers.add(str(caught.value).replace(chat_id, "ID"))
        with pytest.raises(ChatNotFoundError) as caught:
            start_reply(ws._session, chat_id, "hello")
        answers.add(str(caught.value).replace(chat_id, "ID"))

    assert len(answers) == 1


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


def test_retry_keeps_the_first_answer_in_the_history(ws, fake_openai):
    fake_openai.script(Say("first"), Say("second"))
    chat = ws.chats.create("Retry")
    chat.send("hello")

    chat.retry()

    assert said(chat) == [("user", "hello"), ("assistant", "second")]
    assert sorted(ws.history.messages()["content"]) == ["first", "hello", "second"]


def test_an_edited_question_starts_a_new_branch(ws, fake_openai):
    chat = ws.chats.create("Edit")
    chat.send("one")
    chat.send("two")
    second = chat.messages()[2]

    chat.edit(second.id, "TWO")
    chat.send("three")

    assert [text for _, text in said(chat)] == ["one", "echo: one", "TWO", "echo: TWO", "three", "echo: three"]
    assert [turn["content"] for turn in fake_openai.calls[2].body["messages"]] == ["one", "echo: one", "TWO"]
    assert len(ws.history.messages()) == 8


def test_the_first_question_can_be_edited(ws):
    chat = ws.chats.create("Edit")
    chat.send("one")

    chat.edit(chat.messages()[0].id, "ONE")

    assert [text for _, text in said(chat)] == ["ONE", "echo: ONE"]


def test_only_ones_own_messages_can_be_edited(ws):
    chat, other = ws.chats.create("Mine"), ws.chats.create("Other")
    chat.send("one")
    question, answer = chat.messages()

    with pytest.raises(InvalidInputError, match="only your own"):
        chat.edit(answer.id, "no")
    with pytest.raises(MessageNotFoundError):
        other.edit(question.id, "no")
    with pytest.raises(MessageNotFoundError):
        chat.edit("nothing", "no")


def test_there_is_nothing_to_retry_in_an_empty_chat(ws):
    with pytest.raises(InvalidInputError, match="nothing to retry"):
        ws.chats.create("Empty").retry()


def test_a_stopped_reply_is_kept(ws, fake_openai):
    fake_openai.script(Say("word " * 500, delay=0.02))
    chat = ws.chats.create("Stop")
    stream = chat.stream("talk")

    pieces = []
    for piece in stream:
        pieces.append(piece)
        if len(pieces) == 5:
            stream.stop()

    answer = chat.messages()[-1]
    assert answer.content == stream.reply.text == "".join(pieces)
    assert answer.finish_reason == "stopped"
    assert 5 <= len(pieces) < 400


def test_a_reply_can_be_stopped_before_its_first_word(ws, fake_openai):
    fake_openai.script(Say("late", first_delay=30))
    chat = ws.chats.create("Stop")
    stream = chat.stream("talk")
    while not fake_openai.calls:
        time.sleep(0.01)

    stream.stop()
    running = running_reply(ws._session, chat.id)
    if running is not None:
        running.wait_quietly(10)

    assert said(chat) == [("user", "talk")]


def test_a_chat_answers_one_message_at_a_time(ws, fake_openai):
    fake_openai.script(Say("word " * 500, delay=0.02))
    chat, other = ws.chats.create("One"), ws.chats.create("Two")
    stream = chat.stream("talk")

    with pytest.raises(ReplyInProgressError):
        chat.send("and this?")
    assert other.send("hello").text == "echo: hello"

    stream.stop()
    assert chat.messages()[0].content == "talk"


def test_a_subscriber_who_comes_late_misses_nothing(ws, fake_openai):
    fake_openai.script(Say([f"{number} " for number in range(300)], delay=0.002))
    chat = ws.chats.create("Late")
    running = start_reply(ws._session, chat.id, "count")
    seen = []

    def come_late(delay):
        time.sleep(delay)
        events = []
        text, _ = running.subscribe(events.append)
        seen.append((text, events))

    threads = [threading.Thread(target=come_late, args=(delay,)) for delay in (0, 0.1, 0.2, 0.3, 1.5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    whole = "".join(f"{number} " for number in range(300))
    assert running.wait().text == whole
    for text, events in seen:
        assert text + "".join(event.text for event in events if isinstance(event, Piece)) == whole
        assert isinstance(events[-1], ReplyEnded)


def test_a_reply_goes_on_when_nobody_looks_and_another_workspace_finds_it(ws, store_url, fake_openai):
    fake_openai.script(Say("word " * 100, delay=0.01))
    chat = ws.chats.create("Background")
    chat.stream("talk")

    with primer_nb.connect(store_url) as second:
        running = running_reply(second._session, chat.id)
        reply = running.wait()

    assert reply.text == "word " * 100
    assert chat.messages()[-1].content == reply.text


def test_old_turns_are_cut_and_the_user_is_told(ws, fake_openai):
    ws._session.providers.add(
        OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1", window=2_000)
    )
    chat = ws.chats.create("Long talk")
    chat.send("remember the owl", system="Be brief.")
    for _ in range(6):
        fake_openai.script(Say("blah " * 100))
        chat.send("tell me more")

    reply = chat.send("and now?")

    turns = [turn["content"] for turn in fake_openai.calls[-1].body["messages"]]
    assert turns[0] == "Be brief."
    assert turns[-1] == "and now?"
    assert "remember the owl" not in turns
    assert fake_openai.calls[-1].body["messages"][1]["role"] == "user"
    assert "left out" in reply.notice


def test_a_clock_that_went_back_does_not_mix_up_the_order(ws, monkeypatch):
    chat = ws.chats.create("Clock")
    chat.send("one")
    real = times.now()
    monkeypatch.setattr(times, "now", lambda: real.replace(year=2020))

    chat.send("two")

    assert [text for _, text in said(chat)] == ["one", "echo: one", "two", "echo: two"]


def test_a_chat_deleted_while_it_is_answered_stays_deleted(ws, fake_openai):
    fake_openai.script(Say("word " * 100, delay=0.01))
    chat = ws.chats.create("Gone")
    running = start_reply(ws._session, chat.id, "talk")

    chat.delete()

    with pytest.raises(ChatNotFoundError):
        running.wait()
    assert ws.chats.list() == []


def _talk_and_die(store_url: str, base_url: str, ready) -> None:
    os.environ["PRIMER_PROVIDER"] = "custom"
    ws = primer_nb.connect(store_url)
    ws._session.providers.add(OpenAICompatibleProvider("custom", base_url=base_url, default_model="fake-1"))
    stream = ws.chats.create("Interrupted").stream("talk")
    for number, _ in enumerate(stream):
        if number == 150:
            ready.set()


def test_a_killed_kernel_keeps_what_had_arrived(store_url, fake_openai: FakeOpenAI):
    fake_openai.script(Say([f"{number} " for number in range(10_000)], delay=0.01))
    primer_nb.connect(store_url).close()
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    kernel = spawn.Process(target=_talk_and_die, args=(store_url, fake_openai.base_url, ready))
    kernel.start()
    assert ready.wait(60)

    with primer_nb.connect(store_url) as ws:
        alive = said(ws.chats["Interrupted"])  # the other kernel still writes: its draft is left alone
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.join()
    with primer_nb.connect(store_url) as ws:
        chat = ws.chats["Interrupted"]
        (question, answer) = chat.messages()

    assert alive == [("user", "talk")]
    assert question.content == "talk"
    assert answer.content.startswith("0 1 2 3 4 5 6 7 8 9 10 ")
    assert answer.finish_reason == "error"
    assert answer.model == "fake-1"


def test_reset_connections_are_tried_again_before_the_user_hears_of_them(ws, fake_openai):
    fake_openai.script(Reset(), Say("third time lucky"))
    chat = ws.chats.create("Resets")

    assert chat.send("hello").text == "third time lucky"


def test_sending_costs_few_statements(ws):
    from sqlalchemy import event

    chat = ws.chats.create("Count")
    chat.send("warm up")
    statements = []
    event.listen(
        ws._session.store.engine, "before_cursor_execute", lambda *details: statements.append(details[2].split()[0])
    )

    chat.send("hello")

    assert statements.count("INSERT") == 3  # question, answer, completion
    assert len([verb for verb in statements if verb in {"SELECT", "INSERT", "UPDATE", "DELETE"}]) <= 13
