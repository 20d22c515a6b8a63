"""Programmatic tokens: shown once, a digest at rest, good until they are revoked or over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD
from sqlalchemy import event

from primer_nb import times
from primer_nb.credentials.tokens import digest
from primer_nb.errors import InvalidInputError, NotFoundError, NotSignedInError, TokenError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")


def test_a_token_lets_a_program_work_for_its_owner(people):
    session = people.sign_up()
    create_chat(session, "Birds")

    by_token = people.session(token=tokens.create_token(session, "nightly"))

    assert by_token.user.email == ADA
    assert [chat.title for chat in list_chats(by_token)] == ["Birds"]


def test_only_the_digest_is_stored(people):
    session = people.sign_up()

    token = tokens.create_token(session, "nightly")

    with session.accounts.unit_of_work(read_only=True) as work:
        (row,) = work.api_keys.list()
    assert row.key == digest(token)
    assert row.prefix == token.reveal()[:13]
    assert token.reveal() not in repr(row.model_dump())


def test_provider_keys_open_only_for_tokens_that_were_made_for_it(people, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=KEY, check=False)

    with_keys = people.session(token=tokens.create_token(session, "with", provider_keys=True))
    without = people.session(token=tokens.create_token(session, "without"))

    assert stored_key(with_keys, "openai").reveal() == KEY.reveal()
    assert stored_key(without, "openai") is None
    assert without.providers.get("openai")._endpoint().key.reveal() == "sk-of-the-environment"


def test_a_revoked_token_and_one_that_is_over_are_refused_alike(people, monkeypatch):
    session = people.sign_up()
    revoked, short = tokens.create_token(session, "a"), tokens.create_token(session, "b", days=1)
    tokens.revoke_token(session, tokens.list_tokens(session)[0].id)
    later = times.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(times, "now", lambda: later)

    texts = set()
    for token in (revoked, short, tokens.new_token()):
        with pytest.raises(TokenError) as caught:
            people.session(token=token)
        texts.add(str(caught.value))

    assert len(texts) == 1


def test_a_typing_error_costs_no_query(people):
    session = people.sign_up()
    token = tokens.create_token(session, "nightly").reveal()
    asked = []
    event.listen(session.accounts.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    with pytest.raises(TokenError, match="copy it again"):
        tokens.sign_in_with_token(session, Secret(token[:-1] + ("a" if token[-1] != "a" else "b")))

    assert asked == []


def test_the_list_tells_tokens_apart_without_showing_them(people):
    session = people.sign_up()
    token = tokens.create_token(session, "nightly", days=7, provider_keys=True)
    tokens.create_token(session, "for ever", days=None)

    nightly, for_ever = tokens.list_tokens(session)

    assert (nightly.name, nightly.scopes, nightly.revoked) == ("nightly", ("chats", "provider_keys"), False)
    assert timedelta(days=6.9) < nightly.expires_at - nightly.created_at < timedelta(days=7.1)
    assert (for_ever.expires_at, for_ever.last_used_at) == (None, None)
    assert token.reveal() not in repr([nightly, for_ever])
    assert token.reveal().startswith(nightly.prefix)


def test_the_last_use_is_noted_to_a_minute_and_not_more_often(people, monkeypatch):
    session = people.sign_up()
    token, start = tokens.create_token(session, "nightly"), times.now()
    noted = []
    for seconds in (0, 59, 61):
        moment = start + timedelta(seconds=seconds)
        monkeypatch.setattr(times, "now", lambda moment=moment: moment)
        people.session(token=token)
        noted.append(tokens.list_tokens(session)[0].last_used_at)

    assert noted == [start, start, start + timedelta(seconds=61)]


def test_a_token_that_is_used_again_at_once_writes_nothing(people):
    session = people.sign_up()
    token = tokens.create_token(session, "nightly")
    people.session(token=token)
    sent = []
    event.listen(session.accounts.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))

    tokens._admit(session.accounts, token)

    assert sent
    assert [statement for statement in sent if statement.startswith("UPDATE")] == []


def test_only_a_person_makes_lists_and_revokes_tokens(people):
    session = people.sign_up()
    by_token = people.session(token=tokens.create_token(session, "nightly"))
    token_id = tokens.list_tokens(session)[0].id

    for who in (by_token, people.session()):
        for attempt in (
            lambda who=who: tokens.create_token(who, "mine"),
            lambda who=who: tokens.list_tokens(who),
            lambda who=who: tokens.revoke_token(who, token_id),
        ):
            with pytest.raises(NotSignedInError):
                attempt()


def test_a_token_is_no_administrator_and_no_owner(people):
    session = people.sign_up()
    by_token = people.session(token=tokens.create_token(session, "nightly"))

    for attempt in (
        lambda: administration.list_users(by_token),
        lambda: accounts.change_password(by_token, old=Secret(PASSWORD), new=Secret(OTHER_PASSWORD)),
        lambda: accounts.delete_account(by_token, password=Secret(PASSWORD)),
    ):
        with pytest.raises(NotSignedInError):
            attempt()


def test_tokens_of_others_are_out_of_reach(people):
    ada = people.sign_up()
    tokens.create_token(ada, "nightly")
    bob = people.sign_up(BOB, password=OTHER_PASSWORD)
    (theirs,) = tokens.list_tokens(ada)

    with pytest.raises(NotFoundError, match="there is no token"):
        tokens.revoke_token(bob, theirs.id)

    assert tokens.list_tokens(bob) == []
    assert tokens.list_tokens(ada)[0].revoked is False


@pytest.mark.parametrize("days", [0, -1, float("nan"), True, "7", 1e9])
def test_days_that_are_none_are_refused(people, days):
    session = people.sign_up()

    with pytest.raises(InvalidInputError, match="days"):
        tokens.create_token(session, "nightly", days=days)
