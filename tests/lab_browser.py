"""Pages of JupyterLab and Notebook 7 in headless Chromium, for the browser tests.

Rules that keep these tests from failing at random: wait on values that only grow, never on a state that may last
20 ms; run cells by the app's own command; no time-out under a second; everything outside the server is refused.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from axe_playwright_python.base import AXE_SCRIPT
from lab_server import ENVIRONMENT_FILE, JupyterServer
from own_environment import own_variables
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

ARTIFACTS = Path(__file__).parent / "artifacts"
SCREENSHOTS = Path(__file__).parent / "screenshots"

_DRIVER = Path(__file__).with_name("lab_driver.js")
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--no-first-run",
]


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Start Playwright's own Chromium, else the system's."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(args=_ARGUMENTS)
        except Error as error:
            if "Executable doesn't exist" not in str(error):
                raise
            browser = playwright.chromium.launch(args=_ARGUMENTS, executable_path=system_chromium())
        try:
            yield browser
        finally:
            browser.close()


def system_chromium() -> str:
    """Find a Chromium that somebody else installed."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *_BROWSERS)):
        if path := shutil.which(name):
            return path
    raise RuntimeError(
        "no browser for the browser tests: run 'python -m playwright install chromium', or install the system's "
        "Chromium ('apt-get install chromium'), or name one in $CHROMIUM; tests/run does so by itself"
    )


class NotebookPage:
    """A notebook in a page of its own; `front` is ``lab`` (JupyterLab) or ``notebook7``."""

    def __init__(self, server: JupyterServer, browser: Browser, *, front: str, folder: str) -> None:
        self.front = front
        self.folder = server.root / folder
        self.folder.mkdir(parents=True)
        self.errors: list[str] = []
        self.outside: list[str] = []
        self._server = server
        self._browser = browser
        self._context: BrowserContext | None = None

    @property
    def page(self) -> Page:
        """The Playwright page on the notebook."""
        assert self._context is not None, "open() comes first"
        return self._context.pages[0]

    def write(self, *sources: str, name: str = "test.ipynb") -> str:
        """Write a notebook of code cells into the test's folder and return its name."""
        cells = [nbformat.v4.new_code_cell(source, id=f"c{n:02}") for n, source in enumerate(sources)]
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        (self.folder / name).write_text(nbformat.writes(notebook), encoding="utf-8")
        return name

    def read(self, name: str = "test.ipynb") -> dict[str, Any]:
        """Return a notebook of the test's folder as it was saved."""
        notebook: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return notebook

    def open(
        self, name: str = "test.ipynb", *, width: int = 1280, height: int = 900, dark: bool = False
    ) -> NotebookPage:
        """Open a notebook of the test's folder and wait until its kernel is idle.

        The kernel gets this process's settings and keys (``PRIMER_HOME``, ``OPENAI_BASE_URL``...).
        """
        self.close()
        (self.folder / ENVIRONMENT_FILE).write_text(json.dumps(own_variables()))
        self._server.use_theme(dark=dark)
        self._context = self._new_context(width, height, dark=dark)
        path = f"{self.folder.name}/{name}"
        address = {"lab": f"/lab/tree/{path}?reset&", "notebook7": f"/notebooks/{path}?"}[self.front]
        self.page.goto(f"{self._server.url}{address}token={self._server.token}", wait_until="commit")
        self._wait_until_ready()
        return self

    def run_all(self, *, timeout: float = 120) -> list[dict[str, Any]]:
        """Run every cell, fail on the first error output, return the code cells with their outputs."""
        cells: list[dict[str, Any]] = self._drive("runAll", timeout=timeout)
        for cell in cells:
            for output in cell["outputs"]:
                assert output["output_type"] != "error", f"{cell['source']}\n{output['ename']}: {output['evalue']}"
        return cells

    def execute(self, code: str, *, timeout: float = 60) -> str:
        """Run code in the notebook's kernel and return what it printed."""
        reply: dict[str, str] = self._drive("execute", timeout=timeout, code=code)
        assert reply["error"] is None, reply["error"]
        return reply["text"]

    def restart_kernel(self) -> None:
        """Restart the kernel, as the toolbar's button does; outputs stay."""
        self._drive("restartKernel")

    def save(self) -> None:
        """Save the notebook; nothing is saved by itself here."""
        self._drive("save")

    def reload(self) -> None:
        """Load the page again, as F5 does; the kernel goes on."""
        self.page.reload(wait_until="commit")
        self._wait_until_ready()

    def screenshot(self, name: str, *, selector: str) -> Path:
        """Save a picture of one element as ``tests/screenshots/NAME.png``."""
        SCREENSHOTS.mkdir(exist_ok=True)
        file = SCREENSHOTS / f"{name}.png"
        self.page.locator(selector).screenshot(path=file, animations="disabled")
        return file

    def accessibility_violations(self, selector: str) -> list[str]:
        """Check one element with axe; the front end's own page is not ours to judge.

        Returns
        -------
        list of str
            One line a violated rule, with the offending HTML.
        """
        self.page.evaluate(AXE_SCRIPT)
        # The page's <body> is 0 px high, so axe would take all of it as off screen and skip colour contrast.
        self.page.add_style_tag(content="body { min-height: 100vh !important; }")
        options = {"runOnly": {"type": "tag", "values": _AXE_TAGS}}
        found = self.page.evaluate("([selector, options]) => axe.run(selector, options)", [selector, options])
        contrast = [r for kind in ("passes", "violations") for r in found[kind] if r["id"] == "color-contrast"]
        assert contrast, f"axe checked no colour contrast in {selector}: is it on the screen?"
        return [f"{v['id']}: {[node['html'][:200] for node in v['nodes']]}" for v in found["violations"]]

    def keep_evidence(self, name: str) -> None:
        """Save what helps to understand a failure: the page's picture, its errors, the server's log."""
        ARTIFACTS.mkdir(exist_ok=True)
        log = self._server.log.read_text(errors="replace")
        lines = ["errors of the page:", *self.errors, "refused requests:", *self.outside, "log of the server:", log]
        (ARTIFACTS / f"{name}.log").write_text("\n".join(lines))
        if self._context is not None:
            self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def close(self) -> None:
        """Close the page; the kernel goes on."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def _new_context(self, width: int, height: int, *, dark: bool) -> BrowserContext:
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
        )
        context.set_default_timeout(30_000)
        context.add_init_script(path=_DRIVER)
        inside = (self._server.url, "data:", "blob:", "about:")
        context.route(lambda url: not url.startswith(inside), self._refuse)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        return context

    def _refuse(self, route: Route) -> None:
        self.outside.append(route.request.url)
        route.abort()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _wait_until_ready(self) -> None:
        viewport = self.page.viewport_size
        assert viewport is not None
        self.page.wait_for_function("() => window.labDriver")
        self._drive("ready", collapseSidebar=viewport["width"] < 1000)

    def _drive(self, step: str, *, timeout: float = 120, **options: Any) -> Any:
        call = {"step": step, "options": options, "milliseconds": timeout * 1000}
        return self.page.evaluate("(call) => window.labDriver(call)", call)
