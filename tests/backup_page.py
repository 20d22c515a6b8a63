"""The backup in a panel on a page, for browser tests: Ada's account on a server that can be taken away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from builders import add_chat, add_messages
from panel_page import CELL, EMAIL, PASSWORD, PanelPage

import primer_nb

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from fake_openai import FakeOpenAI
    from gate import Gate
    from lab_browser import NotebookPage
    from playwright.sync_api import Locator

TITLES = ("Names for a newsletter", "A CSV reader that plots one column", "Explain a p-value")


class BackupPage(PanelPage):
    """A panel whose foot tells of backups."""

    @property
    def foot(self) -> Locator:
        """Return what is shown at the foot of the list."""
        return self.root.locator(".primer-backup")

    @property
    def line(self) -> Locator:
        return self.foot.locator(".primer-backup-line")

    @property
    def outcome(self) -> Locator:
        """Return what a screen reader is told."""
        return self.root.locator(".primer-chat-list > [role=status]")

    def back_up(self) -> None:
        """Press the one button."""
        self.foot.get_by_role("button", name="Back up now").click()

    def wait_for_line(self, text: str) -> None:
        """Wait until the line says something."""
        self.line.get_by_text(text).wait_for()

    def unsaved(self) -> list[str]:
        """Return the titles of the chats with a sign."""
        rows = self.root.locator(".primer-row:has(.primer-save:not([hidden]))")
        return rows.locator(".primer-chat-title").all_inner_texts()

    def wait_for_unsaved(self, count: int) -> None:
        """Wait until so many chats have a sign."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('.primer-panel .primer-save:not([hidden])').length === count",
            arg=count,
        )

    def wait_for_outcome(self, text: str) -> None:
        """Wait for what a screen reader is told."""
        self.outcome.filter(has_text=text).wait_for(state="attached")


def open_backups(
    lab: NotebookPage, fake_openai: FakeOpenAI, gate: Gate, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> BackupPage:
    """Prepare Ada's account with a few chats, and a notebook that shows her panel; it is not opened yet."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")
    monkeypatch.setenv("PRIMER_SERVER_URL", gate.url)
    with adas() as ws:
        for title in TITLES:
            add_messages(ws._session.store, ws.user, add_chat(ws._session.store, ws.user, title), "Why?", "Because.")
        for name, value in settings.items():
            setattr(ws.settings, name, value)
    lab.write(CELL)
    return BackupPage(lab)


@contextmanager
def adas() -> Iterator[primer_nb.Workspace]:
    """Work as Ada, who stays signed in on this machine; her account is made at first use."""
    with primer_nb.connect() as ws:
        if ws.user.email != EMAIL:
            ws.register(EMAIL, password=PASSWORD, name="Ada Lovelace")
        yield ws
