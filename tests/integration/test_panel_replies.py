"""What the panel does with replies, from the browser's message to the provider's socket and back."""

from __future__ import annotations

import pytest
from fake_front_end import drawn, read
from fake_openai import Fail, Say

import primer_nb
from primer_nb.markdown import render_markdown
from primer_nb.panel.words import say

ANSWER = "Some *words*.\n\n```python\nprint(1)\n```\n\n1. one\n2. two\n\nThe end."


@pytest.fixture
def ws(sqlite_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect(sqlite_url) as workspace:
        yield workspace


def test_a_message_is_stored_and_its_reply_streams(panel, front_end, fake_openai, ws):
    fake_openai.script(Say(ANSWER, delay=0.05))

    front_end.ask(panel, "Tell me.")

    front_end.wait_until_idle(1)
    question, reply = front_end.wait_for("turn")["messages"]
    assert (question["role"], question["text"]) == ("user", "Tell me.")
    assert len(front_end.all("delta")) > 1
    assert drawn(reply["live"], front_end.all("delta")) == (render_markdown(ANSWER), "")
    end = front_end.wait_for("end")
    assert end["message"]["id"] == reply["id"] == ws.chats.list()[0].messages()[-1].id
    assert end["message"]["model"] == "fake-1"
    assert end["message"]["tokens"] > 0
    assert end["message"]["seconds"] >= 0.1
    assert (end["error"], end["state"]) == (None, "ready")


def test_a_stored_message_leaves_the_box_and_the_list_has_its_chat(panel, front_end):
    front_end.ask(panel, "Names for a newsletter")

    front_end.wait_until_idle(1)
    listed = front_end.all("chats")[-1]["state"]
    assert front_end.wait_for("accepted")
    assert [chat["title"] for chat in listed["chats"]] == ["Names for a newsletter"]
    assert listed["current"] == listed["chats"][0]["id"]


def test_a_link_defined_at_the_end_redraws_the_reply(panel, front_end, fake_openai):
    text = "See [the page][1].\n\nMore words.\n\n[1]: https://example.org\n"
    fake_openai.script(Say(text, delay=0.05))

    front_end.ask(panel, "Where?")

    assert front_end.wait_for("end")["message"]["html"] == render_markdown(text)


def test_stop_keeps_what_has_arrived(panel, front_end, fake_openai, ws):
    fake_openai.script(Say("one two three four", stall_after=2))
    front_end.ask(panel, "Count.")
    front_end.wait_for_a_word()

    front_end.say(panel._composer, "stop")

    end = front_end.wait_for("end")
    assert (end["state"], end["message"]["outcome"]) == ("stopped", "stopped")
    assert ws.chats.list()[0].messages()[-1].content.startswith("one")


def test_a_reply_stopped_before_its_first_word_can_be_retried(panel, front_end, fake_openai):
    fake_openai.script(Say("never said", stall_after=0))
    front_end.ask(panel, "Count.")
    front_end.wait_for("turn")
    fake_openai.wait_until(lambda: fake_openai.calls)

    front_end.say(panel._composer, "stop")

    end = front_end.wait_for("end")
    assert (end["message"], end["state"]) == (None, "stopped")
    assert end["error"] == {"told": say("stopped_early"), "retry": "reply", "remedy": None}


def test_stop_also_works_from_a_cell(panel, front_end, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    front_end.ask(panel, "Count.")
    front_end.wait_for_a_word()

    panel.stop()

    assert front_end.wait_for("end")["state"] == "stopped"


def test_retry_takes_the_place_of_the_last_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("first"), Say("second"))
    front_end.ask(panel, "Well?")
    front_end.wait_until_idle(1)

    front_end.say(panel._transcript, "retry")

    front_end.wait_until_idle(2)
    asked = front_end.wait_for("turn", 1)["messages"][0]
    again = front_end.wait_for("turn", 2)
    assert (again["after"], [message["role"] for message in again["messages"]]) == (asked["id"], ["assistant"])
    front_end.look(panel)
    assert [m.get("html", m.get("text")) for m in front_end.wait_for("page", 2)["messages"]] == [
        "Well?",
        "<p>second</p>\n",
    ]


def test_an_edited_message_starts_another_branch(panel, front_end, fake_openai):
    fake_openai.script(Say("A sparrow."), Say("A whale."))
    front_end.ask(panel, "A bird?")
    front_end.wait_until_idle(1)
    asked = front_end.wait_for("turn")["messages"][0]["id"]

    front_end.ask(panel, "A mammal?", edit=asked)

    front_end.wait_until_idle(2)
    front_end.look(panel)
    page = front_end.wait_for("page", 3)
    assert [m.get("html", m.get("text")) for m in page["messages"]] == ["A mammal?", "<p>A whale.</p>\n"]


def test_a_failure_is_shown_in_place_and_retry_needs_no_retyping(panel, front_end, fake_openai):
    fake_openai.script(Fail(401, "Incorrect API key provided"), Say("Now it works."))
    front_end.ask(panel, "Hello?")
    end = front_end.wait_for("end")
    front_end.look(panel)
    reloaded = front_end.wait_for("page", 2)["error"]

    front_end.say(panel._transcript, "retry")

    front_end.wait_until_idle(2)
    assert end["message"] is None
    told = end["error"]["told"]
    assert "custom" in told["text"]
    assert "Traceback" not in told["text"]
    assert reloaded == end["error"]
    assert (end["error"]["retry"], end["error"]["remedy"]["provider"]) == ("reply", "custom")
    assert front_end.wait_for("end", 2)["error"] is None


@pytest.mark.parametrize("text", ["a NUL \x00 in it", "half a pair \ud83d", "   "])
def test_what_cannot_be_stored_stays_in_the_box_and_makes_no_chat(panel, front_end, ws, text):
    front_end.ask(panel, text)

    refused = front_end.wait_for("refused")
    assert "the message" in refused["told"]["text"]
    assert front_end.all("accepted") == []
    assert ws.chats.list() == []


def test_a_failure_of_our_own_shows_its_type_and_leaves_nothing(panel, front_end, ws, monkeypatch, capsys):
    def fail(*_, **__):
        raise RuntimeError("secret inside")

    monkeypatch.setattr("primer_nb.panel.conversation.start_reply", fail)

    front_end.ask(panel, "Hello?")

    refused = read(front_end.wait_for("refused")["told"])
    assert "RuntimeError" in refused
    assert "secret" not in refused
    assert ws.chats.list() == []
    assert capsys.readouterr() == ("", "")


def test_a_second_message_waits_for_the_end_of_the_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("one two", stall_after=1))
    front_end.ask(panel, "First.")
    front_end.wait_for_a_word()

    front_end.ask(panel, "Second.")

    assert "being answered" in front_end.wait_for("refused")["told"]["text"]
    fake_openai.release()


def test_the_last_question_is_offered_again(panel, front_end):
    front_end.ask(panel, "What was it?")
    front_end.wait_until_idle(1)

    front_end.say(panel._composer, "recall")

    assert front_end.wait_for("recall")["text"] == "What was it?"
