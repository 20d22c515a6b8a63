"""A token that is revoked or over ends the sessions that it let in, not only its next sign-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from people import ADA, PASSWORD

from primer_nb import times
from primer_nb.errors import NotSignedInError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, backups, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")


@pytest.fixture
def ada(people):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    return session


@pytest.fixture
def scheduled(people, ada):
    """A session that a token let in, with access to provider keys."""
    return people.session(token=tokens.create_token(ada, "nightly", days=7, provider_keys=True))


def revoke(session):
    tokens.revoke_token(session, tokens.list_tokens(session)[0].id)


def assert_is_out(session):
    for attempt in (
        lambda: list_chats(session),
        lambda: create_chat(session, "Birds"),
        lambda: stored_key(session, "openai"),
    ):
        with pytest.raises(NotSignedInError, match=r"revoked, or is over.*ws\.tokens\.create"):
            attempt()
    assert session.data_key is None


def test_a_revoked_token_ends_the_session_that_is_open(ada, scheduled):
    assert stored_key(scheduled, "openai").reveal() == KEY.reveal()

    revoke(ada)

    assert_is_out(scheduled)
    assert list_chats(ada) == []


def test_a_token_that_is_over_ends_the_session_that_is_open(scheduled, monkeypatch):
    create_chat(scheduled, "in time")
    later = times.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(times, "now", lambda: later)

    assert_is_out(scheduled)


def test_who_was_let_in_by_it_does_not_go_on_in_other_chats_but_may_sign_in(ada, scheduled):
    revoke(ada)
    assert_is_out(scheduled)

    assert scheduled.user.email == ADA
    accounts.sign_out(scheduled)
    assert list_chats(scheduled) == []
    accounts.sign_in(scheduled, ADA, password=Secret(PASSWORD), stay=False)
    assert stored_key(scheduled, "openai").reveal() == KEY.reveal()


def test_the_deletion_of_the_account_ends_the_session_too(ada, scheduled):
    accounts.delete_account(ada, password=Secret(PASSWORD))

    assert_is_out(scheduled)


@pytest.mark.parametrize("people", ["sqlite+postgresql", "sqlite+sqlite"], indirect=True)
def test_a_token_revoked_on_another_machine_is_out_when_this_one_asks_the_server_again(
    people, ada, scheduled, tmp_path
):
    elsewhere = people.session(database_url=f"sqlite:///{tmp_path / 'other machine.db'}")
    accounts.sign_in(elsewhere, ADA, password=Secret(PASSWORD), stay=False)
    revoke(elsewhere)
    list_chats(scheduled)

    people.sign_in()

    assert_is_out(scheduled)


@pytest.mark.parametrize("people", ["sqlite+postgresql", "sqlite+sqlite"], indirect=True)
def test_a_copy_of_the_account_without_the_token_ends_nothing(people, scheduled):
    with scheduled.store.unit_of_work() as work:  # as two kernels leave it that copied the account at once
        work.api_keys.remove(user_id=scheduled.user.id)
        work.commit()

    create_chat(scheduled, "Birds")

    assert [chat.title for chat in list_chats(scheduled)] == ["Birds"]


@pytest.mark.parametrize("people", ["sqlite+postgresql"], indirect=True)
def test_with_a_revoked_token_nothing_is_backed_up_or_fetched(ada, scheduled):
    create_chat(scheduled, "Birds")
    revoke(ada)

    for attempt in (backups.back_up, backups.pull, backups.restore, backups.verify, backups.drill):
        with pytest.raises(NotSignedInError, match="revoked"):
            attempt(scheduled)

    assert backups.back_up(ada).chats == 1
