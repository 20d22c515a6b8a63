"""What a browser gets when it opens a chat: one page, whatever the chat."""

from __future__ import annotations

import json

import pytest
from builders import add_chat, add_messages
from fake_front_end import FakeFrontEnd

import primer_nb
from primer_nb.errors import ChatNotFoundError
from primer_nb.panel import Panel
from primer_nb.panel import pages as pages_module
from primer_nb.panel.words import say


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def ws(sqlite_url):
    with primer_nb.connect(sqlite_url) as workspace:
        yield workspace


@pytest.fixture
def open_panel(ws, front_end):
    """Open a chat of the given messages and return its panel, the page being there."""
    opened = []

    def open_it(*contents: str) -> Panel:
        chat = add_chat(ws._session.store, ws.user)
        add_messages(ws._session.store, ws.user, chat, *contents)
        panel = ws.panel(chat.id)
        opened.append(panel)
        front_end.say(panel._transcript, "hello", client="tab")
        front_end.wait_for("page", len(opened))
        return panel

    yield open_it
    for panel in opened:
        panel.close()


def test_a_question_travels_as_text_and_an_answer_as_html(open_panel, front_end):
    open_panel("<b>bold?</b>", "**bold**")

    question, answer = front_end.wait_for("page")["messages"]

    assert question["text"] == "<b>bold?</b>"
    assert "html" not in question
    assert answer["html"] == "<p><strong>bold</strong></p>\n"


def test_a_page_holds_the_end_and_says_that_there_is_more(open_panel, front_end):
    open_panel(*(f"message {n}" for n in range(120)))

    page = front_end.wait_for("page")

    assert [page["messages"][0]["text"], len(page["messages"])] == ["message 70", 50]
    assert page["has_earlier"]


def test_earlier_messages_come_a_page_at_a_time(open_panel, front_end):
    panel = open_panel(*(f"message {n}" for n in range(60)))
    first = front_end.wait_for("page")["messages"][0]["id"]

    front_end.say(panel._transcript, "earlier", before=first)

    earlier = front_end.wait_for("earlier")
    assert [message.get("text") for message in earlier["messages"]][::2] == [f"message {n}" for n in range(0, 10, 2)]
    assert earlier["before"] == first
    assert not earlier["has_earlier"]


def test_ten_thousand_messages_open_with_one_small_message(open_panel, front_end):
    open_panel(*(f"message {n} says **something** about `code`" for n in range(10_000)))

    page = front_end.wait_for("page")

    assert [message["type"] for message in front_end.messages].count("page") == 1
    assert len(json.dumps(page)) <= 100_000


def test_a_page_of_long_messages_stays_under_a_quarter_of_a_megabyte(open_panel, front_end):
    open_panel(*("word " * 8_000 for _ in range(20)))

    page = front_end.wait_for("page")

    assert len(json.dumps(page).encode()) <= 256_000
    assert len(page["messages"]) > 1
    assert page["has_earlier"]


@pytest.mark.parametrize("role", ["question", "answer"])
def test_a_message_of_a_megabyte_is_shown_in_part_and_copied_whole(open_panel, front_end, role):
    text = "Lots of it. " * 90_000
    panel = open_panel(*([text] if role == "question" else ["?", text]))
    shown = front_end.wait_for("page")["messages"][-1]

    front_end.say(panel._transcript, "source", message_id=shown["id"])

    assert shown["clipped"] == len(text) - pages_module.LONGEST
    assert front_end.wait_for("source")["text"] == text


def test_a_reply_is_rendered_once(open_panel, front_end, monkeypatch):
    rendered = []
    render = pages_module.render_markdown
    monkeypatch.setattr(pages_module, "render_markdown", lambda text: rendered.append(text) or render(text))
    panel = open_panel("?", "*yes*")

    front_end.say(panel._transcript, "hello", client="other tab")

    assert front_end.wait_for("page", 2)["messages"] == front_end.wait_for("page", 1)["messages"]
    assert rendered == ["*yes*"]


def test_no_more_rendered_messages_are_kept_than_a_window_needs(monkeypatch):
    monkeypatch.setattr(pages_module, "_REMEMBERED", 2)
    pages = pages_module.Pages(None)

    for number in range(5):
        pages.remember(str(number), f"<p>{number}</p>")

    assert list(pages._rendered) == ["3", "4"]


def test_a_question_without_an_answer_offers_to_retry(open_panel, front_end):
    open_panel("anybody there?")

    error = front_end.wait_for("page")["error"]

    assert error == {"told": say("unanswered"), "retry": "reply", "remedy": None}


def test_without_a_chat_the_last_changed_one_opens(ws, front_end):
    older, newer = add_chat(ws._session.store, ws.user), add_chat(ws._session.store, ws.user)
    add_messages(ws._session.store, ws.user, older, "old")
    add_messages(ws._session.store, ws.user, newer, "new")
    panel = ws.panel()

    front_end.say(panel._transcript, "hello", client="tab")

    assert front_end.wait_for("page")["chat"] == newer.id


def test_without_any_chat_there_is_an_empty_page(ws, front_end):
    panel = ws.panel()

    front_end.say(panel._transcript, "hello", client="tab")

    page = front_end.wait_for("page")
    assert (page["chat"], page["messages"], page["error"]) == (None, [], None)


def test_an_unknown_chat_is_refused_where_the_panel_is_made(ws, front_end):
    with pytest.raises(ChatNotFoundError):
        Panel(ws._session, "01a20000-0000-7000-8000-000000000000")
