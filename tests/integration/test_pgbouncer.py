"""A pooler in transaction mode, for real: every statement may meet another connection of the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from backup_devices import Told, make_scene
from backup_life import OPERATIONS, Life
from delay_proxy import DelayProxy, Fault, wait_until
from people import world
from pgbouncer import POOL_SIZE, pgbouncer
from sqlalchemy import make_url

from primer_nb.backup.drill import drill
from primer_nb.backup.forget import forget
from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.backup.verify import verify
from primer_nb.database import maintenance, migrations, open_store
from primer_nb.database.addresses import parse_address

CLIENTS = 5  # more than the pooler has connections


@pytest.fixture(scope="module")
def bouncer(postgres_server):
    with pgbouncer(postgres_server._administrator_url) as running:
        yield running


class Pool:
    """A database behind the pooler, and what the pooler does with it."""

    def __init__(self, bouncer, url):
        self._bouncer = bouncer
        self.direct_url = url
        self.url = bouncer.url(url)
        self.name = make_url(url).database

    def busy(self):
        """Name what the pooler has not got back, and whom it lets wait."""
        servers = [row["state"] for row in self._bouncer.show("SERVERS", database=self.name)]
        waiting = sum(row["cl_waiting"] for row in self._bouncer.show("POOLS", database=self.name))
        return [state for state in servers if state not in {"idle", "used", "tested"}], waiting

    def leftovers(self):
        """Look into every connection of the server for what a client left there."""
        found = []
        with psycopg.connect(self.direct_url, autocommit=True) as direct:
            found += direct.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'").fetchall()
            query = "SELECT state, query FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in%%'"
            found += direct.execute(query, [self.name]).fetchall()
            query = "SELECT locktype, mode FROM pg_locks WHERE locktype = 'advisory'"
            found += direct.execute(query).fetchall()
        clients = [psycopg.connect(self.url, prepare_threshold=None) for _ in range(POOL_SIZE)]
        pids = set()
        for client in clients:  # each in a transaction, so each on a connection of its own
            pids.add(client.execute("SELECT pg_backend_pid()").fetchone())
            found += client.execute("SELECT name FROM pg_prepared_statements").fetchall()
            found += client.execute(
                "SELECT name, setting FROM pg_settings WHERE source = 'session'"
                " AND name NOT IN ('application_name', 'client_encoding')"
            ).fetchall()
        for client in clients:
            client.rollback()
            client.close()
        assert len(pids) == POOL_SIZE
        return found


@pytest.fixture
def pool(bouncer, postgres_url):
    return Pool(bouncer, postgres_url)


@pytest.fixture
def life(pool, tmp_path):
    for scene in make_scene(pool.direct_url, tmp_path):
        yield Life(scene)


def is_quiet(pool):
    return pool.busy() == ([], 0)


def test_the_schema_goes_up_and_down_through_a_pooler(pool):
    store = open_store(pool.url)

    assert migrations.status(store.engine).pending == ()
    migrations.downgrade(store.engine, to="base")
    assert migrations.upgrade(store.engine).before is None
    maintenance.vacuum(store)
    maintenance.analyze(store)

    store.close()
    assert pool.leftovers() == []
    wait_until(lambda: is_quiet(pool))


def test_somebody_signs_up_and_backs_up_through_a_pooler(pool, sqlite_url, quick_argon2):
    with world(sqlite_url, pool.url) as people:
        session = people.sign_up()
        ws = people.connect()
        ws.login("ada@example.org", password="purple otter reads maps")
        ws.chats.create("Birds")

        assert ws.backup().chats == 1
        assert ws.verify(depth=3)
        assert session.user.id == ws.user.id
    assert pool.leftovers() == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_leaves_nothing_over_in_a_pooler(life, pool, operation):
    address = parse_address(pool.url)

    for _ in range(2 * POOL_SIZE):
        life.run(operation, address)

    assert pool.leftovers() == []
    wait_until(lambda: is_quiet(pool))
    assert life.is_whole()


def test_many_clients_work_at_once_on_few_connections(life, pool, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 50)
    machines = [life.scene.device(f"client {number}") for number in range(CLIENTS)]
    chats = [machine.say(*(f"message {at}" for at in range(200)))[0] for machine in machines]

    def work(number):
        machine, user = machines[number], life.scene.ada.id
        with Server(parse_address(pool.url)) as server:
            assert backup(machine.store, server, user).messages == 200
            for text in "abc":
                machine.say(text)
                assert backup(machine.store, server, user).round_trips == 1
            pull(machine.store, server, user)
            assert drill(machine.store, server, user).messages >= 203
            other = life.scene.device(f"other {number}")
            assert restore(other.store, server, user).messages >= 203
            machine.execute("DELETE FROM chats WHERE id = ?", chats[number].id)
            assert forget(machine.store, server, user, chats[number].id).messages == 200

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(work, range(CLIENTS)))

    assert pool.leftovers() == []
    wait_until(lambda: is_quiet(pool))
    for machine in machines:
        machine.pull()
        assert all(difference.state == "only here" for difference in machine.verify(depth=3).differences)
    assert verify(machines[0].store, parse_address(pool.url), life.scene.ada.id, depth=3).messages >= CLIENTS * 3


def test_a_copy_that_is_stopped_keeps_no_connection_of_the_server(life, pool):
    life.laptop.say(*["x" * 10_000] * 300)
    life.laptop.backup()
    for _ in range(2 * POOL_SIZE):
        machine = life.another()
        with Server(parse_address(pool.url)) as server, pytest.raises(KeyboardInterrupt):
            restore(machine.store, server, machine.user.id, progress=Told(stop_after=2))

    wait_until(lambda: is_quiet(pool))
    assert pool.leftovers() == []
    assert life.run("restore", parse_address(pool.url)).messages == 306


@pytest.mark.parametrize("way", ["cut up", "cut down"])
def test_a_client_that_vanishes_in_a_copy_keeps_no_connection_of_the_server(life, pool, monkeypatch, way):
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", (0.0,))
    life.laptop.say(*["x" * 10_000] * 300)
    operation = {"cut up": "first_backup", "cut down": "restore"}[way]
    life.laptop.backup()
    with DelayProxy(pool.url) as proxy:
        for _ in range(2 * POOL_SIZE):
            proxy.reset(Fault(way, 1_000_000))

            assert life.run(operation, parse_address(proxy.url)).messages == 306

            assert proxy.counts.faults == 1

    wait_until(lambda: is_quiet(pool))
    assert pool.leftovers() == []
    assert life.is_whole()


def test_a_row_that_the_server_refuses_in_bulk_keeps_no_connection_of_the_server(life, pool):
    life.scene.execute("ALTER TABLE messages ADD CHECK (content <> 'bad')")
    life.laptop.say("good", "bad", "fine")

    for _ in range(2 * POOL_SIZE):
        report = life.run("first_backup", parse_address(pool.url))
        assert (report.messages, len(report.quarantined)) == (8, 1)

    wait_until(lambda: is_quiet(pool))
    assert pool.leftovers() == []
