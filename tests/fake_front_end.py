"""Takes the place of the browser for widgets: keeps what they send, says to them what a browser says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import comm
from comm.base_comm import BaseComm

from primer_nb.panel.words import CATALOGUE

if TYPE_CHECKING:
    import pytest
    from ipywidgets import Widget

    from primer_nb.panel import Panel

_SECRET_FIELDS = ("password", "new", "key")
PATIENCE = 60.0  # seconds until a test that waits for a message gives up


class FakeFrontEnd:
    """Every comm that is opened while it is installed."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []  # of traits, as a saved notebook would hold them
        self._changed = threading.Condition()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let new widgets speak to this."""
        monkeypatch.setattr(comm, "create_comm", lambda **arguments: _Comm(self, **arguments))

    def take(self, data: dict[str, Any]) -> None:
        """Keep what a widget sends; what is no JSON fails here, as it would on the wire."""
        data = json.loads(json.dumps(data))
        with self._changed:
            if data.get("method") == "custom":
                self.messages.append(data["content"])
            elif "state" in data:
                self.states.append(data["state"])
            self._changed.notify_all()

    def say(self, widget: Widget, kind: str, *, secrets: dict[str, str] | None = None, **content: Any) -> None:
        """Send a custom message to a widget, with secrets in buffers."""
        names = {"secrets": list(secrets)} if secrets else {}
        data = {"method": "custom", "content": {"type": kind, **content, **names}}
        buffers = [memoryview(text.encode()) for text in (secrets or {}).values()]
        widget.comm.handle_msg({"content": {"data": data}, "buffers": buffers})

    def look(self, panel: Panel) -> None:
        """Ask for the page, as a view does that has just been drawn."""
        self.say(panel._transcript, "hello", client="tab")

    def ask(self, panel: Panel, text: str, **more: str) -> None:
        """Send what is in the box."""
        self.say(panel._composer, "send", text=text, **more)

    def fill_in(self, panel: Panel, action: str, **values: Any) -> dict[str, Any]:
        """Send a form of the account's dialog and wait for its answer."""
        ask = f"question {len(self.all('answer')) + 1}"
        secrets = {name: values.pop(name) for name in _SECRET_FIELDS if name in values}
        self.say(panel._account, "ask", action=action, ask=ask, secrets=secrets, **values)
        self.wait_until(lambda: any(answer["ask"] == ask for answer in self.all("answer")), f"an answer to {action}")
        return next(answer for answer in self.all("answer") if answer["ask"] == ask)

    def wait_for_a_word(self) -> None:
        """Wait for the first text of the first reply, which may come with the turn or after it."""
        live = self.wait_for("turn")["messages"][-1]["live"]
        self.wait_until(lambda: live["tail"] or self.all("delta"), "a word")

    def wait_until_idle(self, turns: int) -> None:
        """Wait for the end of a reply and for the list that the worker sends after it."""
        self.wait_for("end", turns)
        self.wait_until(self._is_idle, "a list without a running reply")

    def _is_idle(self) -> bool:
        last = next(message for message in reversed(self.messages) if message["type"] not in {"backup", "unsaved"})
        return last["type"] == "chats" and not any(chat["running"] for chat in last["state"]["chats"])

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one type, oldest first."""
        with self._changed:
            return [message for message in self.messages if message["type"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait until so many messages of a type have come, and return the last of them."""
        self.wait_until(lambda: len(self.all(kind)) >= count, f"{count} {kind}")
        return self.all(kind)[count - 1]

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something; fail the test when it does not come."""
        with self._changed:
            if not self._changed.wait_for(condition, PATIENCE):
                raise AssertionError(f"{what} did not come; there was {[m['type'] for m in self.messages]}")


def drawn(live: dict[str, Any], deltas: list[dict[str, Any]]) -> tuple[str, str]:
    """Put the pieces of a reply together as the browser does: its HTML and its tail."""
    html, tail = live["html"], live["tail"]
    for number, delta in enumerate(deltas, live["seq"] + 1):
        assert delta["seq"] == number
        html += delta["html"]
        tail = delta["tail"] if delta["replace"] else tail + delta["tail"]
    return html, tail


def read(told: dict[str, Any], *, language: str = "en") -> str:
    """Put into words what a widget tells, as the browser does."""
    if "text" in told:
        return told["text"]
    words = {key: text for section in CATALOGUE[language].values() for key, text in section.items()}
    return words[told["word"]].format(**told["values"])


class _Comm(BaseComm):
    def __init__(self, front_end: FakeFrontEnd, **arguments: Any) -> None:
        self._front_end = front_end
        super().__init__(**arguments)

    def publish_msg(self, msg_type: str, data: Any = None, **_: Any) -> None:
        self._front_end.take(data or {})
