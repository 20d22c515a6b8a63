"""Programmatic tokens in the user's hand: shown once, listed in one line, good for a second connection."""

from __future__ import annotations

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb import Secret, ShownOnce
from primer_nb.errors import NotFoundError, NotSignedInError, TokenError


@pytest.fixture
def ws(people):
    ws = people.connect()
    ws.register(ADA, password=PASSWORD)
    return ws


@pytest.mark.parametrize(
    "form",
    [lambda token: token, lambda token: token.reveal(), lambda token: Secret(token.reveal())],
    ids=["shown-once", "text", "secret"],
)
def test_a_token_opens_a_second_workspace_as_its_owner(ws, people, form):
    ws.chats.create("Birds")
    token = ws.tokens.create("nightly report")

    scheduled = people.connect(token=form(token))

    assert scheduled.user.email == ADA
    assert [chat.title for chat in scheduled.chats] == ["Birds"]
    assert isinstance(token, ShownOnce)
    assert "token [hidden]" in repr(token)


def test_tokens_are_listed_in_one_line_each_without_what_signs_in(ws, people):
    token = ws.tokens.create("nightly report", days=30, provider_keys=True)
    ws.tokens.create("for ever", days=None)
    people.connect(token=token)

    first, second = ws.tokens.list()

    used = f"{first.last_used_at:%Y-%m-%d %H:%M}"
    until = f"{first.expires_at:%Y-%m-%d}"
    assert repr(first) == (
        f"<token 'nightly report' ({first.prefix}…): chats, provider_keys; good until {until}; used {used} UTC; "
        f"id {first.id}>"
    )
    assert repr(second).endswith(f"chats; good for ever; never used; id {second.id}>")
    assert token.reveal().startswith(first.prefix)
    assert token.reveal() not in repr(ws.tokens.list()) + repr(ws.tokens)


def test_a_revoked_token_opens_nothing_and_stays_in_the_list(ws, people):
    token = ws.tokens.create("nightly")

    ws.tokens.revoke(ws.tokens.list()[0].id)

    with pytest.raises(TokenError):
        people.connect(token=token)
    assert "revoked" in repr(ws.tokens.list())


def test_the_tokens_of_others_are_not_there(ws, people):
    ws.tokens.create("Ada's")
    (token,) = ws.tokens.list()
    bobs = people.connect(database_url=":memory:" if people.server_url else None)
    bobs.logout()
    bobs.register(BOB, password=OTHER_PASSWORD, stay=False)

    with pytest.raises(NotFoundError):
        bobs.tokens.revoke(token.id)

    assert bobs.tokens.list() == []


def test_a_token_makes_no_token_and_changes_no_password(ws, people):
    scheduled = people.connect(token=ws.tokens.create("nightly"))

    for change in (
        lambda: scheduled.tokens.create("another"),
        lambda: scheduled.tokens.list(),
        lambda: scheduled.change_password(old=PASSWORD, new=OTHER_PASSWORD),
        lambda: scheduled.delete_account(password=PASSWORD),
        lambda: scheduled.admin.users(),
    ):
        with pytest.raises(NotSignedInError):
            change()


def test_without_an_account_there_are_no_tokens(people):
    with pytest.raises(NotSignedInError):
        people.connect().tokens.create("nightly")
