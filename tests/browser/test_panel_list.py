"""The list of chats and the choice of a model, by keyboard and pointer."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages
from panel_page import CELL, PanelPage

import primer_nb


@pytest.fixture
def panel(lab, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect() as ws:
        for title, text in (("Whales", "Do they sing?"), ("<b>Birds</b>", "A nightingale?")):
            add_messages(ws._session.store, ws.user, add_chat(ws._session.store, ws.user, title), text, "Yes.")
    lab.write(CELL)
    lab.open().run_all()
    panel = PanelPage(lab)
    panel.row("<b>Birds</b>").wait_for()
    yield panel
    assert lab.errors == []


def test_a_chat_is_opened_renamed_and_deleted_by_keys_alone(panel, lab):
    panel.row("<b>Birds</b>").focus()
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("Enter")
    panel.wait_for_text("Do they sing?")

    panel.page.keyboard.press("F2")
    panel.page.keyboard.type("Singing whales")
    panel.page.keyboard.press("Enter")
    panel.row("Singing whales").wait_for()
    panel.page.keyboard.press("Delete")
    panel.page.keyboard.press("Shift+Tab")
    panel.page.keyboard.press("Enter")

    panel.row("Singing whales").wait_for(state="detached")
    panel.root.get_by_text("What do you want to find out?").wait_for()
    assert lab.execute("print([chat.title for chat in ws.chats.list()])").strip() == "['<b>Birds</b>']"


def test_deleting_asks_first_and_keeps_by_default(panel, lab):
    panel.row("Whales").hover()
    panel.button("Delete “Whales”").click()
    focused = panel.page.evaluate("() => document.activeElement.textContent")
    panel.page.keyboard.press("Enter")

    panel.row("Whales").wait_for()
    assert focused == "Keep"
    assert lab.execute("print(len(ws.chats.list()))").strip() == "2"


def test_a_title_is_given_up_with_escape_and_kept_by_leaving_the_box(panel):
    panel.row("Whales").press("F2")
    panel.page.keyboard.type("Nonsense")
    panel.page.keyboard.press("Escape")
    panel.row("Whales").wait_for()

    panel.row("Whales").press("F2")
    panel.page.keyboard.type("Big whales")
    panel.box.click()

    panel.row("Big whales").wait_for()
    assert panel.box.evaluate("box => box === document.activeElement")


def test_search_finds_what_was_said(panel):
    panel.root.get_by_role("searchbox", name="Search chats").fill("nightingale")

    panel.row("Whales").wait_for(state="detached")
    assert panel.row("<b>Birds</b>").is_visible()


def test_a_new_chat_is_listed_with_its_first_message_and_the_old_one_stays(panel):
    panel.start_new_chat()
    panel.root.get_by_role("button", name="Write a Python function").click()
    example = panel.box.input_value()

    panel.box.press("Enter")
    panel.wait_for_turns(1)

    panel.row("Write a Python function").wait_for()
    assert panel.texts("user") == [example]
    assert panel.row("<b>Birds</b>").is_visible()


def test_a_model_is_chosen_from_the_list_or_by_any_name(panel, fake_openai):
    panel.button("Model: fake-1").click()
    panel.page.keyboard.type("fake-2")
    panel.root.get_by_role("option", name="fake-2").wait_for()
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("Enter")
    panel.button("Model: fake-2").wait_for()
    panel.ask("Hello?")
    panel.wait_for_turns(1)

    panel.button("Model: fake-2").click()
    panel.page.keyboard.type("no-such-model")
    panel.page.keyboard.press("Enter")
    panel.button("Model: no-such-model").wait_for()
    panel.ask("Hello again?")
    panel.wait_for_turns(2)

    assert [call.body["model"] for call in fake_openai.calls] == ["fake-2", "no-such-model"]
    assert "no-such-model" in panel.root.get_by_role("alert").filter(has_text="model").inner_text()


def test_a_provider_without_a_key_says_so_in_the_picker(panel):
    panel.button("Model: fake-1").click()

    panel.root.get_by_role("radio", name="openai").check()

    panel.root.get_by_text("OPENAI_API_KEY").wait_for()
