"""An account that was deleted on another machine: its copy goes, and who works as it can sign out."""

from __future__ import annotations

import warnings

import pytest
from gate import Gate
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, World, actions, world

from primer_nb.errors import SignInError, StoreUnavailableError, TokenError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat, list_chats

KEY = Secret("sk-abcdefghijkl")


@pytest.fixture
def gate(postgres_url):
    gate = Gate(postgres_url)
    yield gate
    gate.close()


@pytest.fixture
def here(sqlite_url, gate, quick_argon2):
    """A machine that is sometimes offline."""
    with world(sqlite_url, gate.url) as made:
        yield made


@pytest.fixture
def there(tmp_path, postgres_url, here):
    """Another machine, beside the same server; an administrator stays."""
    with world(f"sqlite:///{tmp_path / 'there.db'}", postgres_url) as made:
        made.sign_up(BOB, password=OTHER_PASSWORD)
        yield made


def test_a_sign_in_that_fails_takes_the_copy_of_a_deleted_account_along(here, there, gate):
    session = here.sign_up()
    create_chat(session, "Birds")
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    _delete(there)

    with pytest.raises(SignInError):
        here.sign_in()
    gate.shut()

    with pytest.raises(StoreUnavailableError):
        here.sign_in()
    assert _kept_of(session) == 0
    assert [chat.title for chat in list_chats(session)] == ["Birds"]


def test_a_kernel_that_starts_takes_the_copy_of_a_deleted_account_along(here, there):
    session = here.sign_up(stay=True)
    _delete(there)

    with pytest.warns(UserWarning, match=r"ws\.login"):
        later = here.session()

    assert later.is_local
    assert _kept_of(session) == 0


def test_a_token_takes_the_copy_of_a_deleted_account_along(here, there, gate):
    session = here.sign_up()
    token = tokens.create_token(session, "nightly", provider_keys=True)
    here.session(token=token)
    _delete(there)

    with pytest.raises(TokenError):
        here.session(token=token)
    gate.shut()

    with pytest.raises(StoreUnavailableError):
        here.session(token=token)
    assert _kept_of(session) == 0


def test_a_wrong_password_takes_no_copy_along(here, there, gate):
    here.sign_up()
    with pytest.raises(SignInError):
        here.sign_in(password=OTHER_PASSWORD)
    gate.shut()

    assert here.sign_in().user.email == ADA


def test_the_address_of_a_deleted_account_is_free_again(here, there):
    first = here.sign_up()
    _delete(there)

    again = here.sign_up(password=OTHER_PASSWORD)

    assert again.user.id != first.user.id
    assert _kept_of(first) == 0


def test_a_copy_opens_nothing_without_its_server(here, sqlite_url):
    token = tokens.create_token(here.sign_up(), "nightly", provider_keys=True)
    here.session(token=token)
    alone = World(sqlite_url)

    with pytest.raises(SignInError):
        alone.sign_in()
    with pytest.raises(TokenError):
        alone.session(token=token)
    alone.close()


def test_who_was_deleted_elsewhere_can_sign_out(people):
    people.sign_up(BOB, password=OTHER_PASSWORD)
    ada = people.sign_up(stay=True)
    accounts.delete_account(people.sign_in(), password=Secret(PASSWORD))

    accounts.sign_out(ada)

    assert ada.is_local
    assert ada.data_key is None
    assert actions(ada)[-1] == "account_deleted"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert people.session().is_local


def test_signing_out_takes_the_copy_of_a_deleted_account_along(here, there):
    session = here.sign_up()
    _delete(there)

    accounts.sign_out(session)

    assert session.is_local
    with session.local_copy.unit_of_work(read_only=True) as work:
        assert work.users.list() == []


def test_signing_out_works_when_the_server_is_broken(here, postgres_url):
    session = here.sign_up(stay=True)
    with session.accounts.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit_log")

    accounts.sign_out(session)

    assert session.is_local
    assert here.session().is_local


def _delete(machine: World) -> None:
    accounts.delete_account(machine.sign_in(), password=Secret(PASSWORD))


def _kept_of(session) -> int:
    user_id = session.user.id
    with session.local_copy.unit_of_work(read_only=True) as work:
        tables = (work.key_slots, work.user_api_keys, work.refresh_tokens, work.api_keys)
        return len(work.users.where(id=user_id)) + sum(len(rows.where(user_id=user_id)) for rows in tables)
