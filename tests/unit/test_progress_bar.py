"""The bar of a backup: in a terminal and in a notebook, not before half a second, and not where nobody looks."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager, redirect_stderr
from html import unescape

import pytest
from fake_front_end import FakeFrontEnd

from primer_nb.workspace.progress_bar import progress_bar


class Clock:
    """The time that tqdm is told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What was drawn, one over the other."""
        return [line.strip() for line in self.getvalue().split("\r") if line.strip()]


@contextmanager
def in_terminal(label, **options):
    """Show a bar in a terminal."""
    with redirect_stderr(Terminal()) as terminal, progress_bar(label, **options) as bar:
        yield terminal, bar


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("tqdm.std.time", clock)
    return clock


@pytest.fixture
def shown(monkeypatch):
    """What a notebook shows."""

    class Shell:
        kernel = object()

    shown = []
    FakeFrontEnd().install(monkeypatch)
    monkeypatch.setattr("IPython.get_ipython", Shell)
    monkeypatch.setattr("tqdm.notebook.display", shown.append)
    return shown


def texts(container):
    """Read the left and the right text of a notebook's bar."""
    left, _, right = container.children
    return [unescape(text.value).replace("\u2007", " ") for text in (left, right)]


def test_a_terminal_shows_rows_bytes_and_the_time_left(clock):
    with in_terminal("Backup") as (terminal, bar):
        bar.start(4_000)
        clock.now += 1
        bar.advance(1_000, 2_500_000)

    assert terminal.lines[-1].startswith("Backup:  25%|")
    assert "1.00k/4.00k [00:01<00:03, 1.00k rows/s, 2.5 MB]" in terminal.lines[-1]


def test_bytes_add_up_and_the_end_is_drawn(clock):
    with in_terminal("Pull", unit="messages") as (terminal, bar):
        bar.start(30)
        for _ in range(3):
            clock.now += 1
            bar.advance(10, 1_000_000)
        drawn = terminal.lines

    assert [line.split(", ")[-1] for line in drawn] == ["1.0 MB]", "2.0 MB]", "3.0 MB]"]
    assert terminal.lines[-1].startswith("Pull: 100%|")
    assert "10.0 messages/s" in terminal.lines[-1]


@pytest.mark.parametrize(("seconds", "is_shown"), [(0.4, False), (0.6, True)])
def test_a_terminal_shows_nothing_in_the_first_half_second(clock, seconds, is_shown):
    with in_terminal("Backup") as (terminal, bar):
        bar.start(2)
        clock.now += seconds
        bar.advance(2, 100)

    assert bool(terminal.getvalue()) == is_shown


def test_a_bar_that_begins_again_counts_from_zero(clock):
    with in_terminal("Backup") as (terminal, bar):
        bar.start(10)
        clock.now += 1
        bar.advance(5, 9_000_000)
        bar.start(20)
        clock.now += 1
        bar.advance(5, 1_000_000)

    assert "25%" in terminal.lines[-1]
    assert "5.00/20.0 [00:01<00:03, 5.00 rows/s, 1.0 MB]" in terminal.lines[-1]
    assert terminal.getvalue().count("\n") == 1


def test_a_bar_that_begins_again_shows_nothing_in_the_first_half_second(clock):
    with in_terminal("Backup") as (terminal, bar):
        for _ in range(2):
            bar.start(10)
            clock.now += 0.1
            bar.advance(10, 100)

    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(capsys, clock):
    with progress_bar("Backup") as bar:
        bar.start(2)
        clock.now += 1
        bar.advance(2, 100)

    assert tuple(capsys.readouterr()) == ("", "")


def test_how_many_there_are_may_be_unknown(clock):
    with in_terminal("Backup") as (terminal, bar):
        bar.start(10)
        bar.start(None)
        clock.now += 1
        bar.advance(5, 100)

    assert terminal.lines[-1] == "Backup: 5.00 rows [00:01, 5.00 rows/s, 0.0 MB]"


def test_an_end_without_a_beginning_and_a_second_end_do_no_harm(clock):
    with in_terminal("Backup") as (terminal, bar):
        bar.advance(1, 1)
        bar.finish()
        bar.start(1)
        clock.now += 1
        bar.advance(1, 1)
        bar.finish()
        before = terminal.getvalue()

    assert (terminal.getvalue(), before.count("\n")) == (before, 1)


def test_a_notebook_shows_a_widget_that_turns_green(shown, clock, capsys):
    with progress_bar("Restore", unit="messages") as bar:
        bar.start(4)
        clock.now += 1
        bar.advance(1, 2_500_000)
        left, right = texts(shown[0])
        clock.now += 1
        bar.advance(3, 500_000)

    assert left.startswith("Restore:  25%")
    assert "1.00/4.00 [00:01<00:03, 1.00 messages/s, 2.5 MB]" in right
    assert [container.children[1].bar_style for container in shown] == ["success"]
    assert tuple(capsys.readouterr()) == ("", "")


@pytest.mark.parametrize(("seconds", "is_shown"), [(0.4, False), (0.6, True)])
def test_a_notebook_shows_nothing_in_the_first_half_second(shown, clock, seconds, is_shown):
    with progress_bar("Backup") as bar:
        bar.start(2)
        clock.now += seconds
        bar.advance(2, 100)

    assert bool(shown) == is_shown


def test_a_notebooks_bar_that_begins_again_takes_the_place_of_the_first(shown, clock):
    with progress_bar("Backup") as bar:
        bar.start(10)
        clock.now += 1
        bar.advance(5, 9_000_000)
        bar.start(20)
        clock.now += 1
        bar.advance(20, 1_000_000)

    first, second = shown
    assert (first.layout.visibility, second.layout.visibility) == ("hidden", None)
    assert "20.0/20.0" in texts(second)[1]
    assert "1.0 MB" in texts(second)[1]


def test_a_notebooks_bar_is_red_when_something_stayed_behind(shown, clock):
    with progress_bar("Backup") as bar:
        bar.start(10)
        clock.now += 1
        bar.advance(9, 100)

    assert shown[0].children[1].bar_style == "danger"
