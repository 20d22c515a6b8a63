"""Administrators: the role counts in the very transaction, somebody stays one, and settings have rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb.errors import (
    InvalidInputError,
    LastAdminError,
    NotAdminError,
    NotFoundError,
    NotSignedInError,
    ProviderNotAllowedError,
)
from primer_nb.replies import start_reply
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration
from primer_nb.use_cases.chats import create_chat


@pytest.fixture
def ada(people):
    return people.sign_up()


@pytest.fixture
def bob(people, ada):
    return people.sign_up(BOB, password=OTHER_PASSWORD)


def test_a_member_and_the_local_user_reach_nothing(people, ada, bob):
    for who, refusal in ((bob, NotAdminError), (people.session(), NotSignedInError)):
        for attempt in (
            lambda who=who: administration.admin_settings(who),
            lambda who=who: administration.set_admin_setting(who, "registration", value="closed"),
            lambda who=who: administration.list_users(who),
            lambda who=who: administration.set_admin(who, BOB, flag=True),
            lambda who=who: administration.audit_entries(who),
        ):
            with pytest.raises(refusal):
                attempt()

    assert administration.admin_settings(ada) == {}


def test_a_role_that_is_taken_away_is_gone_at_once(ada, bob):
    administration.set_admin(ada, BOB, flag=True)
    assert [user.email for user in administration.list_users(bob)] == [ADA, BOB]

    administration.set_admin(ada, BOB, flag=False)

    with pytest.raises(NotAdminError):
        administration.list_users(bob)


def test_somebody_stays_administrator(ada, bob):
    with pytest.raises(LastAdminError):
        administration.set_admin(ada, ADA, flag=False)
    with pytest.raises(LastAdminError):
        accounts.delete_account(ada, password=Secret(PASSWORD))
    administration.set_admin(ada, BOB, flag=True)

    administration.set_admin(ada, ADA, flag=False)

    with pytest.raises(NotAdminError):
        administration.list_users(ada)
    assert [user.is_admin for user in administration.list_users(bob)] == [False, True]


def test_two_administrators_who_drop_each_other_at_once_leave_one(ada, bob):
    administration.set_admin(ada, BOB, flag=True)

    def drop(who, email):
        try:
            administration.set_admin(who, email, flag=False)
        except (LastAdminError, NotAdminError):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        dropped = list(pool.map(drop, (ada, bob), (BOB, ADA)))

    assert sum(dropped) == 1
    with ada.accounts.unit_of_work(read_only=True) as work:
        assert work.users.count(is_admin=True) == 1


def test_the_only_account_of_a_store_may_go_and_the_next_one_is_administrator(people, ada):
    accounts.delete_account(ada, password=Secret(PASSWORD))

    assert people.sign_up(BOB).user.is_admin


def test_settings_are_set_changed_listed_and_removed(ada):
    administration.set_admin_setting(ada, "motto", value="Ask twice.")
    administration.set_admin_setting(ada, "minimum_password_length", value=12)
    administration.set_admin_setting(ada, "motto", value="Ask once.")

    assert administration.admin_settings(ada) == {"minimum_password_length": "12", "motto": "Ask once."}
    administration.set_admin_setting(ada, "motto", value=None)
    assert administration.admin_settings(ada) == {"minimum_password_length": "12"}
    with pytest.raises(NotFoundError, match="motto"):
        administration.set_admin_setting(ada, "motto", value=None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("minimum_password_length", 7),
        ("minimum_password_length", "many"),
        ("minimum_password_length", 65),
        ("registration", "ajar"),
        ("allowed_base_urls", "api.openai.com"),
        ("allowed_base_urls", ["https://user:secret@host/v1"]),
        ("allowed_base_urls", 7),
        ("default_model", ""),
        ("default_provider", "x" * 51),
        ("x" * 256, "value"),
        ("motto", 1.5),
    ],
)
def test_a_setting_that_breaks_its_rule_is_refused(ada, key, value):
    with pytest.raises(InvalidInputError):
        administration.set_admin_setting(ada, key, value=value)

    assert administration.admin_settings(ada) == {}


def test_a_provider_that_is_not_allowed_is_not_asked(people, ada, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    administration.set_admin_setting(ada, "allowed_base_urls", value="https://api.openai.com/v1")
    session = people.sign_in()
    chat = create_chat(session)

    with pytest.raises(ProviderNotAllowedError):
        start_reply(session, chat.id, "hello")

    assert fake_openai.connections == 0


def test_an_unknown_account_is_said(ada):
    with pytest.raises(NotFoundError, match="nobody@example"):
        administration.set_admin(ada, "nobody@example.org", flag=True)
    with pytest.raises(NotFoundError):
        administration.set_admin(ada, "local@localhost", flag=True)


def test_the_log_is_newest_first_and_can_be_cut(ada, bob):
    entries = administration.audit_entries(ada, limit=2)

    assert [(entry.action, entry.subject) for entry in entries] == [("signed_up", BOB), ("signed_up", ADA)]
    with pytest.raises(InvalidInputError):
        administration.audit_entries(ada, limit=0)
