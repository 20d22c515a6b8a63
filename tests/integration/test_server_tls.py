"""TLS to a real server under a host's name: what is asked of it, and what is said when it has not got it."""

from __future__ import annotations

import socket

import pytest
from certificates import Authority
from postgres_clusters import cluster_of, installations

from primer_nb.backup.server import connect_server
from primer_nb.database import Store
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreUnavailableError

HOST, OTHER_HOST = "db.example.org", "other.example.org"
IN_USE = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def free_port():
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return plug.getsockname()[1]


class Servers:
    """A server that shows a certificate of a host, over TCP."""

    def __init__(self, cluster, folder):
        self._cluster = cluster
        self.port = cluster.port = free_port()
        self.authority, self.stranger = Authority("ours"), Authority("a stranger")
        self.ca, self.other_ca = folder / "ca.pem", folder / "other.pem"
        self.ca.write_text(self.authority.certificate)
        self.other_ca.write_text(self.stranger.certificate)

    def start(self, *, ssl, access="host all all 127.0.0.1/32 trust"):
        key, certificate = self.authority.issue(HOST)
        files = {
            "ssl_key_file": str(self._cluster.write("key.pem", key)),
            "ssl_cert_file": str(self._cluster.write("certificate.pem", certificate)),
        }
        self._cluster.write("pg_hba.conf", f"local all all trust\n{access}\n")
        self._cluster.start(listen_addresses="127.0.0.1", ssl=ssl, **files)

    def restart(self, **options):
        self._cluster.stop()
        self.start(**options)

    def address(self, query="", *, host=HOST):
        """Return the address of the server by its name, which no resolver has to know."""
        return parse_address(f"postgresql://postgres@{host}:{self.port}/postgres?hostaddr=127.0.0.1&{query}")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with cluster_of(installations()[0]) as cluster:  # Debian's, which always has TLS
        servers = Servers(cluster, tmp_path_factory.mktemp("certificates"))
        servers.start(ssl="on")
        yield servers


def speaks_tls(address):
    """Connect in both ways that there are, and tell whether TLS is in use."""
    with connect_server(address) as pg:
        by_psycopg = pg.execute(IN_USE).fetchone()[0]
    store = Store(address)
    with store.engine.connect() as connection:
        by_sqlalchemy = connection.exec_driver_sql(IN_USE).scalar()
    store.close()
    assert by_psycopg == by_sqlalchemy
    return by_psycopg


def refusal(address):
    """Connect in both ways that there are, and return what is said."""
    with pytest.raises(StoreUnavailableError) as by_psycopg:
        connect_server(address)
    with pytest.raises(StoreUnavailableError) as by_sqlalchemy:
        Store(address).unit_of_work().__enter__()
    assert str(by_psycopg.value) == str(by_sqlalchemy.value)
    return str(by_psycopg.value)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", True),
        ("sslmode=prefer", True),
        ("sslmode=require", True),
        ("sslmode=verify-ca&sslrootcert={ca}", True),
        ("sslrootcert={ca}", True),
        ("sslmode=require&sslrootcert={ca}", True),
        ("sslmode=disable", False),
    ],
)
def test_a_server_elsewhere_is_reached_by_tls_unless_the_url_says_no(running, query, wanted):
    assert speaks_tls(running.address(query.format(ca=running.ca))) is wanted


def test_a_server_of_another_authority_is_refused(running):
    said = refusal(running.address(f"sslrootcert={running.other_ca}"))

    assert "certificate verify failed" in said
    assert "not of the authority that sslrootcert names" in said


def test_a_server_under_another_name_is_refused(running):
    query = f"sslrootcert={running.ca}"

    assert "its certificate is of another host" in refusal(running.address(query, host=OTHER_HOST))
    assert speaks_tls(running.address(f"{query}&sslmode=verify-ca", host=OTHER_HOST))
    assert speaks_tls(running.address(host=OTHER_HOST))  # nobody named an authority: any certificate will do


def test_a_missing_file_of_the_authority_is_named(running, tmp_path):
    said = refusal(running.address(f"sslrootcert={tmp_path / 'none.pem'}"))

    assert "none.pem" in said
    assert "see that the file that sslrootcert names is there" in said


def test_a_server_that_wants_tls_is_not_spoken_to_in_plain_text(running):
    running.restart(ssl="on", access="hostssl all all 127.0.0.1/32 trust")

    assert "remove sslmode=disable" in refusal(running.address("sslmode=disable"))
    assert speaks_tls(running.address())

    running.restart(ssl="on")


@pytest.mark.parametrize("query", ["", "sslmode=prefer", "sslmode=allow"])
def test_a_server_without_tls_is_refused_before_a_password_is_sent(running, query):
    running.restart(ssl="off", access="host all all 127.0.0.1/32 password")

    said = refusal(running.address(query))

    assert "speaks no TLS" in said
    assert "sslmode=disable" in said

    running.restart(ssl="on")


def test_a_server_on_this_machine_needs_no_tls(running):
    running.restart(ssl="off")

    assert not speaks_tls(parse_address(f"postgresql://postgres@127.0.0.1:{running.port}/postgres"))

    running.restart(ssl="on")
