"""What a notebook keeps of a panel: its code and nothing that anybody wrote."""

from __future__ import annotations

import json

import ipywidgets
import pytest
from builders import add_chat, add_messages
from fake_front_end import FakeFrontEnd, read

import primer_nb

CANARY = "canary-5af3"


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def panel(sqlite_url, front_end):
    with primer_nb.connect(sqlite_url) as ws:
        chat = add_chat(ws._session.store, ws.user, f"title {CANARY}")
        add_messages(ws._session.store, ws.user, chat, f"question {CANARY}", f"answer {CANARY}")
        panel = ws.panel()
        for part in panel._parts:
            front_end.say(part, "hello", client="tab")
        for kind in ("page", "chats", "state", "who"):
            front_end.wait_for(kind)
        yield panel
        panel.close()


def test_the_conversation_is_in_messages_and_in_no_trait(panel, front_end):
    saved = ipywidgets.Widget.get_manager_state()

    assert CANARY in json.dumps(front_end.messages)
    assert CANARY not in json.dumps(saved)
    assert CANARY not in json.dumps(front_end.states)


def test_the_traits_of_the_parts_are_code_layout_and_the_panels_own_words(panel):
    ours = {name for part in panel._parts for name in part.keys if not name.startswith("_")}

    assert ours == {"layout", "tabbable", "tooltip", "words"}


def test_what_is_displayed_is_one_line_and_a_view(panel):
    bundle = panel._repr_mimebundle_()

    assert bundle["text/plain"] == repr(panel) == "<Panel of primer_nb: run the cell to see the chat>"
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def test_no_part_shows_more_of_itself_than_its_name(panel):
    assert [repr(part) for part in panel._parts] == ["<ChatList>", "<Transcript>", "<Composer>", "<Account>"]


def test_an_unknown_or_broken_message_of_the_browser_changes_nothing(panel, front_end):
    before = len(front_end.messages)

    front_end.say(panel._transcript, "close")
    front_end.say(panel._transcript, "on_msg")
    panel._transcript.comm.handle_msg(
        {"content": {"data": {"method": "custom", "content": ["no dict"]}}, "buffers": []}
    )

    assert len(front_end.messages) == before


def test_a_message_that_lacks_a_part_is_told_in_the_panel(panel, front_end, capsys):
    front_end.say(panel._transcript, "earlier")

    assert "KeyError" in read(front_end.wait_for("error")["error"]["told"])
    assert capsys.readouterr() == ("", "")


def test_closing_twice_is_allowed_and_ends_the_views(panel):
    panel.close()
    panel.close()

    assert panel.comm is None
    assert panel._transcript.comm is None
