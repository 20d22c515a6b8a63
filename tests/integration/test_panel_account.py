"""The dialog of the account: every form against every place where accounts may live."""

from __future__ import annotations

import json
import threading

import ipywidgets
import pytest
from fake_front_end import read
from fake_openai import Fail, Say
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb.errors import KeysLockedError
from primer_nb.panel.words import say
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts
from primer_nb.use_cases.stored_keys import stored_key

KEY = "sk-canary-0123456789"


@pytest.fixture
def ws(people, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    workspace = people.connect()
    provider = OpenAICompatibleProvider(
        "custom",
        base_url=fake_openai.base_url,
        default_model="fake-1",
        key=lambda: stored_key(workspace._session, "custom"),
        key_hint="add one",
        needs_key=True,
    )
    workspace._session.providers.add(provider)
    return workspace


@pytest.fixture
def sign_up(panel, front_end):
    """Make an account in the dialog and return the answer."""

    def make(email: str = ADA, *, password: str = PASSWORD) -> dict:
        return front_end.fill_in(panel, "register", email=email, name="Ada", new=password)

    return make


def who(front_end):
    return front_end.all("who")[-1]["who"]


def wait_for_who(front_end, email):
    front_end.wait_until(lambda: front_end.all("who") and who(front_end)["email"] == email, f"{email} in the row")


def test_the_row_says_that_nobody_is_signed_in(panel, front_end, request):
    front_end.say(panel._account, "hello")

    wait_for_who(front_end, None)
    expected = {"email": None, "name": "", "theme": "system", "language": "en", "notifications": True}
    backup = "needs_account" if "sqlite+postgresql" in request.node.name else "needs_server"
    assert who(front_end) == expected | {"automatic": False, "backup": backup}


def test_signing_up_answers_with_a_recovery_key_that_works(panel, front_end, ws, sign_up):
    answer = sign_up()

    wait_for_who(front_end, ADA)
    accounts.sign_out(ws._session)
    key = Secret(answer["recovery_key"])
    accounts.reset_password(ws._session, recovery_key=key, new=Secret(OTHER_PASSWORD))
    assert ws.user.email == ADA
    assert "told" not in answer


def test_a_new_password_is_set_with_the_recovery_key(panel, front_end, ws, sign_up):
    key = sign_up()["recovery_key"]
    front_end.fill_in(panel, "sign_out")

    answer = front_end.fill_in(panel, "reset", key=key.lower(), new=OTHER_PASSWORD)

    wait_for_who(front_end, ADA)
    assert answer["recovery_key"] != key
    changed = front_end.fill_in(panel, "change", password=OTHER_PASSWORD, new=PASSWORD)
    assert set(changed) == {"type", "ask"}


def test_signing_out_and_in_again(panel, front_end, ws, sign_up):
    sign_up()

    front_end.fill_in(panel, "sign_out")
    signed_out = ws.user.email
    front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=True)

    assert (signed_out, ws.user.email) == ("local@localhost", ADA)
    wait_for_who(front_end, ADA)


def test_staying_signed_in_is_the_users_choice(panel, front_end, people, sign_up):
    sign_up()
    front_end.fill_in(panel, "sign_out")

    front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=False)
    forgotten = people.connect().user.email
    front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=True)

    assert (forgotten, people.connect().user.email) == ("local@localhost", ADA)


def test_an_account_is_deleted_with_its_password_only(panel, front_end, ws, sign_up):
    sign_up()

    refused = front_end.fill_in(panel, "erase", password="not the password")["told"]
    before = ws.user.email
    front_end.fill_in(panel, "erase", password=PASSWORD)

    wait_for_who(front_end, None)
    assert (refused, before) == (say("wrong_password", minutes=0, provider=""), ADA)
    assert (
        front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=True)["told"]["word"]
        == "wrong_sign_in"
    )


@pytest.mark.parametrize(
    ("action", "values", "word"),
    [
        ("sign_in", {"email": ADA, "password": "not the password", "stay": True}, "wrong_sign_in"),
        ("sign_in", {"email": "nobody@example.org", "password": PASSWORD, "stay": True}, "wrong_sign_in"),
        ("register", {"email": ADA, "name": "", "new": PASSWORD}, "email_taken"),
        ("register", {"email": BOB, "name": "", "new": "password password"}, "guessable"),
        ("reset", {"key": "not a recovery key", "new": PASSWORD}, "recovery_typo"),
        ("reset", {"key": "AAAA-" * 8 + "AAAA", "new": PASSWORD}, "wrong_recovery_key"),
    ],
)
def test_what_a_form_expects_to_go_wrong_is_told_in_the_users_language(
    panel, front_end, people, action, values, word
):
    people.sign_up()

    told = front_end.fill_in(panel, action, **values)["told"]

    assert told["word"] == word
    assert read(told, language="de") != read(told)
    assert PASSWORD not in json.dumps(front_end.messages)


def test_too_many_attempts_say_when_the_next_one_may_be_made(panel, front_end, people):
    people.sign_up()
    for _ in range(10):
        front_end.fill_in(panel, "sign_in", email=ADA, password="not the password", stay=True)

    told = front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=True)["told"]

    assert told == say("too_many_attempts", minutes=15, provider="")


def test_a_blank_password_is_refused_and_not_left_without_an_answer(panel, front_end):
    told = front_end.fill_in(panel, "sign_in", email=ADA, password="  ", stay=True)["told"]

    assert told["word"] == "unexpected"


def test_the_rules_are_those_of_where_accounts_live(panel, front_end, ws, sign_up):
    sign_up()
    ws.admin.settings["minimum_password_length"] = 20
    ws.admin.settings["registration"] = "closed"

    front_end.say(panel._account, "rules")

    assert front_end.wait_for("rules")["rules"] == {"minimum": 20, "is_open": False}


def test_a_key_is_checked_with_its_provider_and_used_from_then_on(panel, front_end, fake_openai, sign_up):
    sign_up()
    fake_openai.script(Say("It works."))

    answer = front_end.fill_in(panel, "add_key", provider="custom", key=f" {KEY} ", check=True)
    front_end.ask(panel, "Hello?")

    front_end.wait_until_idle(1)
    assert (answer["provider"], answer["is_checked"]) == ("custom", True)
    assert fake_openai.calls[-1].headers["authorization"] == f"Bearer {KEY}"


def test_keys_are_listed_with_where_they_come_from_and_removed(panel, front_end, monkeypatch, sign_up):
    sign_up()
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    front_end.fill_in(panel, "add_key", provider="openai", key=KEY, check=False)
    front_end.say(panel._account, "look")
    listed = front_end.wait_for("keys")

    answer = front_end.fill_in(panel, "remove_key", provider="openai")
    front_end.say(panel._account, "look")

    assert [key["provider"] for key in listed["keys"]] == ["openai"]
    assert {"name": "gemini", "variable": "GEMINI_API_KEY"} in listed["providers"]
    assert {"name": "openai", "variable": None} in listed["providers"]
    assert "local" not in {provider["name"] for provider in listed["providers"]}
    assert "told" not in answer
    assert front_end.wait_for("keys", 2)["keys"] == []
    assert KEY not in json.dumps(front_end.messages)


def test_a_key_that_the_provider_refuses_is_not_stored(panel, front_end, fake_openai, sign_up):
    sign_up()
    fake_openai.api_key = "another key"

    told = front_end.fill_in(panel, "add_key", provider="custom", key=KEY, check=True)["told"]
    front_end.say(panel._account, "look")

    assert told == say("key_refused", minutes=0, provider="custom")
    assert front_end.wait_for("keys")["keys"] == []


def test_without_a_keyring_a_key_needs_an_account(panel, front_end):
    told = front_end.fill_in(panel, "add_key", provider="custom", key=KEY, check=False)["told"]

    assert told["word"] == "no_keyring"


def test_a_missing_key_offers_the_dialog_at_its_provider(panel, front_end):
    front_end.ask(panel, "Hello?")

    error = front_end.wait_for("end")["error"]
    assert error["remedy"] == {"section": "keys", "provider": "custom"}
    assert error["retry"] == "reply"


def test_a_refused_key_offers_the_dialog_too_and_the_offer_outlives_a_reload(panel, front_end, fake_openai, sign_up):
    sign_up()
    front_end.fill_in(panel, "add_key", provider="custom", key=KEY, check=False)
    fake_openai.script(Fail(401, "Incorrect API key provided"))
    front_end.ask(panel, "Hello?")
    front_end.wait_until_idle(1)
    pages = len(front_end.all("page"))

    front_end.look(panel)

    assert front_end.wait_for("page", pages + 1)["error"] == front_end.wait_for("end")["error"]
    assert front_end.wait_for("end")["error"]["remedy"] == {"section": "keys", "provider": "custom"}


def test_a_locked_key_offers_to_sign_in(panel, front_end, ws, monkeypatch):
    def locked(*_):
        raise KeysLockedError("your key is locked here")

    monkeypatch.setattr("primer_nb.use_cases.stored_keys.open_row", locked)
    monkeypatch.setattr(ws._session.providers.get("custom"), "_key", locked)

    front_end.ask(panel, "Hello?")

    assert front_end.wait_for("end")["error"]["remedy"] == {"section": "account"}


def test_preferences_are_stored_and_shown(panel, front_end, ws):
    front_end.fill_in(panel, "prefer", changed={"theme": "dark", "language": "de"})

    front_end.wait_until(lambda: front_end.all("who") and who(front_end)["theme"] == "dark", "the theme in the row")
    assert (ws.settings.theme, ws.settings.language) == ("dark", "de")
    assert panel._composer.words["language"] == "de"


def test_no_action_of_the_dialog_runs_in_the_kernels_main_thread(panel, front_end, monkeypatch):
    threads = []
    real = accounts.sign_in
    monkeypatch.setattr(
        accounts, "sign_in", lambda *a, **k: threads.append(threading.current_thread()) or real(*a, **k)
    )

    front_end.fill_in(panel, "sign_in", email=ADA, password=PASSWORD, stay=True)

    assert [thread.name for thread in threads] == ["primer-account"]


def test_nothing_of_an_account_is_in_any_trait(panel, front_end, sign_up):
    key = sign_up("canary@example.org")["recovery_key"]
    wait_for_who(front_end, "canary@example.org")
    front_end.fill_in(panel, "add_key", provider="custom", key=KEY, check=False)

    saved = json.dumps([ipywidgets.Widget.get_manager_state(), front_end.states])

    assert [text for text in ("canary@example.org", PASSWORD, KEY, key) if text in saved] == []


def test_a_message_forgets_its_secrets_when_it_is_taken(panel, front_end):
    buffers = [memoryview(PASSWORD.encode())]
    content = {"type": "ask", "action": "sign_in", "ask": "q", "email": ADA, "stay": True, "secrets": ["password"]}

    panel._account.comm.handle_msg(
        {"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers}
    )

    front_end.wait_for("answer")
    assert buffers == []
    assert PASSWORD not in json.dumps(content)
