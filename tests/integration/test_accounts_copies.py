"""What a server says about its accounts counts where that server is asked for, and nowhere else."""

from __future__ import annotations

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, World

from primer_nb.errors import NotAdminError, NotSignedInError, RegistrationClosedError, SignInError, TokenError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.policy import policy_here
from primer_nb.use_cases.stored_keys import stored_key

EVE = "eve@example.org"
EVES_PASSWORD = "nine grey pelicans wander"


@pytest.fixture
def shared(store_url, quick_argon2):
    """A local store that several people use, with accounts of its own."""
    made = World(store_url)
    yield made
    made.close()


@pytest.fixture
def eves(store_url, tmp_path, quick_argon2):
    """The same store, beside a server that is Eve's alone."""
    made = World(store_url, f"sqlite:///{tmp_path / 'mine.db'}")
    yield made
    made.close()


def test_an_administrator_of_another_server_is_none_here(shared, eves):
    shared.sign_up()
    eve = eves.sign_up(EVE, password=EVES_PASSWORD)
    assert eve.user.is_admin

    session = shared.session()
    session.become(eve.user)

    with pytest.raises(NotAdminError):
        administration.list_users(session)
    assert [user.email for user in administration.list_users(shared.sign_in())] == [ADA]


def test_what_another_server_decided_does_not_count_here(shared, eves):
    ada = shared.sign_up()
    administration.set_admin_setting(ada, "registration", value="closed")
    eve = eves.sign_up(EVE, password=EVES_PASSWORD)

    administration.set_admin_setting(eve, "registration", value="open")
    eves.sign_in(EVE, password=EVES_PASSWORD)

    assert administration.admin_settings(shared.sign_in()) == {"registration": "closed"}
    with pytest.raises(RegistrationClosedError):
        shared.sign_up("mallory@example.org")


def test_an_account_of_another_server_signs_nobody_in_here(shared, eves):
    shared.sign_up()
    session = eves.session()
    recovery_key = accounts.register(session, EVE, password=Secret(EVES_PASSWORD))
    token = tokens.create_token(session, "nightly", provider_keys=True)
    eves.session(token=token)

    with pytest.raises(SignInError):
        shared.sign_in(EVE, password=EVES_PASSWORD)
    with pytest.raises(SignInError):
        accounts.reset_password(shared.session(), recovery_key=recovery_key, new=Secret(OTHER_PASSWORD))
    with pytest.raises(TokenError):
        shared.session(token=token)
    assert shared.session().is_local


def test_the_name_of_an_account_here_can_be_that_of_another_on_a_server(shared, eves):
    ada = shared.sign_up()
    create_chat(ada, "Ada's")

    false = eves.sign_up(EVE, password=EVES_PASSWORD)
    with false.accounts.unit_of_work() as work:
        false.user.email = ADA
        work.users.update(false.user)
        work.commit()
    false = eves.sign_in(password=EVES_PASSWORD)

    assert list_chats(false) == []
    assert [chat.title for chat in list_chats(shared.sign_in())] == ["Ada's"]


def test_an_account_here_goes_to_a_server_with_its_own_password_only(shared, eves):
    ada = shared.sign_up()
    create_chat(ada, "Ada's")
    eve = eves.sign_up(EVE, password=EVES_PASSWORD)
    with eve.accounts.unit_of_work() as work:
        work.users.add(ada.user.model_copy(update={"email": BOB, "password_hash": eve.user.password_hash}))
        work.commit()

    with pytest.raises(SignInError):
        eves.sign_in(BOB, password=EVES_PASSWORD)
    with eves.session().accounts.unit_of_work(read_only=True) as work:
        assert [user.email for user in work.users.where(id=ada.user.id)] == [BOB]

    assert [chat.title for chat in list_chats(shared.sign_in())] == ["Ada's"]


def test_the_first_account_of_a_store_is_its_administrator_whoever_has_a_server(shared, eves):
    eves.sign_up(EVE, password=EVES_PASSWORD)

    ada = shared.sign_up()

    assert ada.user.is_admin
    assert [user.email for user in administration.list_users(ada)] == [ADA]
    accounts.delete_account(ada, password=Secret(PASSWORD))
    with pytest.raises(NotSignedInError):
        administration.list_users(ada)


def test_two_servers_may_have_accounts_of_one_address(eves, tmp_path):
    theirs = World(eves.database_url, f"sqlite:///{tmp_path / 'theirs.db'}")
    create_chat(eves.sign_up(), "Mine")
    create_chat(theirs.sign_up(password=OTHER_PASSWORD), "Theirs")

    here, there = eves.sign_in(), theirs.sign_in(password=OTHER_PASSWORD)

    assert [chat.title for chat in list_chats(here)] == ["Mine"]
    assert [chat.title for chat in list_chats(there)] == ["Theirs"]
    theirs.close()


def test_what_outlives_a_change_of_user_knows_keys_and_policy_of_the_server(eves):
    session = eves.sign_up()
    provider_keys.add_key(session, "openai", key=Secret("sk-abcdefghijkl"), check=False)
    administration.set_admin_setting(session, "default_model", value="gpt-cheap")

    stays = session.as_now()
    accounts.sign_out(session)

    assert [key.provider for key in provider_keys.list_keys(stays)] == ["openai"]
    with stays.read() as work:
        assert policy_here(stays, work).default_model == "gpt-cheap"


def test_a_server_that_was_wiped_gets_the_account_back_with_chats_and_keys(eves, tmp_path):
    session = eves.sign_up()
    create_chat(session, "Birds")
    provider_keys.add_key(session, "openai", key=Secret("sk-abcdefghijkl"), check=False)
    eves.close()
    for file in tmp_path.glob("mine.db*"):
        file.unlink()

    again = eves.sign_up()

    assert again.user.id == session.user.id
    assert [chat.title for chat in list_chats(again)] == ["Birds"]
    assert stored_key(again, "openai").reveal() == "sk-abcdefghijkl"
