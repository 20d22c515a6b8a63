"""How the server of backups is reached, and what is said when it is not."""

from __future__ import annotations

import pytest

from primer_nb.backup.server import Server, connect_server, connection_settings
from primer_nb.database.addresses import Address, parse_address
from primer_nb.errors import StoreUnavailableError


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://db.example.org/x", "require"),
        ("postgresql://db.example.org/x?sslrootcert=ca.pem", "verify-full"),
        ("postgresql://db.example.org/x?sslmode=verify-ca", "verify-ca"),
        ("postgresql://db.example.org/x?sslmode=prefer", "require"),
        ("postgresql://127.0.0.1/x", None),
        ("postgresql://[::1]/x", None),
        ("postgresql:///x?host=/run/postgresql", None),
    ],
)
def test_a_distant_server_is_reached_by_tls(url, mode):
    settings = connection_settings(parse_address(url))

    assert settings.get("sslmode") == mode


def test_an_address_that_was_not_parsed_gets_tls_too():
    url = parse_address("postgresql://db.example.org/x").url.difference_update_query(["sslmode"])

    assert connection_settings(Address(url=url))["sslmode"] == "require"


def test_a_connection_prepares_nothing_and_says_who_it_is(scene):
    with connect_server(scene.remote.address) as connection:
        name = connection.execute("SHOW application_name").fetchone()

    assert (connection.autocommit, connection.prepare_threshold, name) == (True, None, ("primer_nb",))


def test_a_connection_is_kept_until_it_is_closed(scene):
    with Server(scene.remote.address) as server:
        assert not server.is_open
        first = server.connection()
        again = server.connection()
        assert server.is_open

    assert first is again
    assert not server.is_open
    server.close()


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1/x") as caught:
        connect_server(parse_address("postgresql://ada:hunter2@127.0.0.1:1/x"))

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(Server(parse_address("postgresql://ada:hunter2@127.0.0.1:1/x")))


def test_supabases_direct_address_comes_with_advice():
    address = parse_address(
        "postgresql://postgres:hunter2@db.abcdefgh.supabase.co/postgres?hostaddr=127.0.0.1&port=1"
    )

    with pytest.raises(StoreUnavailableError, match="pooler") as caught:
        connect_server(address)

    assert "hunter2" not in str(caught.value)
