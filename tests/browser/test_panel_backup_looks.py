"""How the backup looks in the panel: light, dark, at 320 px, in German, for everybody; the pictures are kept."""

from __future__ import annotations

import pytest
from backup_page import adas, open_backups
from builders import add_chat, add_messages
from embedded_postgres import EmbeddedPostgres
from gate import Gate

NARROW = 436  # pixels of a page of JupyterLab that leave 320 to the panel


class Looks:
    """Takes a picture of each state and collects what is wrong with it."""

    def __init__(self, lab, panel, gate, *, name):
        self.lab, self.panel, self.gate, self.name = lab, panel, gate, name
        self.found: list[tuple[str, str]] = []

    @property
    def is_narrow(self) -> bool:
        return "320" in self.name

    def open_drawer(self) -> None:
        is_hidden = not self.panel.foot.is_visible() and not self.panel.dialog.is_visible()
        if self.is_narrow and is_hidden:
            self.panel.root.locator(".primer-top .primer-icon").first.click()
            self.panel.foot.wait_for()

    def judge(self, state: str) -> None:
        self.open_drawer()
        self.panel.page.mouse.move(0, 0)
        wrong = self.lab.accessibility_violations(".primer-panel") + self.panel.overflow()
        self.found += [(state, what) for what in wrong]
        self.lab.screenshot(f"backup-{self.name}-{state}", selector=".primer-panel")

    def press(self) -> None:
        self.open_drawer()
        self.panel.foot.locator(".primer-icon").click()

    def until(self, phase: str) -> None:
        self.panel.root.locator(f".primer-backup[data-phase={phase}]").wait_for(state="attached")


@pytest.fixture
def looks(lab, fake_openai, monkeypatch, request, postgres_url):
    options = dict(request.param)
    gate = Gate(postgres_url)
    panel = open_backups(lab, fake_openai, gate, monkeypatch, language=options.pop("language", "en"))
    lab.open(**options).run_all()
    panel.wait_for_text("Because.")
    yield Looks(lab, panel, gate, name=request.node.callspec.id)
    gate.close()
    assert lab.errors == []


@pytest.mark.parametrize(
    "looks",
    [
        {"dark": False},
        {"dark": True, "language": "de"},
        {"width": NARROW},
        {"width": NARROW, "dark": True, "language": "de"},
    ],
    indirect=True,
    ids=["light", "dark-german", "320", "320-german"],
)
def test_every_state_of_the_backup_is_accessible_and_fits(looks, postgres_server: EmbeddedPostgres, postgres_url):
    looks.judge("never")
    looks.press()
    looks.panel.wait_for_unsaved(0)
    looks.judge("saved")
    looks.panel.line.click()
    looks.judge("saved-more")
    looks.panel.line.click()
    with adas() as ws:
        one = add_chat(ws._session.store, ws.user, "Whales")
        add_messages(ws._session.store, ws.user, one, "Do they sing?", *["Yes."] * 10)
    looks.lab.execute("panel._show_list()")
    looks.panel.wait_for_unsaved(1)
    looks.judge("waiting")
    looks.gate.shut()
    looks.press()
    looks.until("offline")
    looks.judge("offline")
    looks.panel.line.click()
    looks.judge("offline-more")
    looks.panel.line.click()
    looks.gate.open()
    looks.lab.execute(
        "from primer_nb.panel.asked_backup import Asked; backup = panel._backing_up._asked; "
        "backup._asked = Asked('running', 9, rows=3200, total=10000); backup._watchers.tell()"
    )
    looks.until("running")
    looks.judge("running")
    looks.lab.execute("backup.stop()")
    looks.until("idle")
    looks.press()
    looks.panel.wait_for_unsaved(0)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    postgres_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    looks.lab.execute("ws.chats['Whales'].rename('Wales'); ws._session.hang_up()")
    looks.press()
    looks.until("failed")
    looks.judge("failed")
    looks.panel.line.click()
    looks.judge("failed-more")
    looks.panel.open_dialog()
    looks.panel.dialog.get_by_role("tab").last.click()
    looks.judge("preferences")

    assert looks.found == []
