"""Which server a backup goes to, whatever its address says of how to get there; and what is forgotten in time."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from primer_nb.backup.bookkeeping import target_of
from primer_nb.backup.run import backup
from primer_nb.database.addresses import parse_address
from primer_nb.times import now, to_text

DISTANT = "postgresql://ada:secret@db.example.org:5432/primer"


@pytest.mark.parametrize(
    "address",
    [
        DISTANT.replace("secret", "other"),
        f"{DISTANT}?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        f"{DISTANT}?sslmode=disable",
        f"{DISTANT}?connect_timeout=3&application_name=nightly",
        f"{DISTANT}?pool_max_open=9&silence_timeout=300",
    ],
)
def test_how_to_connect_makes_no_other_server(address):
    assert target_of(parse_address(address), "u") == target_of(parse_address(DISTANT), "u")


@pytest.mark.parametrize(
    ("part", "other"),
    [("ada", "bob"), ("db.", "db2."), ("5432", "5433"), ("/primer", "/test"), ("/primer", "/primer?options=-cx%3Dy")],
)
def test_another_host_port_database_role_or_schema_is_another_server(part, other):
    assert target_of(parse_address(DISTANT.replace(part, other)), "u") != target_of(parse_address(DISTANT), "u")


@pytest.mark.parametrize("address", [DISTANT, "postgresql://postgres@/primer?host=/run/pg", "postgresql:///primer"])
def test_a_chain_of_before_goes_on(address):
    before = hashlib.sha256(str(parse_address(address)).encode()).hexdigest()[:32]

    assert target_of(parse_address(address), "u") == f"{before}:u"


def test_a_backup_over_another_way_goes_on_and_cuts_the_journal(scene, known):
    url = scene.remote.address.url.update_query_dict({"connect_timeout": "9"})
    scene.say(known, "again")

    report = backup(scene.local, parse_address(url.render_as_string(hide_password=False)), scene.user.id)

    assert (report.is_reconciled, report.messages) == (False, 1)
    assert scene.here("SELECT count(*) FROM primer_journal") == [(0,)]


@pytest.mark.parametrize(("days", "entries"), [(80, 1), (100, 0)])
def test_a_server_that_is_used_no_more_keeps_the_journal_for_three_months(scene, known, days, entries):
    moment = to_text(now() - timedelta(days=days))
    columns = "device_id, token, acked_seq"
    scene.write(f"INSERT INTO primer_backup_state SELECT 'old', {columns}, ? FROM primer_backup_state", moment)
    scene.say(known, "again")

    scene.backup()

    assert scene.here("SELECT count(*) FROM primer_journal") == [(entries,)]


def test_a_server_that_was_forgotten_here_is_compared_when_it_is_used_again(scene, known):
    scene.write("UPDATE primer_backup_state SET target = 'new'")
    scene.say(known, "again")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (True, 1)
    assert scene.said_there() == scene.said_here()
