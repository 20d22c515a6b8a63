"""What follows a change of an account may fail, but the change is made: nobody loses the key that is shown once."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager

import pytest
from people import ADA, OTHER_PASSWORD, PASSWORD
from sqlalchemy import event

from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, provider_keys
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")
FAILURE = sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def ada(people):
    ws = people.connect()
    accounts.register(ws._session, ADA, password=Secret(PASSWORD))
    provider_keys.add_key(ws._session, "openai", key=KEY, check=False)
    return ws


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Go on at another machine, where nobody stayed signed in."""
    return lambda: monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "elsewhere"))


def test_a_home_that_cannot_be_written_costs_no_recovery_key(people, tmp_path, monkeypatch):
    ws = people.connect()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "file"))

    with _told():
        recovery_key = ws.register(ADA, password=PASSWORD)

    assert ws.user.email == ADA
    assert _resets(people, recovery_key)


def test_a_store_that_fails_after_the_registration_costs_no_recovery_key(people):
    ws = people.connect()

    with _failing_once_done(ws), _told():
        recovery_key = ws.register(ADA, password=PASSWORD)

    assert _resets(people, recovery_key)


def test_a_store_that_fails_after_a_reset_costs_no_recovery_key(people, ada, elsewhere):
    old_key = ada.api_keys.rotate(password=PASSWORD).recovery_key
    ws = people.connect()

    with _failing_once_done(ws), _told():
        recovery_key = ws.reset_password(recovery_key=old_key, password=OTHER_PASSWORD)
    elsewhere()

    assert stored_key(people.sign_in(password=OTHER_PASSWORD), "openai").reveal() == KEY.reveal()
    assert _resets(people, recovery_key)


def test_a_store_that_fails_after_a_rotation_costs_no_recovery_key(people, ada, elsewhere):
    with _failing_once_done(ada), _told():
        done = ada.api_keys.rotate(password=PASSWORD)
    elsewhere()

    assert stored_key(people.sign_in(), "openai").reveal() == KEY.reveal()
    assert _resets(people, done.recovery_key)


def test_a_store_that_fails_after_a_change_of_the_password_does_not_hide_the_change(people, ada, elsewhere):
    with _failing_once_done(ada), _told():
        ada.change_password(old=PASSWORD, new=OTHER_PASSWORD)
    elsewhere()

    assert stored_key(people.sign_in(password=OTHER_PASSWORD), "openai").reveal() == KEY.reveal()


def test_an_impatient_owner_has_the_recovery_key_too(people):
    ws = people.connect()

    with _failing_once_done(ws, error=KeyboardInterrupt()), _told():
        recovery_key = ws.register(ADA, password=PASSWORD)

    assert _resets(people, recovery_key)


def _resets(people, recovery_key) -> bool:
    session = people.session()
    accounts.reset_password(session, recovery_key=recovery_key.secret, new=Secret("third choice of ada lovelace"))
    return session.user.email == ADA


def _told():
    return pytest.warns(UserWarning, match=r"is done.*ws\.login")


@contextmanager
def _failing_once_done(ws, error=FAILURE):
    """Let every statement fail after the transaction that wrote into the audit log, as a disk does that is full."""
    engines = {store.engine for store in (ws._session.store, ws._session.accounts)}
    logged, done = [], []

    def before_statement(_connection, _cursor, statement, _parameters, _context, _many) -> None:
        if done:
            if isinstance(error, KeyboardInterrupt):  # nobody presses it at every statement
                logged.clear(), done.clear()
            raise error
        if statement.startswith("INSERT INTO audit_log"):
            logged.append(statement)

    def before_commit(_connection) -> None:
        done.extend(logged)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", before_statement)
        event.listen(engine, "commit", before_commit)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before_statement)
            event.remove(engine, "commit", before_commit)
