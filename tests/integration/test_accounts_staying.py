"""Stay signed in on this machine: tokens work once, a copied one ends its family, and time ends them all."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from crashes import kills
from people import ADA, BOB, OTHER_PASSWORD, actions, damage_slot

import primer_nb
from primer_nb import times
from primer_nb.credentials.kept_tokens import KeptToken, kept_token
from primer_nb.credentials.tokens import digest
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, provider_keys
from primer_nb.use_cases.accounts import staying
from primer_nb.use_cases.stored_keys import stored_key
from primer_nb.use_cases.tokens import create_token

KEY = Secret("sk-abcdefghijkl")


def test_a_kernel_that_starts_again_is_signed_in_with_its_keys(people):
    provider_keys.add_key(people.sign_up(stay=True), "openai", key=KEY, check=False)

    session = people.session()
    third = people.session()

    assert (session.user.email, third.user.email) == (ADA, ADA)
    assert stored_key(third, "openai").reveal() == KEY.reveal()


def test_who_does_not_want_to_stay_does_not(people):
    people.sign_up(stay=False)

    assert people.session().is_local


def test_every_start_uses_the_token_up_and_keeps_the_next(people):
    session = people.sign_up(stay=True)
    first = _kept(session).current.reveal()

    people.session()

    second = _kept(session).current
    assert second.reveal() != first
    with session.accounts.unit_of_work(read_only=True) as work:
        used, unused = work.refresh_tokens.where(user_id=session.user.id)
    assert (used.token, used.used_at is None) == (digest(Secret(first)), False)
    assert (unused.token, unused.used_at, unused.family) == (digest(second), None, used.family)


def test_a_token_that_comes_a_second_time_ends_its_family(people):
    session = people.sign_up(stay=True)
    stolen = _kept(session)
    people.session()
    owners = _kept(session)
    _keep(session, stolen)

    with _warned():
        assert people.session().is_local
    _keep(session, owners)
    with _warned():
        assert people.session().is_local

    assert actions(session)[-1] == "refresh_token_reused"
    with session.accounts.unit_of_work(read_only=True) as work:
        assert all(token.revoked for token in work.refresh_tokens.where(user_id=session.user.id))
        assert work.key_slots.where(user_id=session.user.id, kind="refresh") == []


def test_of_eight_uses_at_once_one_succeeds(people):
    session = people.sign_up(stay=True)
    token = _kept(session).current
    new = [staying.new_refresh_token() for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda following: staying._replace(session.accounts, token, following), new))

    assert sum(answer is not None for answer in answers) == 1
    with session.accounts.unit_of_work(read_only=True) as work:
        assert len(work.refresh_tokens.where(user_id=session.user.id)) == 2


def test_of_eight_uses_at_once_seven_are_told_as_reuse_and_end_what_the_first_one_got(people):
    session = people.sign_up(stay=True)
    token = _kept(session).current
    new = [staying.new_refresh_token() for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda following: staying._replace(session.accounts, token, following), new))

    assert actions(session).count("refresh_token_reused") == 7
    with session.accounts.unit_of_work(read_only=True) as work:
        assert all(row.revoked for row in work.refresh_tokens.where(user_id=session.user.id))
        assert work.key_slots.where(user_id=session.user.id, kind="refresh") == []


def test_a_family_that_ends_has_no_token_on_its_way(people, monkeypatch):
    session = people.sign_up(stay=True)
    stolen, owners, next_one = _kept(session).current, staying.new_refresh_token(), staying.new_refresh_token()
    staying._replace(session.accounts, stolen, owners)
    is_used, add = threading.Event(), staying._add

    def add_late(*arguments, **named):
        is_used.set()
        time.sleep(0.5)
        return add(*arguments, **named)

    monkeypatch.setattr(staying, "_add", add_late)
    with ThreadPoolExecutor(1) as pool:
        going_on = pool.submit(staying._replace, session.accounts, owners, next_one)
        is_used.wait(10)
        staying._replace(session.accounts, stolen, staying.new_refresh_token())
        going_on.result()

    with session.accounts.unit_of_work(read_only=True) as work:
        assert [row.revoked for row in work.refresh_tokens.where(user_id=session.user.id)] == [True] * 3


def test_kernels_that_start_at_once_take_turns(people):
    people.sign_up(stay=True)

    with ThreadPoolExecutor(4) as pool:
        sessions = list(pool.map(lambda _: people.session(), range(4)))

    assert [session.user.email for session in sessions] == [ADA] * 4


def test_fourteen_idle_days_end_a_sign_in(people, monkeypatch):
    people.sign_up(stay=True)
    start = times.now()
    monkeypatch.setattr(times, "now", lambda: start + timedelta(days=13, hours=23))
    assert people.session().user.email == ADA

    monkeypatch.setattr(times, "now", lambda: start + timedelta(days=28))

    with _warned():
        assert people.session().is_local


def test_thirty_days_end_it_however_busy(people, monkeypatch):
    people.sign_up(stay=True)
    start = times.now()
    for day in (7, 14, 21, 28, 29.9):
        monkeypatch.setattr(times, "now", lambda day=day: start + timedelta(days=day))
        assert people.session().user.email == ADA

    monkeypatch.setattr(times, "now", lambda: start + timedelta(days=30, seconds=1))

    with _warned():
        assert people.session().is_local


def test_a_start_killed_at_any_statement_costs_nobody_the_sign_in(people):
    session = people.sign_up(stay=True)
    provider_keys.add_key(session, "openai", key=KEY, check=False)
    dying = people.session()
    deaths = 0

    for is_killed in kills(dying):
        with is_killed:
            staying.resume(dying)
        deaths += 1
        later = people.session()
        assert later.user.email == ADA
        assert stored_key(later, "openai").reveal() == KEY.reveal()

    assert deaths > 8


def test_signing_out_forgets_and_revokes(people):
    session = people.sign_up(stay=True)
    kept = _kept(session)

    accounts.sign_out(session)

    assert people.session().is_local
    _keep(session, kept)
    with _warned():
        assert people.session().is_local


def test_signing_in_as_somebody_else_forgets_who_was_there(people):
    people.sign_up(BOB, password=OTHER_PASSWORD)
    session = people.sign_up(stay=True)
    kept = _kept(session)

    accounts.sign_in(session, BOB, password=Secret(OTHER_PASSWORD))

    assert people.session().user.email == BOB
    _keep(session, kept)
    with _warned():
        assert people.session().is_local


def test_a_token_is_not_kept_as_a_person(people):
    by_token = people.session(token=create_token(people.sign_up(), "nightly"))

    staying.stay(by_token)

    assert people.session().is_local


def test_a_damaged_file_is_as_none(people, primer_home):
    people.sign_up(stay=True)
    (file,) = (primer_home / "data").glob("signed-in-*.json")
    file.write_text("{")

    assert people.session().is_local


def test_a_damaged_slot_keeps_nobody_from_opening_a_store(people):
    session = people.sign_up(stay=True)
    kept = _kept(session)
    damage_slot(session.accounts)

    with _warned():
        assert people.session().is_local

    assert _kept(session) is None
    with session.accounts.unit_of_work(read_only=True) as work:
        assert [row.revoked for row in work.refresh_tokens.where(token=digest(kept.current))] == [True]


def test_tokens_that_were_over_long_ago_are_deleted(people, monkeypatch):
    session = people.sign_up(stay=True)
    start = times.now()

    monkeypatch.setattr(times, "now", lambda: start + timedelta(days=60))
    with _warned():
        people.sign_in(stay=True)

    with session.accounts.unit_of_work(read_only=True) as work:
        assert len(work.refresh_tokens.where(user_id=session.user.id)) == 1


def test_a_home_that_cannot_be_made_keeps_nobody_from_opening_a_store(tmp_path, monkeypatch, sqlite_url):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "file"))

    with primer_nb.connect(sqlite_url) as ws:
        assert ws.chats.list() == []


def test_a_store_in_memory_keeps_nothing(quick_argon2, primer_home):
    with primer_nb.connect(":memory:") as ws:
        accounts.register(ws._session, ADA, password=Secret("purple otter reads maps"))

    assert list(primer_home.rglob("signed-in-*")) == []


def _kept(session) -> KeptToken:
    with kept_token(session.stores.place) as keeper:
        return keeper.read()


def _keep(session, kept: KeptToken) -> None:
    with kept_token(session.stores.place) as keeper:
        keeper.write(kept)


def _warned():
    return pytest.warns(UserWarning, match=r"ws\.login")
