"""What the panel does with replies, from the browser's message to the provider's socket and back."""

from __future__ import annotations

import json

import pytest
from fake_front_end import FakeFrontEnd
from fake_openai import Fail, Say

import primer_nb
from primer_nb.markdown import render_markdown
from primer_nb.panel import Panel
from primer_nb.replies import running_reply

ANSWER = "Some *words*.\n\n```python\nprint(1)\n```\n\n1. one\n2. two\n\nThe end."


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def ws(sqlite_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect(sqlite_url) as workspace:
        yield workspace


@pytest.fixture
def panel(ws, front_end):
    panel = ws.panel()
    look(front_end, panel)
    front_end.wait_for("page")
    yield panel
    panel.close()


def look(front_end: FakeFrontEnd, panel: Panel) -> None:
    front_end.say(panel._transcript, "hello", client="tab")


def send(front_end: FakeFrontEnd, panel: Panel, text: str, **more: str) -> None:
    front_end.say(panel._composer, "send", text=text, **more)


def wait_for_a_word(front_end: FakeFrontEnd) -> None:
    """Wait for the first text of the first reply, which may come with the turn or after it."""
    live = front_end.wait_for("turn")["messages"][-1]["live"]
    front_end.wait_until(lambda: live["tail"] or front_end.all("delta"), "a word")


def wait_until_idle(front_end: FakeFrontEnd, turns: int) -> None:
    """Wait for the end of a reply and for what the worker sends after it."""
    front_end.wait_for("end", turns)
    front_end.wait_until(
        lambda: (
            front_end.messages[-1]["type"] == "chats"
            and not any(c["running"] for c in front_end.messages[-1]["state"]["chats"])
        ),
        "a list without a running reply",
    )


def drawn(live: dict, deltas: list[dict]) -> tuple[str, str]:
    """Put the pieces of a reply together as the browser does."""
    html, tail = live["html"], live["tail"]
    for number, delta in enumerate(deltas, live["seq"] + 1):
        assert delta["seq"] == number
        html += delta["html"]
        tail = delta["tail"] if delta["replace"] else tail + delta["tail"]
    return html, tail


def test_a_message_is_stored_and_its_reply_streams(panel, front_end, fake_openai, ws):
    fake_openai.script(Say(ANSWER, delay=0.05))

    send(front_end, panel, "Tell me.")

    wait_until_idle(front_end, 1)
    question, reply = front_end.wait_for("turn")["messages"]
    assert (question["role"], question["text"]) == ("user", "Tell me.")
    assert len(front_end.all("delta")) > 1
    assert drawn(reply["live"], front_end.all("delta")) == (render_markdown(ANSWER), "")
    end = front_end.wait_for("end")
    assert end["message"]["id"] == reply["id"] == ws.chats.list()[0].messages()[-1].id
    assert end["message"]["model"] == "fake-1"
    assert "token" in end["message"]["note"]
    assert (end["error"], end["state"]) == (None, "ready")


def test_a_stored_message_leaves_the_box_and_the_list_has_its_chat(panel, front_end):
    send(front_end, panel, "Names for a newsletter")

    wait_until_idle(front_end, 1)
    listed = front_end.all("chats")[-1]["state"]
    assert front_end.wait_for("accepted")
    assert [chat["title"] for chat in listed["chats"]] == ["Names for a newsletter"]
    assert listed["current"] == listed["chats"][0]["id"]


def test_a_link_defined_at_the_end_redraws_the_reply(panel, front_end, fake_openai):
    text = "See [the page][1].\n\nMore words.\n\n[1]: https://example.org\n"
    fake_openai.script(Say(text, delay=0.05))

    send(front_end, panel, "Where?")

    assert front_end.wait_for("end")["message"]["html"] == render_markdown(text)


def test_a_lost_piece_is_made_good_by_asking_again(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=3))
    send(front_end, panel, "Tell me.")
    wait_for_a_word(front_end)

    look(front_end, panel)
    live = front_end.wait_for("page", 2)["messages"][-1]["live"]
    fake_openai.release()

    wait_until_idle(front_end, 1)
    later = [delta for delta in front_end.all("delta") if delta["stream"] == live["stream"]]
    assert drawn(live, later) == (render_markdown(ANSWER), "")
    assert front_end.wait_for("end")["stream"] == live["stream"]


def test_stop_keeps_what_has_arrived(panel, front_end, fake_openai, ws):
    fake_openai.script(Say("one two three four", stall_after=2))
    send(front_end, panel, "Count.")
    wait_for_a_word(front_end)

    front_end.say(panel._composer, "stop")

    end = front_end.wait_for("end")
    assert (end["state"], end["message"]["outcome"]) == ("stopped", "Stopped")
    assert ws.chats.list()[0].messages()[-1].content.startswith("one")


def test_a_reply_stopped_before_its_first_word_can_be_retried(panel, front_end, fake_openai):
    fake_openai.script(Say("never said", stall_after=0))
    send(front_end, panel, "Count.")
    front_end.wait_for("turn")
    fake_openai.wait_until(lambda: fake_openai.calls)

    front_end.say(panel._composer, "stop")

    end = front_end.wait_for("end")
    assert (end["message"], end["state"]) == (None, "stopped")
    assert end["error"] == {"text": "The reply was stopped before its first word.", "retry": "reply"}


def test_stop_also_works_from_a_cell(panel, front_end, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    send(front_end, panel, "Count.")
    wait_for_a_word(front_end)

    panel.stop()

    assert front_end.wait_for("end")["state"] == "stopped"


def test_retry_takes_the_place_of_the_last_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("first"), Say("second"))
    send(front_end, panel, "Well?")
    wait_until_idle(front_end, 1)

    front_end.say(panel._transcript, "retry")

    wait_until_idle(front_end, 2)
    asked = front_end.wait_for("turn", 1)["messages"][0]
    again = front_end.wait_for("turn", 2)
    assert (again["after"], [message["role"] for message in again["messages"]]) == (asked["id"], ["assistant"])
    look(front_end, panel)
    assert [m.get("html", m.get("text")) for m in front_end.wait_for("page", 2)["messages"]] == [
        "Well?",
        "<p>second</p>\n",
    ]


def test_a_page_in_the_middle_of_a_retry_shows_only_the_new_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("first"), Say("second time", stall_after=1))
    send(front_end, panel, "Well?")
    wait_until_idle(front_end, 1)
    front_end.say(panel._transcript, "retry")
    front_end.wait_for("turn", 2)

    look(front_end, panel)

    question, reply = front_end.wait_for("page", 2)["messages"]
    assert question["text"] == "Well?"
    assert "live" in reply
    fake_openai.release()


def test_an_edited_message_starts_another_branch(panel, front_end, fake_openai):
    fake_openai.script(Say("A sparrow."), Say("A whale."))
    send(front_end, panel, "A bird?")
    wait_until_idle(front_end, 1)
    asked = front_end.wait_for("turn")["messages"][0]["id"]

    send(front_end, panel, "A mammal?", edit=asked)

    wait_until_idle(front_end, 2)
    look(front_end, panel)
    page = front_end.wait_for("page", 3)
    assert [m.get("html", m.get("text")) for m in page["messages"]] == ["A mammal?", "<p>A whale.</p>\n"]


def test_a_failure_is_shown_in_place_and_retry_needs_no_retyping(panel, front_end, fake_openai):
    fake_openai.script(Fail(401, "Incorrect API key provided"), Say("Now it works."))
    send(front_end, panel, "Hello?")
    end = front_end.wait_for("end")
    look(front_end, panel)
    reloaded = front_end.wait_for("page", 2)["error"]

    front_end.say(panel._transcript, "retry")

    wait_until_idle(front_end, 2)
    assert end["message"] is None
    assert "custom" in end["error"]["text"]
    assert "Traceback" not in end["error"]["text"]
    assert reloaded == end["error"] == {"text": end["error"]["text"], "retry": "reply"}
    assert front_end.wait_for("end", 2)["error"] is None


@pytest.mark.parametrize("text", ["a NUL \x00 in it", "half a pair \ud83d", "   "])
def test_what_cannot_be_stored_stays_in_the_box_and_makes_no_chat(panel, front_end, ws, text):
    send(front_end, panel, text)

    refused = front_end.wait_for("refused")
    assert "the message" in refused["text"]
    assert front_end.all("accepted") == []
    assert ws.chats.list() == []


def test_a_failure_of_our_own_shows_its_type_and_leaves_nothing(panel, front_end, ws, monkeypatch, capsys):
    def fail(*_, **__):
        raise RuntimeError("secret inside")

    monkeypatch.setattr("primer_nb.panel.conversation.start_reply", fail)

    send(front_end, panel, "Hello?")

    refused = front_end.wait_for("refused")["text"]
    assert "RuntimeError" in refused
    assert "secret" not in refused
    assert ws.chats.list() == []
    assert capsys.readouterr() == ("", "")


def test_a_second_message_waits_for_the_end_of_the_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("one two", stall_after=1))
    send(front_end, panel, "First.")
    wait_for_a_word(front_end)

    send(front_end, panel, "Second.")

    assert "being answered" in front_end.wait_for("refused")["text"]
    fake_openai.release()


def test_nobody_looks_so_nothing_is_sent_and_the_page_is_whole_on_return(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=2))
    send(front_end, panel, "Tell me.")
    wait_for_a_word(front_end)
    front_end.say(panel._transcript, "pause", client="tab")
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats", 2)
    sent = len(front_end.all("delta"))

    fake_openai.release()
    wait_for_end_of(panel)
    look(front_end, panel)

    page = front_end.wait_for("page", 2)
    assert page["messages"][-1]["html"] == render_markdown(ANSWER)
    assert (len(front_end.all("delta")), front_end.all("end")) == (sent, [])


def wait_for_end_of(panel: Panel) -> None:
    conversation = panel._conversation
    if reply := running_reply(conversation._session, conversation.chat_id):
        reply.wait()


def test_a_reply_goes_on_while_another_chat_is_shown(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=2))
    send(front_end, panel, "Tell me.")
    wait_for_a_word(front_end)
    chat_id = panel._conversation.chat_id

    front_end.say(panel._chat_list, "new")
    front_end.wait_for("page", 2)
    fake_openai.release()
    front_end.wait_until(
        lambda: [chat["running"] for chat in front_end.all("chats")[-1]["state"]["chats"]] == [False],
        "the end in the list",
    )
    front_end.say(panel._chat_list, "open", chat_id=chat_id)

    assert front_end.wait_for("page", 2)["chat"] is None
    assert front_end.wait_for("page", 3)["messages"][-1]["html"] == render_markdown(ANSWER)


def test_a_cell_that_runs_again_joins_the_running_reply(panel, front_end, fake_openai, ws):
    fake_openai.script(Say(ANSWER, stall_after=2))
    send(front_end, panel, "Tell me.")
    wait_for_a_word(front_end)

    again = ws.panel()
    look(front_end, again)
    live = front_end.wait_for("page", 2)["messages"][-1]["live"]
    fake_openai.release()

    front_end.wait_for("end", 2)
    assert live["html"] + live["tail"] != ""
    assert len(fake_openai.calls) == 1
    again.close()


def test_a_closed_panel_leaves_the_reply_to_itself(panel, front_end, fake_openai, ws):
    fake_openai.script(Say("one two three", stall_after=1))
    send(front_end, panel, "Count.")
    wait_for_a_word(front_end)

    panel.close()
    fake_openai.release()

    wait_for_end_of(panel)
    assert ws.chats.list()[0].messages()[-1].content == "one two three"


def test_a_reply_of_8000_tokens_takes_few_messages_and_linear_bytes(panel, front_end, fake_openai):
    words = [f"{'**word**' if n % 50 == 0 else 'word'}{'. ' if n % 12 else '.' + chr(10) * 2}" for n in range(8_000)]
    fake_openai.script(Say(words))

    send(front_end, panel, "At length.")

    wait_until_idle(front_end, 1)
    sent = [json.dumps(message) for message in front_end.messages]
    assert len(sent) <= 600
    assert sum(map(len, sent)) <= 20 * sum(map(len, words))


def test_the_notice_tells_that_older_messages_were_left_out(panel, front_end, fake_openai, ws):
    send(front_end, panel, "word " * 3_000)
    wait_until_idle(front_end, 1)
    send(front_end, panel, "word " * 3_000)

    notice = front_end.wait_for("notice")
    assert "left out" in notice["text"]
    assert not notice["passes"]
    wait_until_idle(front_end, 2)


def test_the_last_question_is_offered_again(panel, front_end):
    send(front_end, panel, "What was it?")
    wait_until_idle(front_end, 1)

    front_end.say(panel._composer, "recall")

    assert front_end.wait_for("recall")["text"] == "What was it?"
