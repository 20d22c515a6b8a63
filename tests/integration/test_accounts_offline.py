"""Without a connection to the server: who has signed in on this machine still can; nothing else pretends to work."""

from __future__ import annotations

import warnings

import pytest
from gate import Gate
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, damage_slot, world

from primer_nb.errors import SignInError, StoreUnavailableError, TokenError, TooManyAttemptsError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.policy import policy_here
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")


@pytest.fixture
def gate(postgres_url):
    gate = Gate(postgres_url)
    yield gate
    gate.close()


@pytest.fixture
def people(sqlite_url, gate, quick_argon2):
    with world(sqlite_url, gate.url) as made:
        yield made


def test_the_server_is_not_asked_before_somebody_signs_in(people, gate):
    ws = people.connect()
    ws.chats.create("Birds")

    assert gate.connections == 0


def test_who_has_signed_in_here_can_do_so_offline_and_use_keys(people, gate):
    session = people.sign_up()
    create_chat(session, "Birds")
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    gate.shut()

    offline = people.sign_in()

    assert [chat.title for chat in list_chats(offline)] == ["Birds"]
    assert stored_key(offline, "openai").reveal() == KEY.reveal()


def test_offline_the_password_is_asked_and_counted_as_online(people, gate):
    people.sign_up()
    gate.shut()
    session = people.session()

    for _ in range(10):
        with pytest.raises(SignInError, match="do not belong together"):
            accounts.sign_in(session, ADA, password=Secret("not the password at all"))

    with pytest.raises(TooManyAttemptsError):
        accounts.sign_in(session, ADA, password=Secret(PASSWORD))


def test_an_account_this_machine_has_not_seen_needs_the_server(people, gate, tmp_path):
    people.sign_up()
    gate.shut()
    elsewhere = people.session(database_url=f"sqlite:///{tmp_path / 'elsewhere.db'}")

    with pytest.raises(StoreUnavailableError):
        accounts.sign_in(elsewhere, ADA, password=Secret(PASSWORD))
    with pytest.raises(StoreUnavailableError):
        accounts.register(elsewhere, BOB, password=Secret(OTHER_PASSWORD))
    assert elsewhere.is_local


def test_a_kernel_that_starts_offline_stays_signed_in(people, gate):
    session = people.sign_up(stay=True)
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    gate.shut()

    offline = people.session()
    gate.open()
    online = people.session()

    assert (offline.user.email, online.user.email) == (ADA, ADA)
    assert stored_key(offline, "openai").reveal() == stored_key(online, "openai").reveal() == KEY.reveal()


def test_a_sign_in_that_was_revoked_elsewhere_ends_when_the_server_is_there_again(people, gate):
    session = people.sign_up(stay=True)
    with session.accounts.unit_of_work() as work:
        work.refresh_tokens.remove(user_id=session.user.id)
        work.commit()
    gate.shut()
    assert people.session().user.email == ADA
    gate.open()

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        later = people.session()

    assert later.is_local
    assert "ws.login" in str(told[0].message)


def test_a_token_works_offline_where_it_was_used_before(people, gate):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    token = tokens.create_token(session, "nightly", provider_keys=True)
    unused = tokens.create_token(session, "never used")
    people.session(token=token)
    gate.shut()

    offline = people.session(token=token)

    assert offline.user.email == ADA
    assert stored_key(offline, "openai").reveal() == KEY.reveal()
    with pytest.raises(StoreUnavailableError):
        people.session(token=unused)


def test_a_token_that_was_revoked_is_refused_online(people, gate):
    session = people.sign_up()
    token = tokens.create_token(session, "nightly")
    people.session(token=token)

    tokens.revoke_token(session, tokens.list_tokens(session)[0].id)

    with pytest.raises(TokenError):
        people.session(token=token)


def test_changes_of_the_account_need_the_server_and_change_nothing_without(people, gate):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    gate.shut()

    for change in (
        lambda: provider_keys.add_key(session, "gemini", key=KEY, check=False),
        lambda: provider_keys.remove_key(session, "openai"),
        lambda: accounts.change_password(session, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD)),
        lambda: accounts.delete_account(session, password=Secret(PASSWORD)),
        lambda: tokens.create_token(session, "nightly"),
        lambda: administration.set_admin_setting(session, "registration", value="closed"),
    ):
        with pytest.raises(StoreUnavailableError):
            change()

    assert session.user.email == ADA
    assert [key.provider for key in provider_keys.list_keys(session)] == ["openai"]
    gate.open()
    assert people.sign_in().user.email == ADA


def test_a_damaged_slot_keeps_nobody_from_working_offline(people, gate):
    session = people.sign_up(stay=True)
    damage_slot(session.local_copy)
    gate.shut()

    with pytest.warns(UserWarning, match=r"ws\.login"):
        offline = people.session()

    assert offline.is_local
    assert people.session().is_local


def test_signing_out_works_offline_and_this_machine_forgets(people, gate):
    session = people.sign_up(stay=True)
    gate.shut()

    accounts.sign_out(session)

    assert session.is_local
    assert people.session().is_local


def test_what_the_administrator_decided_holds_offline(people, gate):
    admin = people.sign_up()
    administration.set_admin_setting(admin, "default_model", value="gpt-cheap")
    gate.shut()

    offline = people.sign_in()

    with offline.read() as work:
        assert policy_here(offline, work).default_model == "gpt-cheap"


def test_the_local_copy_holds_nothing_that_opens(people):
    session = people.sign_up(stay=True)
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    token = tokens.create_token(session, "nightly", provider_keys=True)

    with session.local_copy.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())

    assert "pnb1." in dump
    for secret in (PASSWORD, KEY.reveal(), token.reveal()):
        assert secret not in dump
