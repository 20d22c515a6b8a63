"""A server that accepts and then says nothing ends no backup for ever, and one that is merely slow is not cut."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from backup_devices import make_scene
from backup_life import OPERATIONS, Life, greeting_of
from delay_proxy import DelayProxy, Fault, wait_until

from primer_nb.backup.server import Server, connect_server
from primer_nb.database import Store
from primer_nb.database.addresses import parse_address
from primer_nb.database.silence import SilenceError, long_work
from primer_nb.errors import StoreUnavailableError

SILENCE = 60  # seconds; only those of a `Clock` go by in a test


class Clock:
    """Time that flies while the proxy holds back the last connection, and is as it is otherwise.

    However slow the machine is, no line that works is taken for a silent one.
    """

    def __init__(self, proxy: DelayProxy) -> None:
        self._proxy = proxy
        self._ahead = 0.0

    def monotonic(self) -> float:
        if 0 < self._proxy.counts.faults == self._proxy.counts.connections:
            self._ahead += SILENCE / 2
        return time.monotonic() + self._ahead


@pytest.fixture
def life(postgres_url, tmp_path):
    for scene in make_scene(postgres_url, tmp_path):
        yield Life(scene)


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def impatient(monkeypatch, proxy):
    monkeypatch.setattr("primer_nb.database.silence.time", Clock(proxy))
    monkeypatch.setattr("primer_nb.database.silence.LONG_WORK", 1)
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())


def address_of(proxy, silence=SILENCE):
    return replace(parse_address(proxy.url), silence=silence)


def measured(life, proxy, operation):
    """Run an operation over the line; return its report, the bytes of the greeting and of all that came down."""
    life.run("push", address_of(proxy))  # by this address it is another backup, which begins now
    greeting = greeting_of(proxy)
    proxy.reset()
    report = life.run(operation, address_of(proxy))
    wait_until(lambda: proxy.is_idle)
    return report, greeting, proxy.counts.bytes_down


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_server_that_falls_silent_is_given_up_and_nothing_is_lost(life, proxy, impatient, operation):
    _, greeting, size = measured(life, proxy, operation)
    for at in (greeting + 1, (greeting + size) // 2):
        proxy.reset(Fault("stall down", at))

        with pytest.raises(StoreUnavailableError, match=r"said nothing for 60 seconds.*silence_timeout") as caught:
            life.run(operation, address_of(proxy))

        assert (proxy.counts.faults, proxy.counts.connections) == (1, 1)
        assert isinstance(caught.value.__cause__, SilenceError)
    proxy.reset()  # time is as it is again
    assert life.is_whole()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_after_a_silence_it_is_tried_again(life, proxy, impatient, monkeypatch, operation):
    wanted, greeting, size = measured(life, proxy, operation)
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", (0.0,))
    proxy.reset(Fault("stall down", (greeting + size) // 2))

    report = life.run(operation, address_of(proxy))

    assert proxy.counts.connections == 2
    assert (type(report), bool(report)) == (type(wanted), bool(wanted))
    assert life.is_whole()


def test_a_server_that_takes_nothing_in_is_given_up(life, proxy, impatient):
    life.laptop.say("x" * 20_000_000)
    proxy.reset(Fault("stall up", 1_000_000))

    with pytest.raises(StoreUnavailableError, match="said nothing"):
        life.run("push", address_of(proxy))

    proxy.reset()  # time is as it is again
    assert life.is_whole()


def test_a_slow_line_is_not_cut(life, postgres_url, monkeypatch):
    life.laptop.say(*["x" * 5_000] * 30)
    with DelayProxy(postgres_url, rate=80_000) as slow:
        # as much time as the bytes need that have passed: two seconds and more, each way
        clock = SimpleNamespace(monotonic=lambda: (slow.counts.bytes_up + slow.counts.bytes_down) / 80_000)
        monkeypatch.setattr("primer_nb.database.silence.time", clock)
        life.run("push", address_of(slow, silence=0.5))
        up = slow.counts.bytes_up
        life.run("restore", address_of(slow, silence=0.5))

        assert (up > 150_000, slow.counts.bytes_down > 150_000, slow.counts.connections) == (True, True, 2)
    assert life.is_whole()


def test_a_long_statement_may_take_its_time(proxy, monkeypatch):
    monkeypatch.setattr("primer_nb.database.silence.LONG_WORK", 100)
    with connect_server(address_of(proxy)) as connection:
        connection.silence = 0.5
        with long_work(connection):
            connection.execute("SELECT pg_sleep(1)")

        with pytest.raises(SilenceError):
            connection.execute("SELECT pg_sleep(30)")

        assert connection.closed


def test_a_schema_may_change_for_as_long_as_it_takes(proxy):
    with connect_server(address_of(proxy)) as connection, long_work(connection, without_end=True):
        connection.silence = 0.1
        connection.execute("SELECT pg_sleep(1.5)")


STATEMENTS = ("SELECT pg_sleep(600)", "COPY (SELECT repeat('x', 99) FROM generate_series(1, 9000000)) TO STDOUT")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_ctrl_c_ends_a_silence(proxy, monkeypatch, statement):
    monkeypatch.setattr("primer_nb.database.silence.AFTER_STOP", 0.2)
    proxy.reset(Fault("stall down", greeting_of(proxy) + 1))
    server = Server(address_of(proxy, silence=600))
    pg = server.connection()

    def stop():
        wait_until(lambda: proxy.counts.round_trips > 1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with server, pg.cursor() as cursor:
            if statement.startswith("COPY"):
                with cursor.copy(statement) as copy:
                    list(copy.rows())
            cursor.execute(statement)
    thread.join()

    assert pg.closed


@pytest.mark.parametrize("operation", ["first_backup", "restore", "drill"])
def test_ctrl_c_in_a_silence_ends_an_operation_at_once(life, proxy, monkeypatch, operation):
    _, greeting, size = measured(life, proxy, operation)
    monkeypatch.setattr("primer_nb.database.silence.AFTER_STOP", 0.2)
    proxy.reset(Fault("stall down", (greeting + size) // 2))

    def stop():
        wait_until(lambda: proxy.counts.faults > 0)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        life.run(operation, address_of(proxy, silence=600))
    thread.join()

    assert life.is_whole()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ctrl_c_just_as_the_silence_is_looked_at_ends_an_operation_at_once(life, proxy, monkeypatch, operation):
    _, greeting, size = measured(life, proxy, operation)
    monkeypatch.setattr("primer_nb.database.silence.AFTER_STOP", 0.2)
    proxy.reset(Fault("stall down", (greeting + size) // 2))
    pressed = []

    def press(_descriptor):
        if proxy.counts.faults and not pressed:
            pressed.append("Ctrl-C")
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr("primer_nb.database.silence._unsent", press)
    with pytest.raises(KeyboardInterrupt):
        life.run(operation, address_of(proxy, silence=600))

    assert pressed
    assert life.is_whole()


def test_an_account_on_a_silent_server_is_not_waited_for(proxy, life, impatient):
    store = Store(address_of(proxy))
    proxy.reset(Fault("stall down", greeting_of(proxy) + 5_000))

    with pytest.raises(StoreUnavailableError, match="said nothing"):  # noqa: SIM117
        with store.unit_of_work() as work:
            for _ in range(1_000):
                work.users.where()
    store.close()
