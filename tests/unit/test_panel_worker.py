"""The thread behind a panel: in order, in the caller's context, and never silent about a failure."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
import weakref

import pytest

from primer_nb.panel.worker import Worker, start_thread

PATIENCE = 60.0


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def results():
    return queue.Queue()


def test_jobs_run_in_their_order_in_one_other_thread(worker, results):
    for number in range(20):
        worker.submit(lambda n=number: results.put((n, threading.current_thread())), on_error=results.put)

    done = [results.get(timeout=PATIENCE) for _ in range(20)]
    assert [number for number, _ in done] == list(range(20))
    assert {thread for _, thread in done} != {threading.current_thread()}
    assert len({thread for _, thread in done}) == 1


def test_a_failed_job_tells_its_error_and_the_next_one_runs(worker, results):
    worker.submit(lambda: 1 / 0, on_error=results.put)
    worker.submit(lambda: results.put("next"), on_error=results.put)

    assert isinstance(results.get(timeout=PATIENCE), ZeroDivisionError)
    assert results.get(timeout=PATIENCE) == "next"


def test_a_job_sees_the_context_of_its_caller(worker, results):
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    worker.submit(lambda: results.put(variable.get()), on_error=results.put)
    start_thread(lambda: results.put(variable.get()), name="other")

    assert {results.get(timeout=PATIENCE) for _ in range(2)} == {"the caller's"}


def test_after_close_the_queued_jobs_run_and_no_others(worker, results):
    go = threading.Event()
    worker.submit(lambda: results.put(go.wait(PATIENCE)), on_error=results.put)
    worker.submit(lambda: results.put("queued"), on_error=results.put)

    worker.close()
    worker.submit(lambda: results.put("late"), on_error=results.put)
    go.set()

    assert results.get(timeout=PATIENCE) is True
    assert results.get(timeout=PATIENCE) == "queued"
    worker._thread.join(PATIENCE)
    assert results.empty()


def test_what_a_job_held_is_let_go_before_the_next_one_comes(worker, results):
    class Held: ...

    held = Held()
    gone = weakref.ref(held)
    worker.submit(lambda held=held: results.put(held is not None), on_error=results.put)
    del held

    results.get(timeout=PATIENCE)

    until = time.monotonic() + PATIENCE
    while gone() is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert gone() is None


def test_one_can_wait_for_what_is_under_way(worker, results):
    worker.submit(lambda: results.put("done"), on_error=results.put)
    worker.close()

    worker.wait(PATIENCE)

    assert results.get_nowait() == "done"
    assert not worker._thread.is_alive()


def test_a_worker_without_work_has_no_thread(worker):
    before = threading.active_count()

    worker.close()
    worker.wait(PATIENCE)

    assert threading.active_count() == before
