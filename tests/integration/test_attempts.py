"""The throttle by itself: whatever the times of the tries, ten in fifteen minutes are the most."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from people import ADA, BOB

from primer_nb import times
from primer_nb.errors import TooManyAttemptsError
from primer_nb.use_cases import attempts

START = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
MINUTE = 60


@pytest.fixture
def admitted_of(store, monkeypatch):
    def admitted_of(seconds, email=ADA):
        admitted = []
        for second in seconds:
            monkeypatch.setattr(times, "now", lambda second=second: START + timedelta(seconds=second))
            try:
                attempts.admit(store, email)
            except TooManyAttemptsError:
                continue
            admitted.append(second)
        return admitted

    return admitted_of


def test_no_edge_of_a_window_lets_eighteen_tries_through(admitted_of):
    around_the_edge = [15 * MINUTE - 8 + number for number in range(30)]

    admitted = admitted_of([0, *around_the_edge])

    assert admitted == [0, *around_the_edge[:10]]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_their_times_ten_tries_in_fifteen_minutes_are_the_most(admitted_of, seed):
    chance, moments = random.Random(seed), [0.0]
    for _ in range(200):
        moments.append(moments[-1] + chance.choice((0, 1, 20, 80, 90, 100, 900, 901)) * chance.random())

    admitted = admitted_of(moments)

    assert len(admitted) > 30
    for begin in admitted:
        assert sum(begin <= second < begin + 15 * MINUTE for second in admitted) <= 10


def test_tries_are_forgotten_one_by_one(admitted_of):
    every_hundred_seconds = [100 * number for number in range(30)]

    admitted = admitted_of(every_hundred_seconds)

    assert admitted == every_hundred_seconds


def test_the_tenth_try_locks_for_fifteen_minutes_from_then_on(admitted_of, store):
    admitted = admitted_of([80 * number for number in range(10)])

    with pytest.raises(TooManyAttemptsError, match="again in 15 minutes") as caught:
        attempts.admit(store, ADA)

    assert len(admitted) == 10
    assert caught.value.retry_after == 900
    assert admitted_of([720 + 899, 720 + 900]) == [720 + 900]


def test_addresses_are_counted_apart(admitted_of):
    assert len(admitted_of([0] * 12)) == 10
    assert len(admitted_of([1] * 12, BOB)) == 10


def test_forty_tries_at_once_are_ten(store):
    def is_admitted(_number):
        try:
            attempts.admit(store, ADA)
        except TooManyAttemptsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(is_admitted, range(40)))

    assert answers.count(True) == 10
