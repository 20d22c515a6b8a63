"""The panel on a page, for browser tests: what a person does and sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builders import add_chat, add_messages

import primer_nb

if TYPE_CHECKING:
    import pytest
    from fake_openai import FakeOpenAI
    from lab_browser import NotebookPage
    from playwright.sync_api import Locator

_KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"

EMAIL = "canary-ada@example.org"
PASSWORD = "canary otter reads maps"
KEY = "sk-canary-0123456789abcdef"

CELL = """\
import primer_nb
runs = globals().get("runs", 0) + 1
ws = primer_nb.connect()
panel = ws.panel()
panel"""

ANSWER = """\
Sure. The **mean** is the sum divided by the count; the *median* is the middle value of the sorted numbers.

1. Sort the values.
2. Pick the one in the middle.

```python
from statistics import mean, median

incomes = [21_000, 24_000, 25_500, 27_000, 950_000]  # one outlier
print(f"mean {mean(incomes):,.0f}, median {median(incomes):,.0f}")
```

| statistic | value | robust |
|---|---:|:---:|
| mean | 209,500 | no |
| median | 25,500 | yes |

So prefer the median for skewed data. Say which one you used."""


class PanelPage:
    """The first panel of a notebook's page."""

    def __init__(self, notebook: NotebookPage) -> None:
        self._notebook = notebook

    @property
    def page(self):
        return self._notebook.page

    @property
    def root(self) -> Locator:
        return self.page.locator(".primer-panel").first

    @property
    def transcript(self) -> Locator:
        return self.root.locator(".primer-transcript")

    @property
    def log(self) -> Locator:
        return self.root.get_by_role("log")

    @property
    def box(self) -> Locator:
        return self.root.get_by_role("textbox", name="Message", exact=True)

    @property
    def who(self) -> Locator:
        """Return the row that says who works here, and opens the dialog."""
        return self.root.locator(".primer-who")

    @property
    def dialog(self) -> Locator:
        return self.root.get_by_role("dialog", name=re.compile("Account and settings|Konto und Einstellungen"))

    def open_dialog(self, tab: str | None = None) -> Locator:
        """Open the account's dialog, at one of its tabs, and return it."""
        self.who.click()
        if tab is not None:
            self.dialog.get_by_role("tab", name=tab).click()
        return self.dialog

    def fill_in(self, **values: str) -> None:
        """Type into the form of the dialog, by the names of its fields."""
        for name, value in values.items():
            self.dialog.locator(f"input[name={name}]").fill(value)

    def submit(self) -> None:
        """Press the button of the dialog's form."""
        self.dialog.locator(".primer-submit").click()

    def sign_up(self, email: str, password: str) -> str:
        """Make an account in the dialog, and return the recovery key that it shows."""
        self.open_dialog().get_by_role("button", name="Create account").click()
        self.fill_in(email=email, new=password, again=password)
        self.submit()
        return self.dialog.locator(".primer-recovery").inner_text()

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def row(self, title: str) -> Locator:
        """Return the button that opens a listed chat."""
        return self.root.locator(".primer-open-chat", has_text=title)

    def is_dark(self) -> bool:
        return self.page.evaluate("() => document.body.dataset.jpThemeLight === 'false'")

    def brightness(self, what: str = ":scope", style: str = "backgroundColor") -> float:
        """Return how bright a colour is as the browser draws it, from 0 for black to 1 for white."""
        return self.root.evaluate(
            """(root, [what, style]) => {
                const node = what === ":scope" ? root : root.querySelector(what);
                const canvas = new OffscreenCanvas(1, 1).getContext("2d");
                canvas.fillStyle = getComputedStyle(node)[style];
                canvas.fillRect(0, 0, 1, 1);
                const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
                return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
            }""",
            [what, style],
        )

    def set_height(self, pixels: int) -> None:
        """Make the panel higher, as a person does with a style sheet of their own."""
        self.page.add_style_tag(content=f":root {{ --primer-height: {pixels}px }}")
        self.page.wait_for_function(f"() => document.querySelector('.primer-panel').offsetHeight === {pixels}")

    def show_duration(self, duration: str) -> None:
        """Show the same time below the last reply in every run, so that its picture is the same too."""
        last = self.root.locator(".primer-note").last.locator("span").last
        last.evaluate("(span, text) => (span.textContent = span.textContent.replace(/[\\d.]+ s/, text))", duration)

    def start_new_chat(self) -> None:
        """Click "New chat", wherever the width of the panel has put it."""
        self.button("New chat").locator("visible=true").first.click()
        self.root.locator(".primer-empty").wait_for()

    def ask(self, text: str) -> None:
        """Type a message and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def wait_for_turns(self, count: int) -> None:
        """Wait until so many replies have ended since the page was loaded."""
        self.transcript.and_(self.page.locator(f"[data-turns='{count}']")).wait_for()

    def wait_for_text(self, text: str) -> None:
        self.root.locator(".primer-message").get_by_text(text).first.wait_for()

    def count(self, what: str) -> int:
        return int(self.transcript.get_attribute(f"data-{what}") or 0)

    def texts(self, role: str) -> list[str]:
        """Return what is shown of the messages of one role, markup taken away, blanks joined."""
        texts = self.root.locator(f".primer-{role} .primer-body").all_text_contents()
        return [" ".join(text.split()) for text in texts]

    def note(self) -> str:
        """Return the model named below the last reply."""
        return self.root.locator(".primer-note").last.locator("span").first.inner_text()

    def is_at_end(self) -> bool:
        rest = self.log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight")
        return rest < 48

    def overflow(self) -> list[str]:
        """Return what sticks out of the panel to the right, as HTML; what scrolls by itself does not count."""
        return self.root.evaluate(
            """root => [...root.querySelectorAll("*")].filter((node) => {
                if (node.closest("pre, .primer-table, .primer-drawer, svg")) return false;
                const box = node.getBoundingClientRect();
                return box.width && box.right > root.getBoundingClientRect().right + 1;
            }).map((node) => node.outerHTML.slice(0, 120))"""
        )

    def show_again(self) -> None:
        """Display the same panel once more, in a new cell below."""
        self._run_in_new_cell("panel")

    def keep_kernel_busy(self, *, seconds: float) -> None:
        """Let a cell run and do not wait for it."""
        code = f"import time; time.sleep({seconds})"
        self.page.evaluate(f"(code) => void {_KERNEL}.requestExecute({{ code }})", code)

    def kernel_status(self) -> str:
        return self.page.evaluate(f"() => {_KERNEL}.status")

    def save_widget_state(self) -> None:
        """Switch on "Save Widget State Automatically", as in JupyterLab's settings menu; the command toggles it."""
        command = "'@jupyter-widgets/jupyterlab-manager:saveWidgetState'"
        self.page.evaluate(
            f"() => jupyterapp.commands.isToggled({command}) || jupyterapp.commands.execute({command})"
        )
        self.page.wait_for_function(f"() => jupyterapp.commands.isToggled({command})")

    def _run_in_new_cell(self, code: str) -> None:
        self.page.evaluate(
            """async (code) => {
                const { content } = jupyterapp.shell.currentWidget;
                await jupyterapp.commands.execute("notebook:insert-cell-below");
                content.activeCell.model.sharedModel.setSource(code);
                await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            code,
        )


def open_panel_without_key(lab: NotebookPage, fake_openai: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> PanelPage:
    """Show a panel whose provider wants `KEY` and has none, with one chat of the local user."""
    fake_openai.api_key = KEY
    monkeypatch.setenv("PRIMER_PROVIDER", "openai")
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)
    with primer_nb.connect() as ws:
        chat = add_chat(ws._session.store, ws.user, "Whales")
        add_messages(ws._session.store, ws.user, chat, "Do they sing?", "canary: they do.")
    lab.write(CELL)
    lab.open().run_all()
    panel = PanelPage(lab)
    panel.wait_for_text("they do")
    return panel
