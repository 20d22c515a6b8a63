"""How the panel looks: wide and at 320 px, in light and in dark, for everybody; the pictures are kept."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages
from fake_openai import Fail, Say
from panel_page import ANSWER, CELL, PanelPage

import primer_nb

TITLES = ("SQL window functions", "Names for a newsletter", "A CSV reader that plots one column", "Explain a p-value")
NARROW = 436  # pixels of a page of JupyterLab that leave 320 to the panel


@pytest.fixture
def panel(lab, fake_openai, monkeypatch, request):
    """A panel beside a few older chats, in the theme and width the test asks for, with one answered question."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect() as ws:
        for title in TITLES:
            chat = add_chat(ws._session.store, ws.user, title)
            add_messages(ws._session.store, ws.user, chat, "A question?", "An answer.")
    lab.write(CELL)
    lab.open(**request.param).run_all()
    panel = PanelPage(lab)
    panel.wait_for_text("An answer.")
    panel.start_new_chat()
    fake_openai.script(Say(ANSWER))
    panel.ask("What is the difference between a mean and a median? Show me some code.")
    panel.wait_for_turns(1)
    yield panel
    assert lab.errors == []


wide = pytest.mark.parametrize("panel", [{"dark": False}, {"dark": True}], indirect=True, ids=["light", "dark"])
narrow = pytest.mark.parametrize("panel", [{"width": NARROW}, {"width": NARROW, "dark": True}], indirect=True)


@wide
def test_every_state_is_accessible(panel, lab, fake_openai, request):
    found = {"conversation": lab.accessibility_violations(".primer-panel")}
    theme = request.node.callspec.id
    panel.page.mouse.move(0, 0)
    panel.set_height(690)
    panel.show_duration("0.9 s")
    lab.screenshot(f"panel-{theme}", selector=".primer-panel")

    fake_openai.script(Fail(401, "Incorrect API key provided"))
    panel.ask("And one that fails?")
    panel.wait_for_turns(2)
    found["failure"] = lab.accessibility_violations(".primer-panel")
    panel.button("Model: fake-1").click()
    panel.root.get_by_role("option").first.wait_for()
    found["picker"] = lab.accessibility_violations(".primer-panel")
    lab.screenshot(f"panel-{theme}-picker", selector=".primer-panel")
    panel.page.keyboard.press("Escape")
    panel.row(TITLES[0]).press("Delete")
    found["question"] = lab.accessibility_violations(".primer-panel")
    panel.button("Keep").click()
    panel.row(TITLES[0]).press("F2")
    found["new title"] = lab.accessibility_violations(".primer-panel")
    panel.page.keyboard.press("Escape")
    panel.start_new_chat()
    found["invitation"] = lab.accessibility_violations(".primer-panel")
    lab.screenshot(f"panel-{theme}-empty", selector=".primer-panel")

    assert [(state, violation) for state, violations in found.items() for violation in violations] == []


@narrow
def test_320_pixels_are_enough(panel, lab, fake_openai):
    sticking_out = [panel.overflow()]
    if not panel.is_dark():
        lab.screenshot("panel-320", selector=".primer-panel")
    panel.button("Chats").click()
    panel.row(TITLES[0]).wait_for()
    violations = lab.accessibility_violations(".primer-panel")
    lab.screenshot(f"panel-320-{'dark' if panel.is_dark() else 'light'}-chats", selector=".primer-panel")
    panel.row(TITLES[0]).click()
    panel.wait_for_text("An answer.")
    fake_openai.script(
        Say("`" + "wide" * 100 + "` " + "wide" * 100 + "\n\n| " + "column | " * 20 + "\n" + "|---" * 20 + "|")
    )
    panel.ask("unbreakable" * 30)
    panel.wait_for_turns(2)
    sticking_out.append(panel.overflow())

    assert panel.root.bounding_box()["width"] == 320
    assert sticking_out == [[], []]
    assert violations == []


@narrow
def test_at_320_pixels_the_list_is_a_drawer_for_keys_and_pointer(panel):
    chats = panel.button("Chats")
    is_open = []
    for _ in range(2):
        chats.click()
        panel.row(TITLES[0]).wait_for()
        is_open.append(chats.get_attribute("aria-expanded"))
        panel.page.keyboard.press("Escape")
        panel.row(TITLES[0]).wait_for(state="hidden")
        is_open.append(chats.get_attribute("aria-expanded"))

    assert is_open == ["true", "false"] * 2
    assert chats.evaluate("button => button === document.activeElement")
