"""Ada's panel beside a server, for tests of backups: what the browser was told of them, and waiting for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from people import ADA, PASSWORD, world

from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

if TYPE_CHECKING:
    from fake_front_end import FakeFrontEnd
    from fake_openai import FakeOpenAI
    from people import World

    from primer_nb import Workspace
    from primer_nb.panel import Panel


class PanelBackups:
    """Opens workspaces and shows panels; closes them all, also after a test that fails."""

    def __init__(self, front_end: FakeFrontEnd, fake_openai: FakeOpenAI, database_url: str) -> None:
        self._front_end = front_end
        self._fake_openai = fake_openai
        self._database_url = database_url
        self._worlds: list[World] = []
        self._panels: list[Panel] = []

    def open(self, server_url: str | None) -> Workspace:
        """Make Ada's account on a server and return the workspace she works in."""
        opened = world(self._database_url, server_url).__enter__()
        self._worlds.append(opened)
        ws = opened.connect()
        ws.register(ADA, password=PASSWORD, stay=False)
        url = self._fake_openai.base_url
        ws._session.providers.add(
            OpenAICompatibleProvider("custom", base_url=url, default_model="fake-1", timeout=60.0)
        )
        return ws

    def elsewhere(self) -> Workspace:
        """Let Ada work in another kernel too."""
        ws = self._worlds[-1].connect()
        ws.login(ADA, password=PASSWORD, stay=False)
        return ws

    def show(self, ws: Workspace, front_end: FakeFrontEnd | None = None) -> Panel:
        """Show a panel to one browser."""
        front_end = front_end or self._front_end
        before = len(front_end.all("backup"))
        panel = ws.panel()
        self._panels.append(panel)
        front_end.look(panel)
        front_end.say(panel._chat_list, "hello")
        if ws._session.has_server:
            front_end.wait_for("backup", before + 1)
        return panel

    def close(self) -> None:
        """Close everything."""
        for opened in (*self._panels, *self._worlds):
            opened.close()


def state(front_end: FakeFrontEnd) -> dict[str, Any]:
    """Return how the backup stands, as the browser knows it."""
    return front_end.all("backup")[-1]["state"]


def unsaved(front_end: FakeFrontEnd) -> list[str]:
    """Return which chats are marked, by title."""
    titles = {chat["id"]: chat["title"] for told in front_end.all("chats") for chat in told["state"]["chats"]}
    marked = front_end.all("unsaved")
    return [titles.get(chat, chat) for chat in marked[-1]["ids"]] if marked else []


def wait_for(front_end: FakeFrontEnd, **expected: object) -> None:
    """Wait until the browser knows something."""
    front_end.wait_until(
        lambda: front_end.all("backup") and expected.items() <= state(front_end).items(), f"a backup with {expected}"
    )


def wait_for_unsaved(front_end: FakeFrontEnd, *titles: str) -> None:
    """Wait until these chats are marked, and no other."""
    front_end.wait_until(lambda: unsaved(front_end) == list(titles), f"a sign on {titles}")


def wait_for_end(front_end: FakeFrontEnd, number: int = 1) -> dict[str, Any]:
    """Wait for the end of a backup that was asked for, and return what is told of it."""
    front_end.wait_until(lambda: (state(front_end)["ended"] or {}).get("number") == number, "the end of a backup")
    return state(front_end)["ended"]["told"]
