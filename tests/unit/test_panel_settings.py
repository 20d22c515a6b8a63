"""Theme and language: what is set when a panel is made, and what changes in every panel at once."""

from __future__ import annotations

import pytest
from fake_front_end import FakeFrontEnd

import primer_nb
from primer_nb.panel.words.german import GERMAN
from primer_nb.use_cases.settings import change_settings


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
def make_panel(ws, front_end):
    panels = []

    def make():
        panels.append(ws.panel())
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def test_without_a_choice_the_panel_looks_as_its_surroundings_and_speaks_english(make_panel):
    panel = make_panel()

    assert panel._dom_classes == ("primer-panel",)
    assert panel._composer.words["send"] == "Send message"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_there_from_the_start(ws, make_panel, theme):
    change_settings(ws._session, theme=theme)

    assert make_panel()._dom_classes == ("primer-panel", f"primer-{theme}")


def test_every_part_speaks_the_chosen_language_from_the_start(ws, make_panel):
    change_settings(ws._session, language="de")

    panel = make_panel()

    assert [part.words["language"] for part in panel._parts] == ["de"] * len(panel._parts)
    assert panel._composer.words["send"] == GERMAN["composer"]["send"]


def test_a_change_reaches_every_panel_at_once(ws, make_panel, front_end):
    panels = [make_panel(), make_panel()]

    change_settings(ws._session, theme="dark", language="de")

    for panel in panels:
        front_end.wait_until(lambda panel=panel: "primer-dark" in panel._dom_classes, "the theme")
        assert {part.words["language"] for part in panel._parts} == {"de"}


def test_what_is_the_same_is_not_sent_again(ws, make_panel, front_end):
    panel = make_panel()
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats")
    before = len(front_end.states)

    change_settings(ws._session, notifications_enabled=False)
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats", 2)

    assert len(front_end.states) == before


def test_a_closed_panel_is_told_nothing_more(ws, make_panel, front_end):
    panel = make_panel()
    panel.close()
    before = len(front_end.states)

    change_settings(ws._session, theme="dark")
    panel._worker._thread.join(60)

    assert len(front_end.states) == before
