"""What is shown once: masked wherever Python shows it, sent to the one view that asks, and in no trait."""

from __future__ import annotations

import copy
import json
import pickle

import ipywidgets
import pytest
from fake_front_end import FakeFrontEnd

from primer_nb import Secret, ShownOnce
from primer_nb.panel.shown_once import ShownOnceView

TEXT = "ABCD-EFGH-canary"
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def key():
    return ShownOnce(Secret(TEXT), kind="recovery_key")


@pytest.fixture
def in_a_notebook(monkeypatch, front_end):
    class Shell:
        kernel = object()

    monkeypatch.setattr("IPython.get_ipython", Shell)
    return front_end


@pytest.mark.parametrize("show", [repr, str, format, "{:>40}".format, "%s".__mod__, lambda key: repr([key])])
def test_it_is_masked_wherever_it_is_shown(key, show):
    assert TEXT not in show(key)


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, list])
def test_it_refuses_to_be_written_or_taken_apart(key, take):
    with pytest.raises(TypeError) as caught:
        take(key)

    assert TEXT not in str(caught.value)


def test_its_one_line_says_how_to_see_it(key):
    assert repr(key) == "<recovery key [hidden]: kept nowhere, so keep it; .reveal() returns it>"
    assert key.reveal() == key.secret.reveal() == TEXT


def test_in_a_terminal_it_displays_its_one_line_and_makes_no_widget(key, front_end):
    assert key._repr_mimebundle_() == {"text/plain": repr(key)}
    assert front_end.states == []


def test_in_a_notebook_it_displays_a_view_and_the_same_line(key, in_a_notebook):
    bundle = key._repr_mimebundle_()

    assert bundle["text/plain"] == repr(key)
    assert set(bundle) == {"text/plain", VIEW}


def test_a_click_sends_the_text_once_to_the_page_that_asked(key, front_end):
    view = ShownOnceView(key.secret, kind="token", language="en")

    front_end.say(view, "hello")
    front_end.say(view, "show", client="this page")
    front_end.say(view, "show", client="another page")

    assert front_end.all("text") == [{"type": "text", "client": "this page", "text": TEXT}]
    assert [message["waits"] for message in front_end.all("state")] == [True, False, False]
    assert {message["kind"] for message in front_end.all("state")} == {"token"}


def test_nothing_of_it_is_saved_with_the_notebook(key, in_a_notebook):
    bundle = key._repr_mimebundle_()

    saved = json.dumps([ipywidgets.Widget.get_manager_state(), bundle, in_a_notebook.states])

    assert "Show once" in saved
    assert TEXT not in saved


def test_nothing_of_it_is_in_a_trait_after_it_was_shown(key, front_end):
    view = ShownOnceView(key.secret, kind="recovery_key", language="en")
    front_end.say(view, "show", client="page")

    assert TEXT in json.dumps(front_end.messages)
    assert TEXT not in json.dumps([ipywidgets.Widget.get_manager_state(), front_end.states])


def test_displayed_again_it_can_be_shown_again(key, in_a_notebook):
    first, second = (key._repr_mimebundle_()[VIEW]["model_id"] for _ in range(2))

    assert first != second


def test_it_speaks_the_language_of_the_settings(front_end):
    view = ShownOnceView(Secret(TEXT), kind="token", language="de")

    assert view.words["show"] == "Einmal zeigen"
