"""The frames of the history: columns, dtypes and values, alike for both kinds of store."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import add_user
from history_rows import add, at, chat, fill, history_of, message, number

from primer_nb.database import open_store
from primer_nb.errors import InvalidInputError
from primer_nb.tables import Completion

MESSAGES = {
    "id": "str",
    "chat_id": "str",
    "chat_title": "str",
    "role": "category",
    "content": "str",
    "tokens": "Int64",
    "provider": "category",
    "model": "category",
    "created_at": "datetime64[us, UTC]",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "time_to_first_token": "float64",
    "duration": "float64",
    "finish_reason": "category",
    "parent_id": "str",
}
CHATS = {
    "id": "str",
    "title": "str",
    "model": "category",
    "created_at": "datetime64[us, UTC]",
    "updated_at": "datetime64[us, UTC]",
    "messages": "Int64",
    "turns": "Int64",
    "tokens": "Int64",
    "characters": "Int64",
    "first_message_at": "datetime64[us, UTC]",
    "last_message_at": "datetime64[us, UTC]",
    "reply_latency": "float64",
    "backed_up": "bool",
}


@pytest.fixture
def store(store_url):
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def known(store):
    return fill(store)


@pytest.fixture
def history(store, known):
    return history_of(store, known.user)


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_messages_have_the_documented_columns_in_their_order(history):
    frame = history.messages()

    assert list(dtypes(frame).items()) == list(MESSAGES.items())


def test_chats_have_the_documented_columns_in_their_order(history):
    frame = history.chats()

    assert list(dtypes(frame).items()) == list(CHATS.items())


def test_an_empty_history_has_the_same_columns(store):
    nobody = history_of(store, add_user(store))

    messages, chats = nobody.messages(), nobody.chats()

    assert (len(messages), list(dtypes(messages).items())) == (0, list(MESSAGES.items()))
    assert (len(chats), list(dtypes(chats).items())) == (0, list(CHATS.items()))


def test_texts_are_pandas_own_kind(history):
    frame = history.messages()

    assert frame["content"].dtype == pd.Series(["x"]).dtype


def test_messages_come_oldest_first_and_then_by_id(history, known):
    frame = history.messages()

    assert frame["id"].tolist() == known.messages
    assert frame.index.equals(pd.RangeIndex(7))


def test_another_users_rows_never_appear(store, known):
    frame = history_of(store, known.stranger).messages()

    assert frame["id"].tolist() == [number(90)]
    assert history_of(store, known.stranger).chats()["id"].tolist() == [number(4)]


def test_a_reply_carries_what_is_known_of_it(history):
    reply = history.messages().set_index("id").loc[number(12)].to_dict()

    assert reply == {
        "chat_id": number(1),
        "chat_title": "Birds",
        "role": "assistant",
        "content": "To court, and to warn.\nÄhnlich bei Fröschen.",
        "tokens": 9,
        "provider": "openai",
        "model": "big",
        "created_at": pd.Timestamp(at(3)),
        "prompt_tokens": 21,
        "completion_tokens": 9,
        "time_to_first_token": 0.1,
        "duration": 1 / 3,
        "finish_reason": "stop",
        "parent_id": number(11),
    }


def test_what_is_not_known_is_missing(history):
    question = history.messages().set_index("id").loc[number(11)]

    missing = question[question.isna()].index.tolist()

    assert missing == [*list(MESSAGES)[6:8], *list(MESSAGES)[9:]]


def test_a_reply_of_another_program_has_the_chats_model(history):
    models = history.messages(chat="Cooking").set_index("role")["model"]

    assert models["assistant"] == "chat-model"
    assert pd.isna(models["user"])
    alone = history.messages(chat="Cooking", columns=["model"])
    assert list(alone.columns) == ["model"]
    assert alone["model"].dropna().tolist() == models.dropna().tolist()


def test_a_chat_without_title_has_none(store, known, history):
    add(store, known.user, message(30, known.empty, "user", "hello", minutes=20))

    assert history.messages()["chat_title"].isna().tolist() == [False] * 7 + [True]


def test_the_known_categories_are_always_there(history):
    frame = history.messages()

    assert frame["role"].cat.categories.tolist() == ["system", "user", "assistant"]
    assert frame["finish_reason"].cat.categories.tolist() == ["stop", "length", "stopped", "error"]
    assert frame["model"].cat.categories.tolist() == ["big", "chat-model", "small"]


def test_only_the_wanted_columns_are_loaded_in_the_wanted_order(history):
    frame = history.messages(columns=["created_at", "characters", "role"], role="assistant")

    assert list(frame.columns) == ["created_at", "characters", "role"]
    assert frame["characters"].tolist() == [12, 44, 10]


def test_a_column_alone_is_the_same_as_among_all(history):
    everything = history.messages(columns=[*MESSAGES, "characters"])

    for name in everything:
        pd.testing.assert_frame_equal(history.messages(columns=name), everything[[name]])


def test_an_unknown_column_is_refused_with_the_names_of_all(history):
    with pytest.raises(InvalidInputError, match=r"no column 'text'; columns are id, chat_id"):
        history.messages(columns=["text"])


def test_no_column_at_all_is_refused(history):
    with pytest.raises(InvalidInputError, match="no column is asked for"):
        history.messages(columns=[])


def test_chats_tell_what_their_messages_come_to(history):
    birds = history.chats().set_index("title").loc["Birds"].to_dict()

    assert birds == {
        "id": number(1),
        "model": birds["model"],
        "created_at": pd.Timestamp(at(0)),
        "updated_at": pd.Timestamp(at(1)),
        "messages": 5,
        "turns": 2,
        "tokens": 20,
        "characters": 95,
        "first_message_at": pd.Timestamp(at(0)),
        "last_message_at": pd.Timestamp(at(11)),
        "reply_latency": 90.0,
        "backed_up": False,
    }


def test_a_chat_without_messages_counts_none(history):
    empty = history.chats().iloc[2]

    assert (empty["messages"], empty["turns"], empty["tokens"], empty["characters"]) == (0, 0, 0, 0)
    assert empty[["title", "model", "first_message_at", "last_message_at", "reply_latency"]].isna().all()


def test_only_the_reply_right_after_a_question_has_a_latency(store, known, history):
    retried = [message(15, known.birds, "assistant", "They screech.", minutes=500)]
    add(store, known.user, *retried, message(16, known.birds, "user", "Why?", minutes=501))

    assert history.chats()["reply_latency"].iloc[0] == 90.0


def test_chats_count_what_messages_returns(history):
    messages = history.messages(columns=[*MESSAGES, "characters"])

    by_chat = messages.groupby("chat_id")
    chats = history.chats().set_index("id").iloc[:2]

    assert chats["messages"].tolist() == by_chat.size().tolist()
    assert chats["tokens"].tolist() == by_chat["tokens"].sum().tolist()
    assert chats["characters"].tolist() == by_chat["characters"].sum().tolist()
    assert chats["last_message_at"].tolist() == by_chat["created_at"].max().tolist()


def test_many_models_need_wider_codes_and_get_them(store, known, history):
    models = [f"model-{n:03d}" for n in range(200)]
    for n, model in enumerate(models):
        reply = message(1000 + n, known.empty, "assistant", "x", minutes=100 + n)
        add(store, known.user, reply, Completion(message_id=reply.id, model=model))

    assert history.messages(chat=known.empty)["model"].tolist() == models


def test_numbers_come_back_exactly(store, known, history):
    numbers = [
        0.1 + 0.2,
        1e-9,
        123456.789012345678,
        np.nextafter(1.0, 2.0),
        5e-324,
        1.7976931348623157e308,
        0.0,
        -2.5,
    ]
    for n, value in enumerate(numbers):
        reply = message(1000 + n, known.empty, "assistant", "x", minutes=100 + n)
        add(store, known.user, reply, Completion(message_id=reply.id, duration=value))

    assert history.messages(chat=known.empty)["duration"].tolist() == numbers


def test_the_history_says_where_it_is_without_a_password(store, known):
    history = history_of(store, known.user)

    assert repr(history) == f"History({store.address})"


def test_both_kinds_of_store_give_equal_frames(sqlite_url, postgres_url):
    frames = []
    for url in (sqlite_url, postgres_url):
        store = open_store(url)
        known = fill(store)
        add(store, known.user, chat(5, known.user, "Ünï\tcode", minutes=30))
        history = history_of(store, known.user)
        frames.append([history.messages(columns=[*MESSAGES, "characters"]), history.chats(), history.messages()])
        store.close()

    for ours, theirs in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
