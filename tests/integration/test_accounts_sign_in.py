"""Sign in: the right password opens, every other answer is the same, and guessing ends after ten tries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, actions
from sqlalchemy import event

from primer_nb import times
from primer_nb.credentials import passwords
from primer_nb.errors import SealError, SignInError, TooManyAttemptsError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, attempts, provider_keys, rotation
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.stored_keys import stored_key

WRONG = Secret("not the password at all")


def test_signing_in_brings_back_chats_and_keys(people):
    first = people.sign_up()
    create_chat(first, "Birds")
    provider_keys.add_key(first, "openai", key=Secret("sk-abcdefghijkl"), check=False)

    session = people.sign_in(" ADA@example.org")

    assert [chat.title for chat in list_chats(session)] == ["Birds"]
    assert stored_key(session, "openai").reveal() == "sk-abcdefghijkl"


def test_handles_of_the_user_before_answer_as_if_there_was_nothing(people):
    ws = people.connect()
    accounts.register(ws._session, ADA, password=Secret(PASSWORD), stay=False)
    chat = ws.chats.create("Birds")

    ws._session.become(people.sign_up(BOB).user)

    with pytest.raises(LookupError):
        chat.messages()
    assert ws.chats.list() == []
    assert ws.history.messages().empty


@pytest.mark.parametrize("email", [ADA, "nobody@example.org", "local@localhost"])
def test_every_refusal_has_the_same_text_and_costs_the_same(people, monkeypatch, email):
    people.sign_up()
    session, calls = people.session(), []
    real = passwords.hash_secret_raw
    monkeypatch.setattr(passwords, "hash_secret_raw", lambda *a, **k: calls.append(k["memory_cost"]) or real(*a, **k))

    with pytest.raises(SignInError) as caught:
        accounts.sign_in(session, email, password=WRONG)

    assert str(caught.value) == "this e-mail address and this password do not belong together; check both"
    assert calls == [passwords.cost.memory_cost]
    assert session.is_local


def test_every_refusal_sends_the_same_statements(people):
    people.sign_up()
    session, sent = people.session(), []
    for store in {session.store, session.accounts}:
        event.listen(store.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))

    of_each = []
    for email in (ADA, "nobody@example.org", "local@localhost"):
        sent.clear()
        with pytest.raises(SignInError):
            accounts.sign_in(session, email, password=WRONG)
        of_each.append(tuple(sent))

    assert len(of_each[0]) > 3
    assert len(set(of_each)) == 1


@pytest.mark.parametrize("email", [ADA, "nobody@example.org"])
def test_after_ten_failures_the_address_is_locked_for_fifteen_minutes(people, monkeypatch, email):
    people.sign_up()
    session, start = people.session(), times.now()
    monkeypatch.setattr(times, "now", lambda: start)
    for _ in range(10):
        with pytest.raises(SignInError, match="do not belong together"):
            accounts.sign_in(session, email, password=WRONG)

    with pytest.raises(TooManyAttemptsError, match="again in 15 minutes") as caught:
        accounts.sign_in(session, email, password=Secret(PASSWORD))
    monkeypatch.setattr(times, "now", lambda: start + timedelta(minutes=15, seconds=1))

    assert caught.value.retry_after == 900
    with pytest.raises(SignInError, match="do not belong together"):
        accounts.sign_in(session, email, password=WRONG)


def test_the_lock_opens_by_itself_and_the_right_password_forgives(people, monkeypatch):
    people.sign_up()
    session = people.session()
    for _ in range(9):
        with pytest.raises(SignInError):
            accounts.sign_in(session, ADA, password=WRONG)

    accounts.sign_in(session, ADA, password=Secret(PASSWORD))

    for _ in range(10):
        with pytest.raises(SignInError, match="do not belong together"):
            accounts.sign_in(people.session(), ADA, password=WRONG)
    assert session.user.email == ADA
    provider_keys.list_keys(session)


def test_failures_far_apart_lock_nothing(people, monkeypatch):
    people.sign_up()
    session, start = people.session(), times.now()
    for number in range(25):
        monkeypatch.setattr(times, "now", lambda number=number: start + timedelta(minutes=2 * number))
        with pytest.raises(SignInError, match="do not belong together"):
            accounts.sign_in(session, ADA, password=WRONG)

    accounts.sign_in(session, ADA, password=Secret(PASSWORD), stay=False)


def test_forty_guesses_at_once_are_ten(people, monkeypatch):
    people.sign_up()
    session = people.session()
    tried = []
    monkeypatch.setattr(
        "primer_nb.use_cases.accounts.passwords.verify_password", lambda *_: bool(tried.append(1)) and False
    )

    def guess(_number: int) -> type[Exception]:
        try:
            accounts.sign_in(session, ADA, password=WRONG)
        except SignInError as error:
            return type(error)
        raise AssertionError("a guess was right")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(40)))

    assert len(tried) == 10
    assert answers.count(TooManyAttemptsError) == 30


def test_a_guess_whose_process_dies_counts_too(people, monkeypatch):
    people.sign_up()
    session = people.session()
    with monkeypatch.context() as patch:
        patch.setattr("primer_nb.use_cases.accounts.passwords.verify_password", _die)
        for _ in range(10):
            with pytest.raises(KeyboardInterrupt):
                accounts.sign_in(session, ADA, password=WRONG)

    with pytest.raises(TooManyAttemptsError):
        accounts.sign_in(session, ADA, password=Secret(PASSWORD))


def test_a_mistyped_address_is_written_nowhere(people):
    session = people.session()

    with pytest.raises(SignInError):
        accounts.sign_in(session, "hunter2 is my password", password=WRONG)

    with session.accounts.unit_of_work(read_only=True) as work:
        counted = work.attempts.list()
        logged = work.audit_log.latest(10)
    assert "hunter2" not in repr([row.model_dump() for row in (*counted, *logged)])
    assert [entry.user_id for entry in logged] == [None]


def test_a_weak_hash_is_replaced_when_its_owner_signs_in(people, monkeypatch):
    people.sign_up()
    stronger = passwords.Parameters(**{**vars_of(passwords.cost), "time_cost": 2})
    monkeypatch.setattr(passwords, "cost", stronger)

    session = people.sign_in()

    with session.accounts.unit_of_work(read_only=True) as work:
        (user,) = work.users.where(email=ADA)
    assert ",t=2," in user.password_hash
    assert people.sign_in().user.email == ADA


def test_a_weak_password_slot_is_replaced_too(people, monkeypatch):
    session = people.sign_up()
    provider_keys.add_key(session, "openai", key=Secret("sk-abcdefghijkl"), check=False)
    stronger = passwords.Parameters(**{**vars_of(passwords.cost), "time_cost": 2})
    monkeypatch.setattr(passwords, "cost", stronger)

    again = people.sign_in()

    (slot,) = _password_slots(again)
    assert ",t=2," in slot.kdf
    assert stored_key(again, "openai").reveal() == "sk-abcdefghijkl"
    assert stored_key(people.sign_in(), "openai").reveal() == "sk-abcdefghijkl"
    assert _password_slots(again) == [slot]


def test_a_slot_that_was_replaced_meanwhile_is_left_alone(people, monkeypatch):
    other = people.sign_up()
    provider_keys.add_key(other, "openai", key=Secret("sk-abcdefghijkl"), check=False)
    stronger = passwords.Parameters(**{**vars_of(passwords.cost), "time_cost": 2})
    monkeypatch.setattr(passwords, "cost", stronger)
    real = accounts.signing_in.hash_password

    def meanwhile(password):
        rotation.rotate_keys(other, password=Secret(PASSWORD))
        return real(password)

    monkeypatch.setattr(accounts.signing_in, "hash_password", meanwhile)
    people.sign_in()
    monkeypatch.setattr(accounts.signing_in, "hash_password", real)

    assert stored_key(people.sign_in(), "openai").reveal() == "sk-abcdefghijkl"


def test_an_account_of_another_program_gets_its_data_key(people):
    session = people.sign_up()
    with session.accounts.unit_of_work() as work:
        work.key_slots.remove(user_id=session.user.id)
        work.commit()

    again = people.sign_in()
    provider_keys.add_key(again, "openai", key=Secret("sk-abcdefghijkl"), check=False)

    assert stored_key(people.sign_in(), "openai").reveal() == "sk-abcdefghijkl"


def test_signing_in_as_somebody_else_changes_whose_workspace_it_is(people):
    create_chat(people.sign_up(), "Ada's")
    session = people.sign_up(BOB, password=OTHER_PASSWORD)

    accounts.sign_in(session, ADA, password=Secret(PASSWORD), stay=False)

    assert [chat.title for chat in list_chats(session)] == ["Ada's"]


def test_the_data_key_is_wiped_when_its_user_signs_out(people):
    session = people.sign_up()
    data_key = session.data_key

    accounts.sign_out(session)

    assert session.data_key is None
    with pytest.raises(SealError):
        data_key.reveal()


def test_the_audit_log_tells_what_happened(people):
    session = people.sign_up()
    accounts.sign_out(session)
    with pytest.raises(SignInError):
        accounts.sign_in(session, ADA, password=WRONG)
    accounts.sign_in(session, ADA, password=Secret(PASSWORD), stay=False)

    assert actions(session) == ["signed_up", "signed_out", "sign_in_failed", "signed_in"]


def test_the_limits_are_those_that_are_documented():
    assert (10, timedelta(minutes=15)) == (attempts.MOST, attempts.WINDOW)


def _password_slots(session):
    with session.accounts.unit_of_work(read_only=True) as work:
        return work.key_slots.where(user_id=session.user.id, kind="password")


def vars_of(parameters):
    return {name: getattr(parameters, name) for name in parameters.__slots__}


def _die(*_arguments):
    raise KeyboardInterrupt
