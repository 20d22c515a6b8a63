"""Whatever happens to two machines of one account and their servers, in any order: nothing is lost.

And the machine that finds nothing wrong is no blind one: it finds what is wrong with each of some wrong ideas.
The everyday run is bounded; ``-m exhaustive`` lets it run for some thousand steps.
"""

from __future__ import annotations

import backup_mutants
import pytest
from backup_machine import BackupMachine
from backup_machine_checks import Checked
from backup_machine_places import Cloud, make_blank
from backup_machine_writing import Ground
from backup_mutants import OnlyMessages, SmallMachine, TitleMachine
from backup_patches import small_pieces
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

STEPS = 30


@pytest.fixture
def ground(postgres_server, tmp_path):
    with postgres_server.database() as one, postgres_server.database() as two:
        clouds = [Cloud(one), Cloud(two)]
        make_blank(tmp_path / "blank.db")
        with small_pieces():
            yield Ground(clouds, tmp_path / "blank.db", tmp_path, {"examples": 0})
        for cloud in clouds:
            cloud.close()


def run(ground, *, examples, machine=BackupMachine, checks=Checked, **options):
    class Machine(machine):
        pass

    Machine.ground, Machine.checks = ground, checks
    usual = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=examples, stateful_step_count=STEPS, **usual, **options)
    )


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.exhaustive)])
def test_whatever_happens_nothing_is_lost(ground, examples):
    run(ground, examples=examples, derandomize=examples == 15)  # the same every day; the long run looks for new ones

    print(ground.counts)
    assert ground.counts["backups"] > 5 * examples
    assert {"reconciles", "crashes", "pulls", "restores"} <= ground.counts.keys()


@pytest.mark.parametrize(
    ("mutant", "checks", "says"),
    [
        ("rowid", OnlyMessages, "the server lacks"),
        ("created_at", OnlyMessages, "the server lacks"),
        ("no_chain", OnlyMessages, "the server lacks"),
        ("no_previous_token", Checked, "a lost acknowledgement was not absorbed"),
        ("eager_acknowledgement", Checked, "acknowledged before the server had it"),
        ("one_servers_cut", Checked, "lacks what was acknowledged"),
        ("title_by_the_time_of_its_chat", Checked, "the newest title did not win"),
    ],
)
def test_the_machine_finds_what_is_wrong_with_a_wrong_idea(ground, mutant, checks, says):
    machine = TitleMachine if "title" in mutant else SmallMachine
    generate_only = {"phases": [Phase.generate], "derandomize": True, "report_multiple_bugs": False}

    with getattr(backup_mutants, mutant)(), pytest.raises(AssertionError, match=says):
        run(ground, examples=200, machine=machine, checks=checks, **generate_only)
    print(mutant, ground.counts)
