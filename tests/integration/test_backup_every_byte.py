"""The line is cut after any byte, either way: never half a batch, never a row twice, and the next run completes it.

The everyday run tries a sample of the bytes; ``-m exhaustive`` tries every one, which takes minutes.
"""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from contextlib import ExitStack

import pytest
from backup_scene import until_they_left
from backup_views import rows_of_file, view_of_file, view_of_server
from delay_proxy import DelayProxy, Fault

from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database import Store, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreUnavailableError

ALL = pytest.param(1, marks=pytest.mark.exhaustive)
# primes, so that the cuts fall everywhere in the messages of the protocol
FEW, FEWER = 7, 97


@pytest.fixture
def line(scene, postgres_url, monkeypatch):
    """Cut the line for good: the first failure is the last."""
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())
    monkeypatch.setattr("delay_proxy._FLUSH", 0.002)  # as there are so many cuts
    with DelayProxy(postgres_url) as proxy, ExitStack() as stack:
        yield Line(proxy, stack.enter_context(scene.administrator()))


class Line:
    """A way to the server that may be cut; past it, the server can be looked at."""

    def __init__(self, proxy, pg) -> None:
        self.pg = pg
        self._proxy = proxy
        self._address = parse_address(proxy.url)
        self.outcomes: Counter[str] = Counter()

    def cuts(self, run, step):
        """Yield every so many bytes of a run, as faults."""
        self._proxy.reset()
        run(self._address)
        counts = self._proxy.counts
        for kind, size in (("cut up", counts.bytes_up), ("cut down", counts.bytes_down)):
            yield from (Fault(kind, at) for at in range(0, size, step))

    def is_done(self, run, fault):
        """Run with a fault; tell whether it said that it is done. The server is done then too, with what it got."""
        self._proxy.reset(fault)
        with until_they_left(self.pg):
            try:
                run(self._address)
            except StoreUnavailableError:
                return False
            return True

    def note(self, fault, *, is_done, is_applied):
        """Count what came of a fault."""
        said = "said done" if is_done else "said failed"
        self.outcomes[f"{fault.kind}, {said}, {'applied' if is_applied else 'not applied'}"] += 1

    def at_last(self, run):
        """Run without a fault; to this side it is the same server, since it has the same address."""
        self._proxy.reset()
        return run(self._address)


def the_journal_is_empty(scene):
    return scene.here("SELECT count(*) FROM primer_journal") == [(0,)]


@pytest.mark.parametrize("step", [FEW, ALL])
def test_a_push_that_is_cut_anywhere_is_done_by_the_next_one(scene, line, step):
    chat, numbers = scene.chat(), itertools.count()

    def say():
        for database in (line.pg.execute, scene.write):  # the chain of tokens stays
            database("DELETE FROM messages")
        scene.say(chat, f"one {next(numbers)}", "two")

    def push(address):
        with Server(address) as server:
            return backup(scene.local, server, scene.user.id)

    line.at_last(push)
    say()
    for fault in line.cuts(push, step):
        say()
        rows = rows_of_file(scene.path)

        is_done = line.is_done(push, fault)

        there, here = view_of_server(line.pg, scene.user.id), view_of_file(scene.path, scene.user.id)
        assert there.messages in ({}, here.messages)  # never half a batch
        assert there.messages or not is_done
        report = line.at_last(push)
        assert (report.is_reconciled, report.messages) == (False, 0 if there.messages else 2)
        assert view_of_server(line.pg, scene.user.id) == here
        assert rows_of_file(scene.path) == rows
        assert the_journal_is_empty(scene)
        line.note(fault, is_done=is_done, is_applied=bool(there.messages))
    print(line.outcomes)
    assert {"cut up, said failed, not applied", "cut down, said failed, applied"} <= line.outcomes.keys()


@pytest.mark.parametrize("step", [FEWER, ALL])
def test_a_first_backup_that_is_cut_anywhere_is_done_by_the_next_one(scene, line, step):
    scene.fill(chats=2, messages=2)
    rows, here = rows_of_file(scene.path), view_of_file(scene.path, scene.user.id)

    def first(address):
        line.pg.execute("DELETE FROM chats; DELETE FROM primer_sync_device")
        scene.write("DELETE FROM primer_backup_state")
        return push(address)

    def push(address):
        with Server(address) as server:
            return backup(scene.local, server, scene.user.id)

    for fault in line.cuts(first, step):
        is_done = line.is_done(first, fault)

        there = view_of_server(line.pg, scene.user.id)
        assert there.messages in ({}, here.messages)  # one load is one transaction
        assert there.messages or not is_done
        assert line.at_last(push).messages == (0 if there.messages else 4)
        assert view_of_server(line.pg, scene.user.id) == here
        assert rows_of_file(scene.path) == rows
        assert the_journal_is_empty(scene)
        line.note(fault, is_done=is_done, is_applied=bool(there.messages))
    print(line.outcomes)
    assert {"cut up, said failed, not applied", "cut down, said failed, applied"} <= line.outcomes.keys()


@pytest.mark.parametrize("step", [FEWER, ALL])
@pytest.mark.parametrize("work", [restore, pull])
def test_what_comes_back_over_a_line_that_is_cut_anywhere_is_all_or_nothing(scene, line, tmp_path, work, step):
    blank = tmp_path / "blank.db"
    open_store(blank).close()
    scene.fill(chats=2, messages=2)
    scene.backup()
    there, everything = view_of_server(line.pg, scene.user.id), scene.contents()
    path = tmp_path / "desktop.db"

    def come_back(address):
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(blank, path)
        store = Store(path)
        try:
            work(store, address, scene.user.id)
        finally:
            store.close()

    def come_back_at_last():
        store = Store(path)
        work(store, scene.server.address, scene.user.id)
        store.close()

    for fault in line.cuts(come_back, step):
        is_done = line.is_done(come_back, fault)

        here = view_of_file(path, scene.user.id)
        assert here.messages in ({}, there.messages)
        assert here.messages or not is_done
        line.note(fault, is_done=is_done, is_applied=bool(here.messages))
        come_back_at_last()
        assert view_of_file(path, scene.user.id) == there
        assert view_of_server(line.pg, scene.user.id) == there
        assert not path.with_name("desktop.db.restoring").exists()
    print(line.outcomes)
    assert scene.contents() == everything
    assert {"cut up, said failed, not applied", "cut down, said failed, not applied"} <= line.outcomes.keys()
