"""Connection strings as Supabase's dashboard prints them, and as people change them."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import pq

from primer_nb.backup.server import connection_settings
from primer_nb.database import supabase
from primer_nb.database.addresses import parse_address
from primer_nb.database.postgresql_failures import postgresql_failure
from primer_nb.database.url_parameters import LIBPQ, SECRET
from primer_nb.errors import InvalidInputError, StoreBusyError, StoreUnavailableError

DIRECT = "postgresql://postgres:p%40ss%2F%23word@db.abcdefghijklmnopqrst.supabase.co:5432/postgres"
SESSION = "postgres://postgres.abcdefgh:p%40ss%2F%23word@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
TRANSACTION = "postgres://postgres.abcdefgh:p%40ss%2F%23word@aws-1-us-east-2.pooler.supabase.com:6543/postgres"
DEDICATED = "postgres://postgres:p%40ss%2F%23word@db.abcdefghijklmnopqrst.supabase.co:6543/postgres"
ALL = {DIRECT: "direct", SESSION: "session", TRANSACTION: "transaction", DEDICATED: "dedicated"}


@pytest.mark.parametrize("url", ALL)
def test_each_connection_string_is_recognised(url):
    address = parse_address(url)

    assert supabase.kind_of(address.url) == ALL[url]
    assert address.url.password == "p@ss/#word"
    assert "word" not in str(address)
    assert connection_settings(address)["sslmode"] == "require"


@pytest.mark.parametrize("url", ["postgresql://db.example.org/x", "postgresql:///x", "postgresql://supabase.co/x"])
def test_other_servers_are_not_supabases(url):
    assert supabase.kind_of(parse_address(url).url) is None
    assert supabase.advice(parse_address(url).url, "connection refused") == ""


FOREIGN = "pgbouncer=true&connection_limit=1&pool_timeout=20&statement_cache_size=0&supa=base-pooler.x&workaround=y"


@pytest.mark.parametrize("query", [FOREIGN, "schema=public", "ssl=true", "uselibpqcompat=true&sslmode=require"])
def test_what_is_meant_for_other_programs_is_left_out(query):
    plain, decorated = parse_address(TRANSACTION), parse_address(f"{TRANSACTION}?{query}")

    assert decorated == plain
    psycopg.conninfo.make_conninfo(**connection_settings(decorated))  # raises for what libpq does not know


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("sslmod=verify-full", r"no parameter 'sslmod'; did you mean sslmode\?"),
        ("sslmode=no-verify", "'no-verify' is none of disable, allow, prefer, require, verify-ca, verify-full"),
        ("schema=primer", "options=-csearch_path%3DNAME"),
        ("ssl=no-verify", "write sslmode=require"),
        ("banana=1", "no parameter 'banana'; remove it"),
        ("sslpassword=hunter2", "is a secret"),
    ],
)
def test_what_nobody_understands_is_refused(query, complaint):
    with pytest.raises(InvalidInputError, match=complaint) as caught:
        parse_address(f"{TRANSACTION}?{query}")

    assert "hunter2" not in str(caught.value)


def test_a_password_among_the_parameters_is_hidden_like_any_other():
    address = parse_address("postgresql://db.example.org/x?user=ada&password=hunter2")

    assert (address.url.username, address.url.password) == ("ada", "hunter2")
    assert "hunter2" not in str(address) + repr(address)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (TRANSACTION.replace("p%40ss%2F%23word", "[YOUR-PASSWORD]"), r"still says \[YOUR-PASSWORD\]"),
        (TRANSACTION.replace("p%40ss%2F%23word", "p@ss"), "write it as %40"),
    ],
)
def test_a_password_that_was_not_put_in_or_not_encoded_is_explained(url, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        parse_address(url)


REFUSED = "connection to server failed: Network is unreachable"


@pytest.mark.parametrize(
    ("url", "said", "kind", "advice"),
    [
        (DIRECT, REFUSED, StoreUnavailableError, "over IPv6 only.*session pooler.*port 5432.*port 6543"),
        (DIRECT, "could not translate host name", StoreUnavailableError, "over IPv6 only"),
        (DEDICATED, "timeout expired", StoreUnavailableError, "dedicated pooler.*over IPv6 only"),
        (DIRECT, "FATAL:  password authentication failed", StoreUnavailableError, r"\(password auth.*check host"),
        (SESSION, "FATAL:  Tenant or user not found", StoreUnavailableError, "user and host are those of your"),
        (
            SESSION.replace(".abcdefgh", ""),
            "FATAL:  Tenant or user not found",
            StoreUnavailableError,
            "postgres.<ref>",
        ),
        (SESSION, "FATAL:  MaxClientsInSessionMode: max clients reached", StoreBusyError, "use port 6543"),
        (SESSION.replace("5432", "5433"), "timeout expired", StoreUnavailableError, "5432 .session. and 6543"),
        (SESSION, "FATAL:  SSL connection is required", StoreUnavailableError, "remove sslmode=disable"),
        (TRANSACTION, "could not translate host name", StoreUnavailableError, "check the host's name"),
    ],
)
def test_a_connection_string_that_fails_comes_with_advice(url, said, kind, advice):
    error = postgresql_failure(psycopg.OperationalError(f"connection failed: {said}"), parse_address(url))

    assert type(error) is kind
    with pytest.raises(kind, match=advice):
        raise error


def test_every_parameter_of_libpq_is_known():
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}

    assert known <= LIBPQ | SECRET
