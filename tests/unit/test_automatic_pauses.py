"""How long an automatic backup waits for a server that is not there."""

from __future__ import annotations

from primer_nb.automatic.activity import FIRST_PAUSE, LONGEST_PAUSE, Pauses


def test_pauses_grow_from_seconds_to_minutes_and_differ():
    pauses, others = Pauses(), Pauses()

    grown = [pauses.next() for _ in range(20)]

    assert 0.8 * FIRST_PAUSE <= grown[0] <= 1.2 * FIRST_PAUSE
    assert max(grown) <= LONGEST_PAUSE
    assert min(grown[-5:]) >= 0.8 * LONGEST_PAUSE
    assert grown != [others.next() for _ in range(20)]
    pauses.begin_anew()
    assert pauses.next() <= 1.2 * FIRST_PAUSE
