"""Sign up: the local user becomes an account, with its chats and keys, and everything or nothing is stored."""

from __future__ import annotations

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, World, actions

from primer_nb.errors import (
    EmailTakenError,
    InvalidInputError,
    KeysLockedError,
    RegistrationClosedError,
    SignInError,
    WeakPasswordError,
)
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.stored_keys import stored_key

MASTER_KEY = "a master key of more than thirty-two characters"


def test_the_local_user_becomes_the_account_with_its_chats(people):
    session = people.session()
    chat = create_chat(session, "Birds")
    before = session.user.id

    recovery_key = accounts.register(session, " Ada@Example.ORG ", password=Secret(PASSWORD), name="Ada")

    assert (session.user.email, session.user.name, session.user.id) == (ADA, "Ada", before)
    assert [found.id for found in list_chats(session)] == [chat.id]
    assert len(recovery_key.reveal().replace("-", "")) == 36
    assert actions(session) == ["signed_up"]


def test_the_first_account_of_a_store_is_its_administrator(people):
    first = people.sign_up()
    second = people.sign_up(BOB)

    assert (first.user.is_admin, second.user.is_admin) == (True, False)


def test_who_comes_after_finds_an_empty_place(people):
    session = people.sign_up()
    create_chat(session, "Birds")

    accounts.sign_out(session)

    assert session.is_local
    assert list_chats(session) == []


def test_provider_keys_of_the_local_user_come_along(people, monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY)
    session = people.session()
    provider_keys.add_key(session, "openai", key=Secret("sk-of-the-local-user"), check=False)

    accounts.register(session, ADA, password=Secret(PASSWORD), stay=False)
    monkeypatch.delenv("PRIMER_MASTER_KEY")
    again = people.sign_in()

    assert stored_key(again, "openai").reveal() == "sk-of-the-local-user"
    with again.account_store.unit_of_work(again.user.id) as work:
        assert {slot.kind for slot in work.key_slots.list()} == {"password", "recovery"}


def test_keys_that_cannot_be_taken_along_stop_the_registration(people, monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY)
    session = people.session()
    provider_keys.add_key(session, "openai", key=Secret("sk-of-the-local-user"), check=False)
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY[::-1])
    later = people.session()

    with pytest.raises(KeysLockedError, match="PRIMER_MASTER_KEY"):
        accounts.register(later, ADA, password=Secret(PASSWORD))

    assert later.is_local
    with later.accounts.unit_of_work(read_only=True) as work:
        assert work.users.where(email=ADA) == []


def test_an_address_has_one_account_whatever_its_case(people):
    people.sign_up()
    session = people.session()

    with pytest.raises(EmailTakenError, match=r"ws\.login"):
        accounts.register(session, "ADA@EXAMPLE.ORG", password=Secret(OTHER_PASSWORD))

    assert session.is_local


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@example.org", "ada@", "a b@example.org", "a@b@c", "ada@example.org\n<b@c>", "local@localhost", 7],
)
def test_what_is_no_address_is_refused(people, email):
    session = people.session()

    with pytest.raises(InvalidInputError):
        accounts.register(session, email, password=Secret(PASSWORD))

    assert session.is_local


def test_a_weak_password_is_refused_before_anything_is_stored(people):
    session = people.session()

    with pytest.raises(WeakPasswordError, match="15 characters"):
        accounts.register(session, ADA, password=Secret("fourteen chars"))

    with session.accounts.unit_of_work(read_only=True) as work:
        assert work.users.where(email=ADA) == []


def test_an_administrator_may_ask_for_less_and_close_the_door(people):
    admin = people.sign_up()
    administration.set_admin_setting(admin, "minimum_password_length", value=8)

    people.sign_up(BOB, password="fourteen chars")
    administration.set_admin_setting(admin, "registration", value="closed")
    session = people.session()

    with pytest.raises(RegistrationClosedError):
        accounts.register(session, "eve@example.org", password=Secret(PASSWORD))
    assert session.is_local


def test_who_is_signed_in_signs_out_before_signing_up(people):
    session = people.sign_up()

    with pytest.raises(InvalidInputError, match="logout"):
        accounts.register(session, BOB, password=Secret(OTHER_PASSWORD))


def test_a_registration_that_fails_half_way_leaves_nothing(people, monkeypatch):
    session = people.session()
    create_chat(session, "Birds")
    monkeypatch.setattr("primer_nb.use_cases.accounts.registration.audit.record", _fail)

    with pytest.raises(RuntimeError):
        accounts.register(session, ADA, password=Secret(PASSWORD))

    assert session.is_local
    assert [chat.title for chat in list_chats(session)] == ["Birds"]
    with session.accounts.unit_of_work(read_only=True) as work:
        assert work.users.where(email=ADA) == []
        assert work.key_slots.list() == []


@pytest.mark.parametrize("people", ["sqlite+postgresql", "sqlite+sqlite"], indirect=True)
def test_an_account_made_without_a_server_moves_there_with_chats_and_keys(people):
    alone = World(people.database_url)
    session = alone.sign_up()
    create_chat(session, "Birds")
    provider_keys.add_key(session, "openai", key=Secret("sk-abcdefghijkl"), check=False)
    alone.close()

    with pytest.raises(SignInError):
        accounts.register(people.session(), ADA, password=Secret(OTHER_PASSWORD))
    moved = people.sign_up()

    assert [chat.title for chat in list_chats(moved)] == ["Birds"]
    assert stored_key(people.sign_in(), "openai").reveal() == "sk-abcdefghijkl"
    with moved.accounts.unit_of_work(read_only=True) as work:
        assert [user.id for user in work.users.where(email=ADA)] == [moved.user.id]


def _fail(*_arguments, **_named):
    raise RuntimeError("the process ends here")
