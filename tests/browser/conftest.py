"""One server and one Chromium a session, one page a test; a failed test leaves its evidence in tests/artifacts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lab_browser import NotebookPage, open_chromium
from lab_server import JupyterServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser

_REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember how the test ended, for the fixture that keeps the evidence."""
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest.fixture(scope="session")
def jupyter_server() -> Iterator[JupyterServer]:
    """A JupyterLab server that also serves Notebook 7."""
    with JupyterServer() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless browser; without one the tests fail and say what to install."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def lab(request: pytest.FixtureRequest, jupyter_server: JupyterServer, chromium: Browser) -> Iterator[NotebookPage]:
    """A page of JupyterLab; write() a notebook, open() it, run_all()."""
    yield from _page(request, jupyter_server, chromium, front="lab")


@pytest.fixture
def notebook7(
    request: pytest.FixtureRequest, jupyter_server: JupyterServer, chromium: Browser
) -> Iterator[NotebookPage]:
    """A page of Notebook 7, otherwise as `lab`."""
    yield from _page(request, jupyter_server, chromium, front="notebook7")


def _page(
    request: pytest.FixtureRequest, server: JupyterServer, browser: Browser, *, front: str
) -> Iterator[NotebookPage]:
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    page = NotebookPage(server, browser, front=front, folder=f"{front}-{name}")
    try:
        yield page
    finally:
        report = request.node.stash.get(_REPORT, None)
        try:
            if report is None or report.failed:
                page.keep_evidence(name)
        finally:
            page.close()
            server.stop_kernels()
