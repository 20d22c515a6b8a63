"""What a user may write as the address of a store."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from primer_nb.database.addresses import PoolSettings, hidden, parse_address
from primer_nb.errors import InvalidInputError


@pytest.mark.parametrize(
    "text",
    ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"],
)
def test_everything_that_starts_with_postgres_is_postgresql(text):
    address = parse_address(text)

    assert address.dialect == "postgresql"
    assert address.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("text", ["chats.db", "sqlite:///chats.db", Path("chats.db"), ":memory:"])
def test_everything_else_is_sqlite(text):
    assert parse_address(text).dialect == "sqlite"


def test_a_plain_path_does_not_move_with_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert parse_address("chats.db").path == tmp_path / "chats.db"


def test_a_password_is_never_shown():
    address = parse_address("postgresql://ada:hunter2@db.example.org/primer")

    assert "hunter2" not in f"{address} {address!r}"


def test_a_password_is_not_shown_when_the_url_cannot_be_read():
    with pytest.raises(InvalidInputError) as caught:
        parse_address(hidden("postgresql://ada:hunter2@db.example.org:port/primer"))

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [repr(frame.locals) for frame in shown.stack if Path(frame.filename).match("database/addresses.py")]
    assert len(ours) == 3
    assert "hunter2" not in f"{caught.value}{ours}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_address_is_neither_pickled_nor_copied():
    with pytest.raises(TypeError, match="may hold a password"):
        pickle.dumps(parse_address("postgresql://ada:hunter2@localhost/primer"))


@pytest.mark.parametrize(
    ("host", "mode"), [("db.example.org", "require"), ("localhost", None), ("127.0.0.1", None), ("", None)]
)
def test_a_server_elsewhere_is_never_spoken_to_in_plain_text(host, mode):
    assert parse_address(f"postgresql://u@{host}/d").url.query.get("sslmode") == mode


def test_a_certificate_authority_asks_for_full_verification():
    url = parse_address("postgresql://u@db.example.org/d?sslrootcert=ca.pem").url

    assert url.query["sslmode"] == "verify-full"


def test_the_pool_is_as_documented_and_can_be_set():
    assert parse_address("postgresql://localhost/d").pool == PoolSettings(max_open=25, max_idle=5, lifetime=300)

    address = parse_address("postgresql://localhost/d?pool_max_open=3&pool_max_idle=1&pool_lifetime=60")

    assert address.pool == PoolSettings(max_open=3, max_idle=1, lifetime=60)
    assert not address.url.query


def test_a_silent_server_is_given_up_after_two_minutes_or_as_the_address_says():
    assert parse_address("postgresql://localhost/d").silence == 120

    address = parse_address("postgresql://localhost/d?silence_timeout=600")

    assert address.silence == 600
    assert not address.url.query


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no address"),
        (None, "no address"),
        ("mysql://h/d", "mysql:// is not a database we know"),
        ("postgres", "is written postgresql://"),
        ("postgresql://localhost/d?pool_max_open=many", "not a whole number"),
        ("postgresql://localhost/d?pool_max_open=2&pool_max_idle=9", "is more than"),
        ("postgresql://localhost/d?silence_timeout=0", "not a whole number"),
    ],
)
def test_what_is_no_address_is_refused(text, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        parse_address(text)
