"""Provider keys in the user's hand: typed or passed, listed without the key, sealed anew by a rotation."""

from __future__ import annotations

import pytest
from fake_front_end import FakeFrontEnd
from people import ADA, PASSWORD
from typist import Typist

from primer_nb import ShownOnce
from primer_nb.errors import (
    InvalidInputError,
    InvalidKeyError,
    MissingKeyError,
    NotFoundError,
    NotSignedInError,
    UnknownProviderError,
)
from primer_nb.use_cases.stored_keys import stored_key

KEY = "sk-canary-of-the-provider-0123456789"


@pytest.fixture
def typist(monkeypatch):
    typist = Typist()
    monkeypatch.setattr("getpass.getpass", typist)
    return typist


@pytest.fixture
def ws(people):
    ws = people.connect()
    ws.register(ADA, password=PASSWORD)
    return ws


def test_a_key_is_stored_listed_without_itself_and_removed(ws):
    stored = ws.api_keys.add("openai", key=KEY, check=False)

    (listed,) = ws.api_keys.list()
    assert listed == stored
    assert repr(listed) == f"<key for openai, stored {listed.created_at:%Y-%m-%d %H:%M} UTC>"
    assert KEY not in f"{ws.api_keys!r}{ws.api_keys.list()}{vars(ws.api_keys)}"
    ws.api_keys.remove("openai")
    assert ws.api_keys.list() == []
    with pytest.raises(NotFoundError):
        ws.api_keys.remove("openai")


def test_a_key_that_is_not_passed_is_asked_for(ws, typist):
    typist.will_type(f"  {KEY}\n")

    ws.api_keys.add("openai", check=False)

    assert typist.asked == ["API key for openai: "]
    assert stored_key(ws._session, "openai").reveal() == KEY


def test_nobody_types_a_key_for_a_provider_that_is_not_there(ws, typist):
    with pytest.raises(UnknownProviderError):
        ws.api_keys.add("opneai")

    assert typist.asked == []


def test_a_key_is_tried_before_it_is_stored_and_then_answers_messages(ws, fake_openai, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)
    fake_openai.api_key = KEY
    with pytest.raises(InvalidKeyError):
        ws.api_keys.add("openai", key=f"{KEY}-mistyped")
    assert ws.api_keys.list() == []

    ws.api_keys.add("openai", key=KEY)
    reply = ws.chats.create().send("Hello", provider="openai", model="fake-1")

    assert reply.text == "echo: Hello"


def test_a_rotation_seals_the_keys_anew_and_gives_a_new_recovery_key(ws, typist):
    ws.api_keys.add("openai", key=KEY, check=False)
    ws.tokens.create("nightly", provider_keys=True)
    typist.will_type(PASSWORD)

    report = ws.api_keys.rotate()

    assert typist.asked == [f"Password of {ADA}: "]
    assert (report.keys, report.tokens_revoked) == (1, 1)
    assert stored_key(ws._session, "openai").reveal() == KEY
    assert isinstance(report.recovery_key, ShownOnce)
    ws.logout()
    ws.reset_password(recovery_key=report.recovery_key, password="another password of Ada")
    assert stored_key(ws._session, "openai").reveal() == KEY


def test_the_report_of_a_rotation_is_one_line_without_the_key(ws):
    report = ws.api_keys.rotate(password=PASSWORD)

    assert repr(report).startswith("<provider keys sealed anew: 0, tokens revoked: 0, new <recovery key [hidden]")
    assert report.recovery_key.reveal() not in repr(report)


def test_in_a_notebook_the_report_shows_its_line_and_the_recovery_key(ws, monkeypatch):
    FakeFrontEnd().install(monkeypatch)
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda what, **_: shown.append(what))
    report = ws.api_keys.rotate(password=PASSWORD)

    report._ipython_display_()

    assert shown == [{"text/plain": repr(report)}, report.recovery_key]


def test_the_local_user_rotates_without_a_password_and_has_no_recovery_key(people, monkeypatch, typist):
    monkeypatch.setenv("PRIMER_MASTER_KEY", "a master key of more than thirty-two characters")
    ws = people.connect()
    with pytest.raises(InvalidInputError, match="nothing to rotate"):
        ws.api_keys.rotate()
    ws.api_keys.add("openai", key=KEY, check=False)

    report = ws.api_keys.rotate()

    assert (report.keys, report.recovery_key, typist.asked) == (1, None, [])
    assert repr(report) == "<provider keys sealed anew: 1, tokens revoked: 0>"
    assert stored_key(ws._session, "openai").reveal() == KEY


def test_a_token_may_use_keys_and_not_change_them(ws, people, typist):
    ws.api_keys.add("openai", key=KEY, check=False)
    token = ws.tokens.create("nightly", provider_keys=True)

    scheduled = people.connect(token=token)

    assert stored_key(scheduled._session, "openai").reveal() == KEY
    for change in (
        lambda: scheduled.api_keys.add("openai", key=KEY, check=False),
        lambda: scheduled.api_keys.remove("openai"),
        lambda: scheduled.api_keys.rotate(),
    ):
        with pytest.raises(NotSignedInError):
            change()
    assert typist.asked == []


def test_a_token_without_provider_keys_has_none(ws, people):
    ws.api_keys.add("openai", key=KEY, check=False)
    scheduled = people.connect(token=ws.tokens.create("nightly"))

    with pytest.raises(MissingKeyError):
        scheduled.chats.create().send("Hello", provider="openai")
