"""Provider keys in the panel: added where they are missed, removed by a second click, saved with no notebook."""

from __future__ import annotations

import json

import pytest
from fake_openai import Fail, Say
from panel_page import EMAIL, KEY, PASSWORD, open_panel_without_key


@pytest.fixture
def panel(lab, fake_openai, monkeypatch):
    panel = open_panel_without_key(lab, fake_openai, monkeypatch)
    yield panel
    assert lab.errors == []
    assert lab.outside == []


def test_a_missing_key_is_added_where_it_is_missed(panel, fake_openai):
    panel.sign_up(EMAIL, PASSWORD)
    panel.submit()
    fake_openai.script(Say("Now it works."))
    panel.ask("Hello?")
    panel.wait_for_turns(1)

    panel.button("Add a key").click()
    chosen = panel.dialog.locator("select[name=provider]").input_value()
    panel.fill_in(key="sk-canary-that-is-wrong-0123")
    panel.submit()
    panel.dialog.get_by_role("alert").filter(has_text="openai refuses this key").wait_for()
    panel.fill_in(key=KEY)
    panel.submit()
    panel.dialog.get_by_text("openai has accepted the key").wait_for()
    panel.dialog.get_by_role("button", name="Close").click()
    panel.root.locator(".primer-again", has_text="Retry").click()

    panel.wait_for_turns(2)
    assert chosen == "openai"
    assert panel.texts("assistant")[-1] == "Now it works."


def test_the_choice_of_a_model_offers_to_add_the_key_that_it_lacks(panel):
    panel.button("Model: gpt").click()
    panel.root.get_by_role("radio", name="gemini").check()
    panel.button("Add a key").click()

    chosen = panel.dialog.locator("select[name=provider]")
    panel.page.wait_for_function("select => select.value === 'gemini'", arg=chosen.element_handle())
    panel.page.keyboard.press("Escape")

    assert panel.page.evaluate("() => document.activeElement.className") == "primer-pick"


def test_a_key_is_removed_by_a_second_click(panel, lab):
    panel.sign_up(EMAIL, PASSWORD)
    panel.submit()
    dialog = panel.open_dialog("Keys")
    panel.fill_in(key=KEY)
    panel.submit()
    remove = dialog.get_by_role("button", name="Remove the key for openai")
    remove.click()
    remove.press("Tab")
    kept = lab.execute("print([key.provider for key in ws.api_keys.list()])").strip()

    remove.click()
    remove.click()

    dialog.get_by_text("The key for openai was removed.").wait_for()
    assert kept == "['openai']"
    assert lab.execute("print(len(ws.api_keys.list()))").strip() == "0"


def test_nothing_of_an_account_is_saved_with_the_notebook(panel, lab, fake_openai):
    recovery_key = panel.sign_up(EMAIL, PASSWORD)
    panel.save_widget_state()
    lab.save()
    while_it_is_shown = json.dumps(lab.read())
    panel.submit()
    panel.open_dialog("Keys")
    panel.fill_in(key=KEY)
    lab.save()
    while_it_is_typed = json.dumps(lab.read())
    panel.submit()
    panel.dialog.get_by_text("has accepted the key").wait_for()
    panel.dialog.get_by_role("button", name="Close").click()
    fake_openai.script(Fail(401, "canary: no"))
    panel.ask("canary?")
    panel.wait_for_turns(1)
    lab.save()

    for saved in (while_it_is_shown, while_it_is_typed, json.dumps(lab.read())):
        assert "widget-state+json" in saved
        assert "Account" in saved
        assert "canary" not in saved
        assert recovery_key not in saved
