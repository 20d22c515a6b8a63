"""A recovery key in JupyterLab: seen after a click, copied, gone after a reload, and never in the saved notebook."""

from __future__ import annotations

import json
import re

import pytest
from panel_page import PanelPage

CELLS = [
    """\
import primer_nb, secrets
ws = primer_nb.connect(":memory:")
key = ws.register("ada@example.org", password=secrets.token_urlsafe(20))""",
    "key",
]
KEY = re.compile(r"(?:[0-9A-Z]{4}-){8}[0-9A-Z]{4}")


@pytest.fixture
def once(lab):
    """The widget, drawn."""
    lab.open(lab.write(*CELLS))
    lab.run_all()
    root = lab.page.locator(".primer-once")
    root.get_by_role("button", name="Show once").wait_for()
    return root


def test_a_click_shows_the_key_and_saving_keeps_nothing_of_it(lab, once):
    PanelPage(lab).save_widget_state()
    once.get_by_role("button", name="Show once").click()
    once.locator("code").get_by_text(KEY).wait_for()
    shown = once.locator("code").inner_text()

    lab.save()

    saved = json.dumps(lab.read())
    assert shown == lab.execute("print(key.reveal())").strip()
    assert shown not in saved
    assert "Show once" in saved  # the widget's words: its state was saved
    assert lab.errors == []
    assert lab.outside == []


def test_the_key_is_copied_by_the_button_beside_it(lab, once):
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    once.get_by_role("button", name="Show once").press("Enter")
    once.get_by_role("button", name="Copy").click()
    once.get_by_role("button", name="Copied").wait_for()

    assert KEY.fullmatch(lab.page.evaluate("() => navigator.clipboard.readText()"))


def test_a_reloaded_page_finds_it_gone(lab, once):
    once.get_by_role("button", name="Show once").click()
    once.locator("code").get_by_text(KEY).wait_for()
    lab.save()

    lab.reload()
    again = lab.page.locator(".primer-once")
    again.get_by_text("It has been shown.").wait_for()

    assert again.get_by_role("button").count() == 0
    assert KEY.search(again.inner_text()) is None


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_by_everybody(lab, dark):
    lab.open(lab.write(*CELLS), dark=dark)
    lab.run_all()
    lab.page.locator(".primer-once").get_by_role("button", name="Show once").wait_for()
    hidden = lab.accessibility_violations(".primer-once")
    lab.page.locator(".primer-once").get_by_role("button", name="Show once").click()
    lab.page.locator(".primer-once code").get_by_text(KEY).wait_for()

    assert hidden == []
    assert lab.accessibility_violations(".primer-once") == []
