"""Settings in the user's hand: read, assigned, displayed, and each user's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from IPython.lib.pretty import pretty
from people import ADA, PASSWORD

from primer_nb import times
from primer_nb.errors import InvalidInputError


@pytest.fixture
def ws(people):
    return people.connect()


def read(settings):
    return settings.theme, settings.language, settings.notifications_enabled, settings.automatic_backup


def test_settings_have_defaults_and_are_kept(ws, people):
    before = read(ws.settings)

    ws.settings.theme = "dark"
    ws.settings.language = "de"
    ws.settings.notifications_enabled = False
    ws.settings.automatic_backup = True

    assert before == ("system", "en", True, False)
    assert read(people.connect().settings) == ("dark", "de", False, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("theme", None),
        ("language", "tlh"),
        ("language", 5),
        ("notifications_enabled", "yes"),
        ("automatic_backup", 1),
    ],
)
def test_a_value_that_is_none_of_those_there_are_changes_nothing(ws, name, value):
    before = getattr(ws.settings, name)

    with pytest.raises(InvalidInputError):
        setattr(ws.settings, name, value)

    assert getattr(ws.settings, name) == before


def test_displayed_they_show_their_values_and_printed_only_whose_they_are(ws):
    ws.settings.theme = "light"

    shown = "Settings(theme='light', language='en', notifications_enabled=True, automatic_backup=False)"
    assert pretty(ws.settings) == shown
    assert repr(ws.settings) == (
        "<settings of local@localhost: theme, language, notifications_enabled, automatic_backup>"
    )


def test_a_misspelt_setting_is_an_error(ws):
    with pytest.raises(AttributeError):
        ws.settings.them = "dark"


def test_the_account_takes_the_settings_along(ws):
    ws.settings.theme = "dark"

    ws.register(ADA, password=PASSWORD)

    assert ws.settings.theme == "dark"
    ws.logout()
    assert ws.settings.theme == "system"


def test_settings_change_later_than_what_was_there_whatever_the_clock_says(ws, monkeypatch):
    ws.settings.theme = "dark"
    before = changed_at(ws)
    monkeypatch.setattr(times, "now", lambda: before - timedelta(hours=1))

    ws.settings.theme = "light"

    assert changed_at(ws) == before + timedelta(microseconds=1)


def changed_at(ws):
    with ws._session.read() as work:
        return work.user_settings.get(ws.user.id).updated_at
