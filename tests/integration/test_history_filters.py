"""Filters of the history, on both kinds of store."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pandas as pd
import pytest
from builders import add_user
from history_rows import START, add, at, chat, fill, history_of, message, number

from primer_nb.database import open_store
from primer_nb.errors import ChatNotFoundError
from primer_nb.tables import ChatTag


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_store(request, tmp_path_factory):
    """One store of each kind for all tests here that only read."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = str(tmp_path_factory.mktemp("filters") / "store.db")
        else:
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        store = open_store(url)
        stack.callback(store.close)
        yield store


@pytest.fixture(scope="module")
def known(shared_store):
    return fill(shared_store)


@pytest.fixture
def history(shared_store, known):
    return history_of(shared_store, known.user)


@pytest.fixture
def found(history):
    return finder(history)


@pytest.fixture
def fresh(store_url):
    """A store of its own for a test that writes, and what is in it."""
    store = open_store(store_url)
    yield store, fill(store)
    store.close()


def finder(history):
    """Make a function that returns the last two digits of the ids of the messages that pass."""
    return lambda **filters: [int(key[-2:]) for key in history.messages(columns="id", **filters)["id"]]


def test_both_ends_of_a_span_belong_to_it(found):
    assert found(since=at(1), until=at(3)) == [11, 21, 22, 12]


def test_a_span_may_be_open(found):
    assert found(since=at(3)) == [12, 13, 14]
    assert found(until=at(1)) == [10, 11]


def test_a_span_is_exact_to_the_microsecond(found):
    assert found(since=at(3) + timedelta(microseconds=1)) == [13, 14]
    assert found(until=at(1) - timedelta(microseconds=1)) == [10]


def test_a_day_begins_and_ends_with_its_night(found):
    assert len(found(since="2026-01-30", until="2026-01-30")) == 7
    assert len(found(since=date(2026, 1, 30), until=date(2026, 1, 30))) == 7
    assert found(since="2026-01-31") == found(until="2026-01-29") == []


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-30 12:03:00",
        "2026-01-30T12:03:00Z",
        "2026-01-30T14:03:00+02:00",
        datetime(2026, 1, 30, 12, 3),
        datetime(2026, 1, 30, 12, 3, tzinfo=UTC),
        datetime(2026, 1, 30, 7, 3, tzinfo=timezone(timedelta(hours=-5))),
        pd.Timestamp("2026-01-30 12:03:00.000000001"),
    ],
    ids=repr,
)
def test_a_time_may_be_spelled_in_many_ways_and_is_utc_without_a_zone(found, moment):
    assert found(since=moment) == [12, 13, 14]


@pytest.mark.parametrize("moment", [datetime.min, datetime.max.replace(tzinfo=UTC), "0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_the_calendar_are_days(found, moment):
    assert len(found(since=moment)) + len(found(until=moment)) == 7


def test_roles(found):
    assert found(role="system") == [10]
    assert found(role=["system", "assistant"]) == [10, 22, 12, 14]


def test_models_and_providers(found):
    assert found(model="big") == [12]
    assert found(model={"small", "chat-model"}) == [22, 14]
    assert found(provider=("openai", "local")) == [12, 14]
    assert found(provider="openai", model="small") == []


def test_no_value_at_all_lets_nothing_pass(found):
    assert found(model=[]) == found(role=()) == found(chat=[]) == []


def test_a_chat_is_found_by_id_title_or_itself(found, known):
    cooking = [21, 22]

    assert found(chat=known.cooking.id) == cooking
    assert found(chat="Cooking") == cooking
    assert found(chat=known.cooking) == cooking
    assert len(found(chat=["Birds", known.cooking, known.empty.id])) == 7


def test_all_chats_of_a_title_are_found(fresh):
    store, known = fresh
    again = chat(5, known.user, "Cooking", minutes=50)
    add(store, known.user, again, message(50, again, "user", "more", minutes=50))

    assert finder(history_of(store, known.user))(chat="Cooking") == [21, 22, 50]


@pytest.mark.parametrize("name", ["Nothing", number(77), "", "%"])
def test_an_unknown_chat_is_an_error(found, name):
    with pytest.raises(ChatNotFoundError, match="no chat with the id or title"):
        found(chat=name)


def test_another_users_chat_is_unknown(shared_store, known):
    stranger = history_of(shared_store, known.stranger)

    with pytest.raises(ChatNotFoundError):
        stranger.messages(chat=known.birds)
    with pytest.raises(ChatNotFoundError):
        stranger.chats(chat=[number(4), known.birds.id])
    assert stranger.messages(chat="Birds")["id"].tolist() == [number(90)]


def test_the_title_of_a_chat_object_is_not_looked_at(found):
    with pytest.raises(ChatNotFoundError):
        found(chat=SimpleNamespace(id="Cooking", title="Cooking"))


def test_text_is_found_literally_and_in_any_case(found):
    assert found(contains="THEY hoot.") == [14]
    assert found(contains="100%") == [11]
    assert found(contains="boil_an egg") == [21]
    assert found(contains="Boil an") == found(contains="o%e") == found(contains=".*") == []
    assert found(contains="\n") == [12]


@pytest.mark.parametrize("text", ["ähnlich bei", "ÄHNLICH BEI", "Ähnlich bei", "FRÖSCHEN", "fröschen"])
def test_letters_beyond_ascii_are_found_in_their_usual_spellings(found, text):
    assert found(contains=text) == [12]


def test_characters_with_a_meaning_in_sql_are_only_characters(fresh):
    store, known = fresh
    found = finder(history_of(store, known.user))
    texts = ["it's", 'a "b"', "c:\\dir\\%s", "%%", "100%%", ":name", "\\", "%(x)s", "';--", "_%\\_", "{x}", "$1", "?"]
    for n, text in enumerate(texts):
        odd = chat(30 + n, known.user, text, minutes=50)
        holding = message(30 + n, odd, "user", f"before {text} after", minutes=50)
        other = message(60 + n, odd, "user", "before x after", minutes=51)
        add(store, known.user, odd, holding, other, ChatTag(chat_id=odd.id, tag=text))

    for n, text in enumerate(texts):
        assert found(contains=text, chat=text, tag=text) == [30 + n]
        assert found(chat=text, model=text) == []


def test_tags(found):
    assert found(tag="nature") == [10, 11, 12, 13, 14]
    assert found(tag=["nature", "other"]) == [10, 11, 12, 13, 14]
    assert found(tag="other") == []


def test_all_filters_must_hold(found):
    assert found(role="assistant", since=START, until=at(5), chat="Birds", contains="court", tag="nature") == [12]


def test_chats_count_only_the_messages_that_pass(history):
    chats = history.chats(role="assistant", until=at(5))

    assert chats["title"].tolist() == ["Birds", "Cooking"]
    assert chats["messages"].tolist() == [1, 1]
    assert chats["turns"].tolist() == [0, 0]
    assert chats["tokens"].tolist() == [9, 2]


def test_the_latency_of_chosen_replies_is_measured_from_questions_that_were_not(history):
    assert history.chats(model="small")["reply_latency"].tolist() == [60.0]
    assert history.chats(since=at(10.5))["reply_latency"].tolist() == [60.0]
    assert history.chats(role="user", chat="Birds")["reply_latency"].isna().all()


def test_chats_without_a_message_that_passes_are_left_out(history, known):
    assert history.chats(contains="egg")["title"].tolist() == ["Cooking"]
    assert history.chats(model="none").empty
    assert history.chats(chat=known.empty)["messages"].tolist() == [0]
    assert history.chats(tag="nature")["title"].tolist() == ["Birds"]


def test_a_user_without_chats_finds_nothing(fresh):
    store, _ = fresh
    nobody = history_of(store, add_user(store, "new@example.org"))

    assert nobody.messages(contains="a", model="big", since=START).empty
