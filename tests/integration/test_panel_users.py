"""When somebody signs in or out, every panel shows what belongs to who works now, and nothing of who did before."""

from __future__ import annotations

import json

import pytest
from builders import add_chat, add_messages
from fake_openai import Say
from people import ADA, PASSWORD

from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.secret import Secret
from primer_nb.use_cases.accounts import register, sign_in, sign_out
from primer_nb.use_cases.settings import change_settings


@pytest.fixture
def ws(people, fake_openai, monkeypatch):
    """Somebody works without an account; Ada has one, with a chat and a preference."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    adas = people.sign_up()
    add_messages(adas.store, adas.user, add_chat(adas.store, adas.user, "Whales"), "Do they sing?", "They do.")
    change_settings(adas, language="de")
    workspace = people.connect()
    add_messages(
        workspace._session.store, workspace.user, add_chat(workspace._session.store, workspace.user, "Birds"), "A?"
    )
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1")
    workspace._session.providers.add(provider)
    return workspace


@pytest.fixture
def session(ws):
    return ws._session


def shown(front_end):
    """Return what the last page and the last list show."""
    page = front_end.all("page")[-1]
    titles = [chat["title"] for chat in front_end.all("chats")[-1]["state"]["chats"]]
    return [message.get("text") or message.get("html") for message in page["messages"]], titles


def wait_for_list(front_end, *titles):
    front_end.wait_until(
        lambda: front_end.all("chats") and shown(front_end)[1] == list(titles), f"a list of {titles}"
    )


def test_signing_in_shows_the_chats_of_who_signed_in(panel, front_end, session):
    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)

    wait_for_list(front_end, "Whales")
    assert shown(front_end)[0] == ["Do they sing?", "<p>They do.</p>\n"]
    assert panel._composer.words["language"] == "de"


def test_signing_out_shows_the_chats_of_the_local_user_again(panel, front_end, session):
    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)
    wait_for_list(front_end, "Whales")

    sign_out(session)

    wait_for_list(front_end, "Birds")
    assert shown(front_end)[0] == ["A?"]
    assert panel._composer.words["language"] == "en"


def test_signing_up_keeps_the_open_chat_open(panel, front_end, session):
    front_end.say(panel._chat_list, "new")
    front_end.wait_for("page", 2)

    register(session, "new@example.org", password=Secret(PASSWORD), stay=False)
    front_end.say(panel._chat_list, "hello")

    front_end.wait_for("chats", 2)
    assert len(front_end.all("page")) == 2
    assert shown(front_end)[1] == ["Birds"]


def test_a_choice_and_a_search_of_the_user_before_are_gone(panel, front_end, session):
    front_end.say(panel._chat_list, "search", text="Birds")
    front_end.say(panel._chat_list, "new")
    front_end.say(panel._composer, "choose", provider="custom", model="mine")
    front_end.wait_for("state")

    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)
    wait_for_list(front_end, "Whales")
    front_end.say(panel._chat_list, "new")
    front_end.say(panel._composer, "hello")

    front_end.wait_until(lambda: len(front_end.all("page")) == 4 and front_end.all("state"), "an empty page")
    front_end.wait_until(lambda: front_end.all("state")[-1]["state"]["model"] == "fake-1", "the default model")
    assert len(front_end.all("reset")) == 2


def test_a_reply_goes_on_for_who_asked_while_somebody_else_works(panel, front_end, session, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    front_end.ask(panel, "Count.")
    front_end.wait_for_a_word()
    reply = panel._conversation._following._feeds[panel._conversation.chat_id].reply

    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)
    wait_for_list(front_end, "Whales")
    before = len(front_end.messages)
    fake_openai.release()
    reply.wait()
    told_meanwhile = json.dumps(front_end.messages[before:])
    sign_out(session)

    wait_for_list(front_end, "Birds")
    assert shown(front_end)[0] == ["A?", "Count.", "<p>one two three four</p>\n"]
    assert "three" not in told_meanwhile


def test_a_reply_of_the_user_before_can_still_be_joined(panel, front_end, session, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    front_end.ask(panel, "Count.")
    front_end.wait_for_a_word()

    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)
    wait_for_list(front_end, "Whales")
    sign_out(session)
    wait_for_list(front_end, "Birds")
    fake_openai.release()

    front_end.wait_for("end")
    assert "live" in front_end.all("page")[-1]["messages"][-1]


def test_two_panels_change_together(panel, front_end, ws, session):
    other = ws.panel()
    front_end.say(other._transcript, "hello", client="other")
    front_end.wait_for("page", 2)

    sign_in(session, ADA, password=Secret(PASSWORD), stay=False)

    front_end.wait_until(lambda: len(front_end.all("page")) == 4, "a page in both")
    assert {page["messages"][0]["text"] for page in front_end.all("page")[2:]} == {"Do they sing?"}
    other.close()
