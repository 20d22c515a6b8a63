"""Every operation survives a lost connection, uses one that is kept, and costs a known number of round trips."""

from __future__ import annotations

import time
from types import SimpleNamespace

import psycopg
import pytest
from backup_devices import Told, make_scene
from backup_life import OPERATIONS, Life, greeting_of
from delay_proxy import DelayProxy, Fault, wait_until

from primer_nb.backup import retrying
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreBusyError, StoreFullError, StoreUnavailableError

# of each operation on three chats of two messages, over a connection that is open
ROUND_TRIPS = {
    "first_backup": 8,
    "push": 1,
    "backup_of_a_chat": 7,
    "pull": 10,
    "restore": 13,
    "merge": 10,
    "verify": 2,
    "drill": 12,
    "forget": 3,
}


@pytest.fixture
def life(postgres_url, tmp_path):
    for scene in make_scene(postgres_url, tmp_path):
        yield Life(scene)


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def kept(proxy, life):
    """Keep a connection open through the proxy, counted from zero."""
    with Server(parse_address(proxy.url)) as server:
        life.run("push", server)
        proxy.reset()
        yield server


@pytest.fixture
def pauses(monkeypatch):
    """Note each pause, and make none."""
    noted = []
    monkeypatch.setattr(retrying, "time", SimpleNamespace(monotonic=time.monotonic, sleep=noted.append))
    return noted


def hang_up(life):
    """Let the server close every connection, as a restart does."""
    with psycopg.connect(life.scene.server.address.url.set(drivername="postgresql").render_as_string(False)) as pg:
        pg.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'primer_nb'"
        )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_costs_so_many_round_trips_on_a_kept_connection(life, proxy, kept, operation):
    life.run(operation, kept)

    assert (proxy.counts.round_trips, proxy.counts.connections) == (ROUND_TRIPS[operation], 0)
    assert kept.is_open


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_connection_that_is_cut_is_made_again_after_a_pause(life, proxy, kept, pauses, operation):
    life.run(operation, kept)
    kept.close()
    wait_until(lambda: proxy.is_idle)
    size = proxy.counts.bytes_down
    proxy.reset(Fault("cut down", greeting_of(proxy) + size - 20))

    life.run(operation, kept)

    assert (proxy.counts.faults, proxy.counts.connections, pauses) == (1, 2, [0.5])
    assert life.is_whole()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_connection_that_the_server_closed_is_replaced_without_a_pause(life, proxy, kept, pauses, operation):
    hang_up(life)

    life.run(operation, kept)

    assert (proxy.counts.connections, pauses) == (1, [])
    assert life.is_whole()


def test_a_server_that_was_never_reached_is_given_up_at_once(life, pauses):
    for operation in OPERATIONS:
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            life.run(operation, parse_address("postgresql://ada@127.0.0.1:1/x"))

    assert pauses == []


def test_a_server_that_goes_away_for_good_is_given_up_after_the_pauses(life, proxy, kept, pauses):
    life.run("restore", kept)
    wanted = proxy.counts.bytes_down
    proxy.reset(Fault("cut down", wanted - 20))

    def cut_again(pause):
        pauses.append(pause)
        proxy.reset(Fault("cut down", wanted + 400))

    retrying.time.sleep = cut_again
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        life.run("restore", kept)

    assert pauses == list(retrying.PAUSES)
    assert life.is_whole()


REFUSALS = {"53100": StoreFullError, "57014": StoreBusyError}


@pytest.mark.parametrize("state", REFUSALS)
def test_what_waiting_does_not_mend_is_not_tried_again(life, pauses, state):
    life.scene.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    )
    life.scene.execute("CREATE TRIGGER refuse BEFORE INSERT ON messages EXECUTE FUNCTION refuse()")

    with pytest.raises(REFUSALS[state]):
        life.run("push", life.scene.server.address)

    assert pauses == []


def test_a_statement_that_takes_longer_than_the_server_allows_is_named(life, pauses):
    life.scene.execute("ALTER ROLE postgres SET statement_timeout = '1ms'")

    try:
        with pytest.raises(StoreBusyError, match=r"statement timeout.*ALTER ROLE"):
            life.run("verify", life.scene.server.address)
    finally:
        life.scene.execute("ALTER ROLE postgres RESET statement_timeout")

    assert pauses == []


def test_a_stopped_restore_leaves_nothing_over_in_a_kept_connection(life, kept):
    machine = life.another()

    with pytest.raises(KeyboardInterrupt):
        restore(machine.store, kept, machine.user.id, progress=Told(stop_after=1))

    assert restore(machine.store, kept, machine.user.id).messages == 7


def test_a_pull_in_two_attempts_reports_what_came_in_both(life, proxy, kept, pauses, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.pull._CHATS_AT_ONCE", 1)
    life.run("pull", kept)
    proxy.reset(Fault("cut down", proxy.counts.bytes_down * 2 // 3))

    report = life.run("pull", kept)

    assert (report.chats_added, report.messages, pauses) == (4, 7, [0.5])


def test_a_chat_is_forgotten_although_the_answer_is_lost(life, proxy, kept, pauses):
    proxy.reset(Fault("cut reply", 2))

    report = life.run("forget", kept)

    assert (report.messages, pauses) == (2, [0.5])


def test_a_probe_is_answered_although_the_connection_was_closed(life, proxy, kept, pauses):
    life.scene.execute("TRUNCATE chats, primer_sync_device CASCADE")
    hang_up(life)

    report = backup(life.laptop.store, kept, life.laptop.user.id, probe=True)

    assert (report.is_reconciled, report.chats, pauses) == (True, 4, [])
    assert life.is_whole()
