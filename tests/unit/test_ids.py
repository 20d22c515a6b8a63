"""Identifiers are ordered and unique."""

from __future__ import annotations

import threading
import uuid

from primer_nb import ids


def test_ids_are_uuids_of_version_7():
    made = uuid.UUID(ids.new_id())

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_grow_even_when_the_clock_goes_back(monkeypatch):
    clock = iter([10**18, 10**18, 10**18 - 10**9, 10**18 - 10**9, 10**18 + 1])
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(clock))
    monkeypatch.setattr(ids, "_clock", ids._Clock())

    made = [ids.new_id() for _ in range(5)]

    assert made == sorted(made)
    assert len({text[:18] for text in made}) == 5


def test_ids_of_many_threads_are_unique():
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(ids.new_id() for _ in range(2_000))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 8_000


def test_the_id_holds_the_time_it_was_made(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_645_557_742_000 * 1_000_000)
    monkeypatch.setattr(ids, "_clock", ids._Clock())

    assert ids.new_id().startswith("017f22e2-79b0-7")  # the example of RFC 9562, appendix A.6


def test_only_uuids_are_taken_for_uuids():
    assert ids.is_uuid(ids.new_id())
    assert not ids.is_uuid("chat-1")
    assert not ids.is_uuid("")
