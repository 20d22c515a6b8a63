"""Change the password, or set a new one with the recovery key: keys stay, old sign-ins end, a kill loses nothing."""

from __future__ import annotations

import warnings

import pytest
from crashes import kills
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, actions

from primer_nb.credentials.recovery_keys import new_recovery_key
from primer_nb.errors import InvalidInputError, LastAdminError, NotSignedInError, SignInError, WeakPasswordError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, attempts, provider_keys, tokens
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")


def test_a_new_password_opens_and_the_old_one_does_not(people):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)

    accounts.change_password(session, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))

    with pytest.raises(SignInError):
        people.sign_in()
    again = people.sign_in(password=OTHER_PASSWORD)
    assert stored_key(again, "openai").reveal() == stored_key(session, "openai").reveal() == KEY.reveal()


def test_the_old_password_is_asked_and_the_new_one_checked(people):
    session = people.sign_up()

    with pytest.raises(SignInError):
        accounts.change_password(session, old=Secret("not the password at all"), new=Secret(OTHER_PASSWORD))
    with pytest.raises(WeakPasswordError):
        accounts.change_password(session, old=Secret(PASSWORD), new=Secret("short"))
    with pytest.raises(NotSignedInError):
        accounts.change_password(people.session(), old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))

    assert people.sign_in().user.email == ADA


def test_a_new_password_ends_every_sign_in_that_was_kept_but_on_this_machine(people, tmp_path, monkeypatch):
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "other machine"))
    people.sign_up(stay=True)
    assert people.session().user.email == ADA
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "this machine"))
    session = people.sign_in(stay=True)

    accounts.change_password(session, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))

    assert people.session().user.email == ADA
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "other machine"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert people.session().is_local


def test_a_password_change_leaves_tokens_alone(people):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    token = tokens.create_token(session, "nightly", provider_keys=True)

    accounts.change_password(session, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))

    assert stored_key(people.session(token=token), "openai").reveal() == KEY.reveal()


def test_the_recovery_key_sets_a_new_password_and_is_replaced(people):
    session = people.session()
    recovery_key = accounts.register(session, ADA, password=Secret(PASSWORD), stay=False)
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    lost = people.session()

    typed = Secret(recovery_key.reveal().lower().replace("-", " "))
    next_key = accounts.reset_password(lost, recovery_key=typed, new=Secret(OTHER_PASSWORD))

    assert (lost.user.email, stored_key(lost, "openai").reveal()) == (ADA, KEY.reveal())
    with pytest.raises(SignInError, match="works once"):
        accounts.reset_password(people.session(), recovery_key=recovery_key, new=Secret(PASSWORD))
    accounts.reset_password(people.session(), recovery_key=next_key, new=Secret(PASSWORD))
    assert stored_key(people.sign_in(), "openai").reveal() == KEY.reveal()


def test_a_recovery_key_of_nobody_and_a_typo_are_told_apart(people):
    people.sign_up()
    session = people.session()

    with pytest.raises(SignInError, match="no account"):
        accounts.reset_password(session, recovery_key=new_recovery_key(), new=Secret(OTHER_PASSWORD))
    with pytest.raises(InvalidInputError, match="recovery key"):
        accounts.reset_password(session, recovery_key=Secret("ABCD-EFGH"), new=Secret(OTHER_PASSWORD))
    assert session.is_local


def test_a_reset_forgives_a_locked_address(people):
    session = people.session()
    recovery_key = accounts.register(session, ADA, password=Secret(PASSWORD), stay=False)
    for _ in range(11):
        with pytest.raises(SignInError):
            accounts.sign_in(people.session(), ADA, password=Secret("not the password at all"))

    accounts.reset_password(people.session(), recovery_key=recovery_key, new=Secret(OTHER_PASSWORD))

    assert people.sign_in(password=OTHER_PASSWORD).user.email == ADA


def test_a_right_password_is_no_failure_whatever_comes_of_it(people):
    people.sign_up(BOB, password=OTHER_PASSWORD)
    admin = people.sign_in(BOB, password=OTHER_PASSWORD)
    people.sign_up()

    for _ in range(6):
        with pytest.raises(WeakPasswordError):
            accounts.change_password(admin, old=Secret(OTHER_PASSWORD), new=Secret("short"))
        with pytest.raises(LastAdminError):
            accounts.delete_account(admin, password=Secret(OTHER_PASSWORD))

    assert people.sign_in(BOB, password=OTHER_PASSWORD).user.email == BOB
    with admin.accounts.unit_of_work(read_only=True) as work:
        assert work.attempts.list() == []


def test_a_change_killed_at_any_statement_leaves_one_password_that_opens_everything(people):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    deaths = 0

    for is_killed in kills(session):
        with is_killed:
            accounts.change_password(session, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))
        deaths += 1
        opening = [word for word in (PASSWORD, OTHER_PASSWORD) if _opens(people, word)]
        assert len(opening) == 1
        if opening == [OTHER_PASSWORD]:
            session = people.sign_in(password=OTHER_PASSWORD)
            accounts.change_password(session, old=Secret(OTHER_PASSWORD), new=Secret(PASSWORD))

    assert deaths > 10


def test_two_changes_at_once_do_not_both_happen(people, monkeypatch):
    session = people.sign_up()
    other = people.sign_in()
    real = accounts.password_changes.hash_password

    def meanwhile(password):
        monkeypatch.setattr(accounts.password_changes, "hash_password", real)
        accounts.change_password(other, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD))
        return real(password)

    monkeypatch.setattr(accounts.password_changes, "hash_password", meanwhile)

    with pytest.raises(SignInError, match="a moment ago"):
        accounts.change_password(session, old=Secret(PASSWORD), new=Secret("third choice of ada lovelace"))
    assert people.sign_in(password=OTHER_PASSWORD).user.email == ADA


def test_an_account_is_deleted_with_everything_and_leaves_others_alone(people):
    admin = people.sign_up(BOB, password=OTHER_PASSWORD)
    ws = people.connect()
    accounts.register(ws._session, ADA, password=Secret(PASSWORD), stay=True)
    ws.chats.create("Birds")
    provider_keys.add_key(ws._session, "openai", key=KEY, check=False)
    user_id = ws.user.id

    accounts.delete_account(ws._session, password=Secret(PASSWORD))

    assert ws._session.is_local
    assert ws.chats.list() == []
    assert people.session().is_local
    for store in {ws._session.store, ws._session.accounts, ws._session.local_copy}:
        with store.unit_of_work(read_only=True) as work:
            assert work.users.where(id=user_id) == []
            for rows in (work.chats, work.key_slots, work.user_api_keys, work.refresh_tokens):
                assert rows.where(user_id=user_id) == []
    assert people.sign_in(BOB, password=OTHER_PASSWORD).user.id == admin.user.id
    assert actions(admin)[-2:] == ["account_deleted", "signed_in"]


def test_nothing_is_counted_any_more_of_an_address_whose_account_was_deleted(people):
    session = people.sign_up()
    stores = [
        session.accounts,
        *([session.local_copy] if session.has_server else []),
    ]
    for store in stores:
        attempts.admit(store, ADA)

    accounts.delete_account(session, password=Secret(PASSWORD))

    for store in stores:
        with store.unit_of_work(read_only=True) as work:
            assert work.attempts.list() == []


def test_deleting_asks_for_the_password(people):
    session = people.sign_up()

    with pytest.raises(SignInError):
        accounts.delete_account(session, password=Secret("not the password at all"))

    assert people.sign_in().user.email == ADA


def _opens(people, password):
    try:
        session = people.sign_in(password=password)
    except SignInError:
        return False
    with session.accounts.unit_of_work() as work:  # only a right guess forgives; the wrong ones shall not add up
        work.attempts.remove()
        work.commit()
    return stored_key(session, "openai").reveal() == KEY.reveal()
