"""Accounts as the user has them in hand: methods of the workspace, passwords passed or typed."""

from __future__ import annotations

import traceback

import pytest
from people import ADA, OTHER_PASSWORD, PASSWORD
from typist import Typist

import primer_nb
from primer_nb import Secret
from primer_nb.errors import InvalidInputError, NotSignedInError, SignInError, WeakPasswordError

CANARY = "canary sings at half past nine"


@pytest.fixture
def typist(monkeypatch):
    typist = Typist()
    monkeypatch.setattr("getpass.getpass", typist)
    return typist


@pytest.fixture
def ws(people):
    return people.connect()


def test_signing_up_gives_the_one_key_that_replaces_a_forgotten_password(ws):
    first = ws.register(" Ada@Example.org", password=PASSWORD, name="Ada")
    ws.logout()
    second = ws.reset_password(recovery_key=first, password=OTHER_PASSWORD)

    assert (ws.user.email, ws.user.name) == (ADA, "Ada")
    assert first.reveal() != second.reveal()
    with pytest.raises(SignInError):
        ws.reset_password(recovery_key=first.reveal(), password=PASSWORD)


@pytest.mark.parametrize("form", [str, Secret], ids=["text", "secret"])
def test_a_password_may_be_a_text_or_a_secret(ws, form):
    ws.register(ADA, password=form(PASSWORD))
    ws.change_password(old=form(PASSWORD), new=form(OTHER_PASSWORD))
    ws.logout()

    ws.login(ADA, password=form(OTHER_PASSWORD))

    assert ws.user.email == ADA


def test_what_is_held_speaks_for_who_works_now(ws):
    chats, history, keys, settings = ws.chats, ws.history, ws.api_keys, ws.settings
    ws.register(ADA, password=PASSWORD)
    chats.create("Ada's chat")
    settings.theme = "dark"
    ws.logout()

    assert [chat.title for chat in chats] == []
    assert list(history.chats()["title"]) == []
    assert settings.theme == "system"
    ws.login(ADA, password=PASSWORD)
    assert [chat.title for chat in chats] == ["Ada's chat"]
    assert list(history.chats()["title"]) == ["Ada's chat"]
    assert settings.theme == "dark"
    assert (ws.chats, ws.api_keys) == (chats, keys)


def test_a_new_password_is_asked_for_twice_with_its_least_length(ws, typist):
    typist.will_type(PASSWORD, PASSWORD)

    ws.register(ADA)

    assert typist.asked == ["New password (15 characters or more): ", "The same again: "]
    assert ws.user.email == ADA


def test_the_least_length_is_the_administrators(ws, typist):
    ws.register(ADA, password=PASSWORD)
    ws.admin.settings["minimum_password_length"] = 20
    typist.will_type("only 16 letters.", "only 16 letters.")

    with pytest.raises(WeakPasswordError):
        ws.change_password(old=PASSWORD)

    assert typist.asked[0] == "New password (20 characters or more): "


def test_two_passwords_that_differ_register_nobody(ws, typist):
    typist.will_type(PASSWORD, PASSWORD + "!")

    with pytest.raises(InvalidInputError, match="differs"):
        ws.register(ADA)

    assert ws.user.email == "local@localhost"


def test_nothing_typed_is_told_as_that(ws, typist):
    typist.will_type("")

    with pytest.raises(InvalidInputError, match="nothing was typed"):
        ws.login(ADA)


def test_signing_in_asks_for_the_password_of_whom(ws, typist):
    ws.register(ADA, password=PASSWORD)
    ws.logout()
    typist.will_type(PASSWORD)

    ws.login(ADA)

    assert typist.asked == [f"Password for {ADA}: "]
    assert ws.user.email == ADA


def test_changing_a_password_asks_for_the_old_one_first(ws, typist):
    ws.register(ADA, password=PASSWORD)
    typist.will_type(PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)

    ws.change_password()

    ws.logout()
    ws.login(ADA, password=OTHER_PASSWORD)
    assert typist.asked[0] == f"Password of {ADA}: "


def test_a_reset_asks_for_the_recovery_key_and_a_new_password(ws, typist):
    recovery_key = ws.register(ADA, password=PASSWORD)
    ws.logout()
    typist.will_type(recovery_key.reveal().lower(), OTHER_PASSWORD, OTHER_PASSWORD)

    ws.reset_password()

    assert typist.asked[0] == "Recovery key: "
    assert ws.user.email == ADA


def test_deleting_the_account_asks_for_the_password_and_leaves_the_local_user(ws, typist):
    ws.register(ADA, password=PASSWORD)
    ws.chats.create("Birds")
    typist.will_type(PASSWORD)

    ws.delete_account()

    assert ws.user.email == "local@localhost"
    assert len(ws.chats) == 0
    with pytest.raises(SignInError):
        ws.login(ADA, password=PASSWORD)


@pytest.mark.parametrize("method", ["change_password", "delete_account"])
def test_nobody_types_in_vain_who_is_not_signed_in(ws, typist, method):
    with pytest.raises(NotSignedInError):
        getattr(ws, method)()

    assert typist.asked == []


def test_signing_out_twice_is_harmless(ws):
    ws.register(ADA, password=PASSWORD)

    ws.logout()
    ws.logout()

    assert ws.user.email == "local@localhost"


@pytest.mark.parametrize(
    "fail",
    [
        lambda ws: ws.login(ADA, password=CANARY),
        lambda ws: ws.register("no e-mail", password=CANARY),
        lambda ws: ws.change_password(old=CANARY, new=CANARY),
        lambda ws: ws.delete_account(password=CANARY),
        lambda ws: ws.reset_password(recovery_key=CANARY, password=CANARY),
        lambda ws: ws.api_keys.add("openai", key=CANARY, check=False),
        lambda ws: ws.api_keys.rotate(password=CANARY),
        lambda ws: primer_nb.connect(":memory:", token=CANARY),
    ],
)
def test_no_frame_of_ours_holds_what_was_passed_as_text(sqlite_url, quick_argon2, fail):
    with primer_nb.connect(sqlite_url) as ws:
        ws.register(ADA, password=PASSWORD)

        with pytest.raises(primer_nb.PrimerError) as caught:
            fail(ws)

    ours = [
        frame for frame, _ in traceback.walk_tb(caught.value.__traceback__) if "primer_nb" in frame.f_code.co_filename
    ]
    assert ours
    assert [frame.f_code.co_name for frame in ours if CANARY in f"{frame.f_locals!r}{caught.value}"] == []


def test_a_workspace_says_who_works_in_it(ws):
    ws.register(ADA, password=PASSWORD)

    assert f"user={ADA!r}" in repr(ws)
