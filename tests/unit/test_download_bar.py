"""The bar of a download: it grows where somebody watches, and is one line where nobody does."""

from __future__ import annotations

import sys

import pytest

from primer_nb.cli.progress import DownloadBar


def test_a_watched_bar_grows_to_its_end_on_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with DownloadBar("fetching") as bar:
        for done in (0, 46_000_000, 92_000_000):
            bar(done, 92_000_000)

    drawn = capsys.readouterr().err
    assert drawn.count("\r") == 3
    assert drawn.endswith("█" * 30 + " 92 of 92 MB\n")


def test_a_bar_is_drawn_once_a_percent(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with DownloadBar("fetching") as bar:
        for done in range(10_000):
            bar(done, 10_000)

    assert capsys.readouterr().err.count("\r") == 100


def test_a_log_gets_one_line(capsys):
    with DownloadBar("fetching") as bar:
        for done in range(0, 92_000_000, 1_000_000):
            bar(done, 92_000_000)

    assert capsys.readouterr().err == "fetching: 92 MB\n"


def test_nothing_is_said_when_nothing_is_fetched(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with DownloadBar("fetching"), pytest.raises(LookupError):
        raise LookupError

    assert capsys.readouterr().err == ""
