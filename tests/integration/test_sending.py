"""A message's life: stored before a provider is called, answered, kept with how it came to be."""

from __future__ import annotations

import pytest
from builders import add_chat, add_user, said
from fake_openai import Say

from primer_nb import times
from primer_nb.errors import (
    ChatNotFoundError,
    InvalidInputError,
)
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import start_reply


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


def test_a_chat_stays_with_who_answered_its_first_message(ws, fake_openai):
    ws._session.providers.add(
        OpenAICompatibleProvider("other", base_url=fake_openai.base_url, default_model="fake-2")
    )
    chat = ws.chats.create()
    chat.send("one", provider="other")

    chat.send("two")
    chat.send("three", provider="custom")
    chat.send("four")

    answers = [(m.provider, m.model) for m in chat.messages() if m.role == "assistant"]
    assert answers == [("other", "fake-2"), ("other", "fake-2"), ("custom", "fake-1"), ("other", "fake-2")]


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
    # two of them look whether the user still is who they were
    assert len([verb for verb in statements if verb in {"SELECT", "INSERT", "UPDATE", "DELETE"}]) <= 16
