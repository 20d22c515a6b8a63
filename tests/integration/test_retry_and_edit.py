"""Retry and edit add branches to a chat; nothing that was said is lost."""

from __future__ import annotations

import pytest
from builders import said
from fake_openai import Say

from primer_nb.errors import (
    InvalidInputError,
    MessageNotFoundError,
)


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
