"""A theme and a language that the user has chosen, whatever JupyterLab's are, in a panel that is there already."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages
from fake_openai import Say
from panel_page import ANSWER, CELL, PanelPage

import primer_nb

CHOOSE = "from primer_nb.use_cases.settings import change_settings; change_settings(ws._session, {})"
NARROW = 436  # pixels of a page of JupyterLab that leave 320 to the panel


@pytest.fixture
def panel(lab, fake_openai, monkeypatch, request):
    """A panel with one answered question, in a JupyterLab of the theme and width that the test asks for."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    with primer_nb.connect() as ws:
        add_messages(ws._session.store, ws.user, add_chat(ws._session.store, ws.user, "Whales"), "Do they?", "Yes.")
    lab.write(CELL)
    lab.open(**getattr(request, "param", {})).run_all()
    panel = PanelPage(lab)
    panel.wait_for_text("Yes.")
    fake_openai.script(Say(ANSWER))
    panel.ask("What is the difference between a mean and a median? Show me some code.")
    panel.wait_for_turns(1)
    yield panel
    assert lab.errors == []


def choose(panel, lab, **settings):
    """Change settings as a cell does, and wait until the panel shows them."""
    lab.execute(CHOOSE.format(", ".join(f"{name}={value!r}" for name, value in settings.items())))
    if theme := settings.get("theme"):
        name = {"system": ".primer-panel:not(.primer-light, .primer-dark)"}.get(
            theme, f".primer-panel.primer-{theme}"
        )
        panel.page.locator(name).wait_for()
    if language := settings.get("language"):
        panel.page.locator(f".primer-composer[lang={language}]").wait_for()


@pytest.mark.parametrize(
    ("panel", "theme", "is_bright"),
    [({"dark": False}, "dark", False), ({"dark": True}, "light", True)],
    indirect=["panel"],
    ids=["dark in light", "light in dark"],
)
def test_a_chosen_theme_wins_over_jupyterlabs(panel, lab, theme, is_bright):
    panel.page.mouse.move(0, 0)
    before = panel.brightness()

    choose(panel, lab, theme=theme)
    forced = panel.brightness()
    code = panel.brightness(".hl-k", "color")
    violations = lab.accessibility_violations(".primer-panel")
    lab.screenshot(f"panel-forced-{theme}", selector=".primer-panel")
    choose(panel, lab, theme="system")

    assert (forced > 0.5) == is_bright
    assert (code > 0.5) != is_bright
    assert violations == []
    assert panel.brightness() == before


def test_a_language_changes_at_once_and_keeps_what_is_typed(panel, lab):
    panel.box.fill("halb fertig")

    choose(panel, lab, language="de")

    panel.button("Neuer Chat").first.wait_for()
    box = panel.root.get_by_role("textbox", name="Nachricht", exact=True)
    assert box.input_value() == "halb fertig"
    assert panel.root.locator(".primer-note").last.inner_text().replace("\n", "").startswith("fake-1")
    assert "Tokens" in panel.root.locator(".primer-note").last.inner_text()
    assert panel.root.get_by_role("log", name="Gespräch").is_visible()
    assert panel.root.locator(".primer-group").first.inner_text() == "Heute"


def test_a_panel_that_is_made_later_speaks_the_language_from_the_start(panel, lab):
    choose(panel, lab, language="de", theme="dark")

    lab.run_all()

    panel.page.locator(".primer-panel.primer-dark .primer-composer[lang=de]").wait_for()
    assert panel.button("Neuer Chat").first.is_visible()


def test_a_restarted_kernel_is_told_in_the_panel_that_it_leaves_behind(panel, lab):
    choose(panel, lab, language="de")

    lab.restart_kernel()
    panel.page.locator(".primer-frame.jupyter-widgets-disconnected").wait_for()
    lab.screenshot("panel-restarted", selector=".primer-panel")

    told = "node => getComputedStyle(node, '::after').content"
    assert "Kernel wurde neu gestartet" in panel.transcript.evaluate(told)


@pytest.mark.parametrize("panel", [{"width": NARROW}], indirect=True)
def test_german_fits_into_320_pixels(panel, lab):
    choose(panel, lab, language="de")
    sticking_out = [panel.overflow()]
    panel.button("Chats").click()
    panel.row("Whales").press("Delete")
    panel.button("Behalten").wait_for()
    sticking_out.append(panel.overflow())
    lab.screenshot("panel-320-german-chats", selector=".primer-panel")
    panel.page.keyboard.press("Escape")
    panel.page.keyboard.press("Escape")
    panel.button("Neuer Chat").locator("visible=true").first.click()
    panel.root.locator(".primer-empty").wait_for()
    panel.set_height(620)
    sticking_out.append(panel.overflow())
    lab.screenshot("panel-320-german", selector=".primer-panel")

    assert panel.root.bounding_box()["width"] == 320
    assert sticking_out == [[], [], []]
