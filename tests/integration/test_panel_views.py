"""Who looks at a running reply, and what travels to them: views that come, go, lose a piece, or look elsewhere."""

from __future__ import annotations

import json

import pytest
from fake_front_end import drawn
from fake_openai import Say

import primer_nb
from primer_nb.markdown import render_markdown
from primer_nb.panel import Panel
from primer_nb.panel.words import say
from primer_nb.replies import running_reply

ANSWER = "Some *words*.\n\n```python\nprint(1)\n```\n\n1. one\n2. two\n\nThe end."


@pytest.fixture
def ws(sqlite_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect(sqlite_url) as workspace:
        yield workspace


def wait_for_end_of(panel: Panel) -> None:
    conversation = panel._conversation
    if reply := running_reply(conversation._session, conversation.chat_id):
        reply.wait()


def test_a_lost_piece_is_made_good_by_asking_again(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=3))
    front_end.ask(panel, "Tell me.")
    front_end.wait_for_a_word()

    front_end.look(panel)
    live = front_end.wait_for("page", 2)["messages"][-1]["live"]
    fake_openai.release()

    front_end.wait_until_idle(1)
    later = [delta for delta in front_end.all("delta") if delta["stream"] == live["stream"]]
    assert drawn(live, later) == (render_markdown(ANSWER), "")
    assert front_end.wait_for("end")["stream"] == live["stream"]


def test_a_page_in_the_middle_of_a_retry_shows_only_the_new_reply(panel, front_end, fake_openai):
    fake_openai.script(Say("first"), Say("second time", stall_after=1))
    front_end.ask(panel, "Well?")
    front_end.wait_until_idle(1)
    front_end.say(panel._transcript, "retry")
    front_end.wait_for("turn", 2)

    front_end.look(panel)

    question, reply = front_end.wait_for("page", 2)["messages"]
    assert question["text"] == "Well?"
    assert "live" in reply
    fake_openai.release()


def test_nobody_looks_so_nothing_is_sent_and_the_page_is_whole_on_return(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=2))
    front_end.ask(panel, "Tell me.")
    front_end.wait_for_a_word()
    front_end.say(panel._transcript, "pause", client="tab")
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats", 2)
    sent = len(front_end.all("delta"))

    fake_openai.release()
    wait_for_end_of(panel)
    front_end.look(panel)

    page = front_end.wait_for("page", 2)
    assert page["messages"][-1]["html"] == render_markdown(ANSWER)
    assert (len(front_end.all("delta")), front_end.all("end")) == (sent, [])


def test_a_reply_goes_on_while_another_chat_is_shown(panel, front_end, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=2))
    front_end.ask(panel, "Tell me.")
    front_end.wait_for_a_word()
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
    front_end.ask(panel, "Tell me.")
    front_end.wait_for_a_word()

    again = ws.panel()
    front_end.look(again)
    live = front_end.wait_for("page", 2)["messages"][-1]["live"]
    fake_openai.release()

    front_end.wait_for("end", 2)
    assert live["html"] + live["tail"] != ""
    assert len(fake_openai.calls) == 1
    again.close()


def test_a_closed_panel_leaves_the_reply_to_itself(panel, front_end, fake_openai, ws):
    fake_openai.script(Say("one two three", stall_after=1))
    front_end.ask(panel, "Count.")
    front_end.wait_for_a_word()

    panel.close()
    fake_openai.release()

    wait_for_end_of(panel)
    assert ws.chats.list()[0].messages()[-1].content == "one two three"


def test_a_reply_of_8000_tokens_takes_few_messages_and_linear_bytes(panel, front_end, fake_openai):
    words = [f"{'**word**' if n % 50 == 0 else 'word'}{'. ' if n % 12 else '.' + chr(10) * 2}" for n in range(8_000)]
    fake_openai.script(Say(words))

    front_end.ask(panel, "At length.")

    front_end.wait_until_idle(1)
    sent = [json.dumps(message) for message in front_end.messages]
    assert len(sent) <= 600
    assert sum(map(len, sent)) <= 20 * sum(map(len, words))


def test_the_notice_tells_that_older_messages_were_left_out(panel, front_end, fake_openai, ws):
    front_end.ask(panel, "word " * 3_000)
    front_end.wait_until_idle(1)
    front_end.ask(panel, "word " * 3_000)

    notice = front_end.wait_for("notice")
    assert notice["told"] == say("left_out")
    assert not notice["passes"]
    front_end.wait_until_idle(2)


@pytest.mark.parametrize(("is_wished", "is_looking", "told"), [(True, False, 1), (False, False, 0), (True, True, 0)])
def test_the_end_of_a_reply_is_told_to_who_looks_elsewhere_and_wishes_it(
    panel, front_end, fake_openai, ws, is_wished, is_looking, told
):
    ws.settings.notifications_enabled = is_wished
    fake_openai.script(Say(ANSWER, stall_after=2))
    front_end.ask(panel, "Tell me.")
    front_end.wait_for_a_word()
    front_end.say(panel._transcript, "hello" if is_looking else "pause", client="tab")

    fake_openai.release()

    front_end.wait_until(
        lambda: [
            chat for listed in front_end.all("chats") for chat in listed["state"]["chats"] if not chat["running"]
        ],
        "the end in the list",
    )
    assert front_end.all("ready") == [{"type": "ready"}] * told
