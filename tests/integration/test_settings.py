"""Settings in the user's hand: read, assigned, displayed, and each user's own."""

from __future__ import annotations

import pytest
from IPython.lib.pretty import pretty
from people import ADA, PASSWORD

from primer_nb.errors import InvalidInputError


@pytest.fixture
def ws(people):
    return people.connect()


def test_settings_have_defaults_and_are_kept(ws, people):
    before = (ws.settings.theme, ws.settings.language, ws.settings.notifications_enabled)

    ws.settings.theme = "dark"
    ws.settings.language = "de"
    ws.settings.notifications_enabled = False

    again = people.connect().settings
    assert before == ("system", "en", True)
    assert (again.theme, again.language, again.notifications_enabled) == ("dark", "de", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("theme", "pink"), ("theme", None), ("language", "tlh"), ("language", 5), ("notifications_enabled", "yes")],
)
def test_a_value_that_is_none_of_those_there_are_changes_nothing(ws, name, value):
    before = getattr(ws.settings, name)

    with pytest.raises(InvalidInputError):
        setattr(ws.settings, name, value)

    assert getattr(ws.settings, name) == before


def test_displayed_they_show_their_values_and_printed_only_whose_they_are(ws):
    ws.settings.theme = "light"

    assert pretty(ws.settings) == "Settings(theme='light', language='en', notifications_enabled=True)"
    assert repr(ws.settings) == "<settings of local@localhost: theme, language, notifications_enabled>"


def test_a_misspelt_setting_is_an_error(ws):
    with pytest.raises(AttributeError):
        ws.settings.them = "dark"


def test_the_account_takes_the_settings_along(ws):
    ws.settings.theme = "dark"

    ws.register(ADA, password=PASSWORD)

    assert ws.settings.theme == "dark"
    ws.logout()
    assert ws.settings.theme == "system"
