"""Administration in the user's hand: a mapping of settings, users, roles, and the audit log as a frame."""

from __future__ import annotations

import pytest
from IPython.lib.pretty import pretty
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

import primer_nb
from primer_nb.errors import (
    InvalidInputError,
    LastAdminError,
    NotAdminError,
    NotFoundError,
    NotSignedInError,
    SignInError,
)

DTYPES = {
    "id": "str",
    "user_id": "str",
    "email": "str",
    "action": "category",
    "subject": "str",
    "details": "str",
    "created_at": "datetime64[us, UTC]",
}


@pytest.fixture
def ws(people):
    """The administrator's."""
    ws = people.connect()
    ws.register(ADA, password=PASSWORD, stay=False)
    return ws


@pytest.fixture
def bobs(ws, people):
    bobs = people.connect()
    bobs.register(BOB, password=OTHER_PASSWORD, name="Bob", stay=False)
    return bobs


def test_settings_are_a_mapping(ws):
    settings = ws.admin.settings

    settings["minimum_password_length"] = 20
    settings["allowed_base_urls"] = ["https://api.openai.com/v1", "http://localhost:11434/v1"]
    settings["motto"] = "be kind"

    assert dict(settings) == {
        "allowed_base_urls": "https://api.openai.com/v1\nhttp://localhost:11434/v1",
        "minimum_password_length": "20",
        "motto": "be kind",
    }
    assert len(settings) == 3
    assert "motto" in settings
    assert settings.get("nonsense", "none") == "none"
    assert settings.pop("motto") == "be kind"
    del settings["allowed_base_urls"]
    assert list(settings) == ["minimum_password_length"]


def test_a_setting_that_is_not_there_is_a_key_error(ws):
    with pytest.raises(KeyError):
        ws.admin.settings["motto"]
    with pytest.raises(KeyError):
        del ws.admin.settings["motto"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("minimum_password_length", 7), ("registration", "maybe"), ("allowed_base_urls", "ftp://x"), ("motto", None)],
)
def test_a_value_that_breaks_its_rule_is_not_stored(ws, name, value):
    with pytest.raises(InvalidInputError):
        ws.admin.settings[name] = value

    assert dict(ws.admin.settings) == {}


def test_displayed_the_settings_show_their_values_and_printed_they_ask_nobody(ws, people):
    ws.admin.settings["registration"] = "closed"

    assert pretty(ws.admin.settings) == "{'registration': 'closed'}"
    assert repr(people.connect().admin.settings) == "<settings for all users; dict(...) reads them>"
    assert repr(ws.admin).startswith("<administration:")


def test_the_names_that_change_something_complete_with_the_tab_key(ws):
    ws.admin.settings["motto"] = "be kind"

    completions = ws.admin.settings._ipython_key_completions_()

    assert {"allowed_base_urls", "minimum_password_length", "motto", "registration"} <= set(completions)


def test_users_are_listed_and_made_administrators(ws, bobs):
    ws.admin.set_admin(BOB, True)

    assert [(user.email, user.name, user.is_admin) for user in ws.admin.users()] == [
        (ADA, "", True),
        (BOB, "Bob", True),
    ]
    bobs.admin.set_admin(ADA, False)
    with pytest.raises(NotAdminError):
        ws.admin.users()
    with pytest.raises(LastAdminError):
        bobs.admin.set_admin(BOB, False)
    with pytest.raises(NotFoundError):
        bobs.admin.set_admin("eve@example.org", True)


def test_users_are_listed_without_their_hashes(ws, bobs):
    listed = ws.admin.users()

    assert [user.password_hash for user in listed] == ["", ""]
    assert "$argon2id$" not in repr([user.model_dump() for user in listed])
    assert ws._session.user.password_hash.startswith("$argon2id$")


def test_a_member_may_hold_the_administration_and_do_nothing_with_it(ws, bobs):
    for attempt in (
        lambda: dict(bobs.admin.settings),
        lambda: bobs.admin.settings.update(registration="closed"),
        lambda: bobs.admin.settings.clear(),
        lambda: bobs.admin.users(),
        lambda: bobs.admin.set_admin(BOB, True),
        lambda: bobs.admin.audit_log(),
    ):
        with pytest.raises(NotAdminError):
            attempt()


def test_who_is_not_signed_in_is_told_so(people):
    with pytest.raises(NotSignedInError):
        people.connect().admin.users()


def test_the_audit_log_is_a_frame_with_the_newest_first(ws, bobs, people):
    ws.admin.set_admin(BOB, True)
    with pytest.raises(SignInError):
        people.connect().login(ADA, password="a wrong one")
    bobs.delete_account(password=OTHER_PASSWORD)

    log = ws.admin.audit_log()

    assert {name: str(dtype) for name, dtype in log.dtypes.items()} == DTYPES
    assert list(log["action"]) == ["account_deleted", "sign_in_failed", "role_changed", "signed_up", "signed_up"]
    assert list(log["email"]) == ["", ADA, ADA, "", ADA]
    assert list(log["subject"].iloc[[2, 4]]) == [BOB, ADA]
    assert list(log["details"].iloc[[2]]) == ["administrator"]
    assert log["user_id"].isna().tolist() == [True, False, False, True, False]
    assert log["created_at"].is_monotonic_decreasing
    assert log.index.tolist() == [0, 1, 2, 3, 4]
    assert len(ws.admin.audit_log(limit=2)) == 2
    with pytest.raises(InvalidInputError):
        ws.admin.audit_log(limit=0)


def test_an_empty_log_has_the_same_dtypes():
    from primer_nb.workspace.audit_frame import audit_frame

    frame = audit_frame([], emails={})

    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert len(frame) == 0


def test_a_minimum_length_of_the_administrator_holds_for_everybody(ws, people):
    ws.admin.settings["minimum_password_length"] = 30

    with pytest.raises(primer_nb.errors.WeakPasswordError, match="30"):
        people.connect().register(BOB, password=OTHER_PASSWORD)
