"""The list of chats and the choice of who answers, without any provider."""

from __future__ import annotations

import threading

import pytest
from builders import add_chat, add_messages
from fake_front_end import FakeFrontEnd

import primer_nb
from primer_nb.errors import MissingKeyError
from primer_nb.panel import browsing


class Shelf:
    """A provider that only lists models."""

    name = "shelf"
    default_model = "shelf-1"

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.error: Exception | None = None

    def models(self) -> list[str]:
        self.may_answer.wait(60)
        if self.error:
            raise self.error
        return ["shelf-1", "shelf-2"]


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def shelf():
    shelf = Shelf()
    yield shelf
    shelf.may_answer.set()


@pytest.fixture
def ws(sqlite_url, shelf, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "shelf")
    with primer_nb.connect(sqlite_url) as workspace:
        workspace._session.providers.add(shelf)
        yield workspace


@pytest.fixture
def birds(ws):
    chat = add_chat(ws._session.store, ws.user, "Birds")
    add_messages(ws._session.store, ws.user, chat, "What sings?", "A nightingale.")
    return chat


@pytest.fixture
def panel(ws, birds, front_end):
    add_chat(ws._session.store, ws.user, "Whales")
    panel = ws.panel(birds.id)
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats")
    yield panel
    panel.close()


def titles(message):
    return [chat["title"] for chat in message["state"]["chats"]]


def test_the_list_shows_the_last_changed_first_and_marks_the_open_one(panel, front_end, birds):
    state = front_end.wait_for("chats")["state"]

    assert [chat["title"] for chat in state["chats"]] == ["Whales", "Birds"]
    assert (state["current"], state["title"], state["hasMore"]) == (birds.id, "Birds", False)


def test_a_chat_without_a_title_is_left_for_the_browser_to_name(panel, front_end, ws):
    add_chat(ws._session.store, ws.user, None)

    front_end.say(panel._chat_list, "hello")

    assert titles(front_end.wait_for("chats", 2))[0] == ""


def test_more_chats_than_the_list_holds_are_mentioned(panel, front_end, monkeypatch):
    monkeypatch.setattr(browsing, "LISTED", 1)

    front_end.say(panel._chat_list, "hello")

    state = front_end.wait_for("chats", 2)["state"]
    assert (len(state["chats"]), state["hasMore"]) == (1, True)


def test_search_finds_titles_and_messages(panel, front_end):
    front_end.say(panel._chat_list, "search", text="whale")
    front_end.say(panel._chat_list, "search", text="NIGHTINGALE")
    front_end.say(panel._chat_list, "search", text="")

    assert titles(front_end.wait_for("chats", 2)) == ["Whales"]
    assert titles(front_end.wait_for("chats", 3)) == ["Birds"]
    assert titles(front_end.wait_for("chats", 4)) == ["Whales", "Birds"]


def test_opening_a_chat_shows_its_page(panel, front_end, ws):
    whales = ws.chats["Whales"]

    front_end.say(panel._chat_list, "open", chat_id=whales.id)

    assert front_end.wait_for("page")["chat"] == whales.id
    assert front_end.wait_for("chats", 2)["state"]["current"] == whales.id


def test_renaming_changes_the_title(panel, front_end, birds, ws):
    front_end.say(panel._chat_list, "rename", chat_id=birds.id, title="Song birds")

    assert titles(front_end.wait_for("chats", 2)) == ["Song birds", "Whales"]
    assert ws.chats.get(birds.id).title == "Song birds"


def test_a_title_that_cannot_be_stored_is_refused_above_the_list(panel, front_end, birds, ws):
    front_end.say(panel._chat_list, "rename", chat_id=birds.id, title="x" * 300)

    assert "255" in front_end.wait_for("error")["told"]["text"]
    assert ws.chats.get(birds.id).title == "Birds"


def test_deleting_the_open_chat_shows_an_empty_one(panel, front_end, birds, ws):
    front_end.say(panel._chat_list, "delete", chat_id=birds.id)

    assert titles(front_end.wait_for("chats", 2)) == ["Whales"]
    assert front_end.wait_for("page")["chat"] is None
    assert [chat.title for chat in ws.chats.list()] == ["Whales"]


def test_a_chat_that_another_program_deleted_is_told_and_leaves_the_list(panel, front_end, birds, ws):
    ws.chats.get(birds.id).delete()

    front_end.say(panel._transcript, "hello", client="tab")
    front_end.say(panel._chat_list, "hello")

    assert "there is no chat" in front_end.wait_for("error")["error"]["told"]["text"]
    assert titles(front_end.wait_for("chats", 2)) == ["Whales"]


def test_the_composer_shows_who_answers(panel, front_end):
    front_end.say(panel._composer, "hello")

    state = front_end.wait_for("state")["state"]
    assert (state["provider"], state["model"], state["running"]) == ("shelf", "shelf-1", False)
    assert {"shelf", "local", "openai"} <= set(state["providers"])


def test_models_are_asked_for_without_keeping_anything_else_waiting(panel, front_end, shelf):
    front_end.say(panel._composer, "models", provider="shelf")
    front_end.say(panel._composer, "hello")
    front_end.wait_for("state")

    shelf.may_answer.set()

    assert front_end.wait_for("models")["names"] == ["shelf-1", "shelf-2"]


def test_a_provider_that_lists_no_models_says_why(panel, front_end, shelf):
    shelf.error = MissingKeyError("no key for shelf; set SHELF_KEY")
    shelf.may_answer.set()

    front_end.say(panel._composer, "models", provider="shelf")
    front_end.say(panel._composer, "models", provider="no such thing")

    front_end.wait_for("models", 2)
    told = {message["provider"]: message["error"]["text"] for message in front_end.all("models")}
    assert told["shelf"] == "no key for shelf; set SHELF_KEY"
    ways = {message["provider"]: message["remedy"] for message in front_end.all("models")}
    assert ways == {"shelf": {"section": "keys", "provider": "shelf"}, "no such thing": None}
    assert "no such thing" in told["no such thing"]


def test_any_name_of_a_model_may_be_chosen_and_stays_with_the_chat(panel, front_end, birds, ws):
    front_end.say(panel._composer, "choose", provider="shelf", model="a-model-nobody-listed")

    state = front_end.wait_for("state")["state"]
    assert (state["provider"], state["model"]) == ("shelf", "a-model-nobody-listed")
    assert ws.chats.get(birds.id).model == "a-model-nobody-listed"


def test_no_name_means_the_providers_own_choice(panel, front_end):
    front_end.say(panel._composer, "choose", provider="shelf", model="")

    assert front_end.wait_for("state")["state"]["model"] == "shelf-1"


def test_a_choice_for_a_chat_that_is_not_stored_yet_is_kept(panel, front_end):
    front_end.say(panel._chat_list, "new")
    front_end.say(panel._composer, "choose", provider="openai", model="gpt-x")

    front_end.say(panel._composer, "hello")

    state = front_end.wait_for("state", 3)["state"]
    assert (state["provider"], state["model"]) == ("openai", "gpt-x")


def test_a_provider_that_is_gone_is_shown_by_its_name(panel, front_end, birds, ws):
    from primer_nb.use_cases.chats import choose_model

    choose_model(ws._session, birds.id, provider="vanished", model="old-1")

    front_end.say(panel._composer, "hello")

    state = front_end.wait_for("state")["state"]
    assert (state["provider"], state["model"]) == ("vanished", "old-1")
