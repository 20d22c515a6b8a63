"""What a browser may say to a panel, and what to put into each message to get at another user's chats."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from isolation_plans import KINDS, TELLS_WHO_SIGNS_UP, Attempt, Kind, plain
from isolation_surface import messages_of
from people import OTHER_PASSWORD

from primer_nb.panel import Panel

if TYPE_CHECKING:
    from fake_front_end import FakeFrontEnd
    from isolation_scene import Ada, Bob

    from primer_nb.panel.worker import Worker

_CHAT, _MESSAGE = KINDS["chat_id"], KINDS["message_id"]
_SECRETS = {"password", "new", "key"}

MESSAGES: dict[str, dict[str, Kind]] = {
    "Transcript.hello": {"client": plain("tab")},
    "Transcript.pause": {"client": plain("tab")},
    "Transcript.earlier": {"before": _MESSAGE},
    "Transcript.source": {"message_id": _MESSAGE},
    "Transcript.retry": {},
    "Composer.hello": {},
    "Composer.send": {"text": plain("Chirp!"), "edit": _MESSAGE},
    "Composer.stop": {},
    "Composer.recall": {},
    "Composer.models": {"provider": KINDS["provider"]},
    "Composer.choose": {"provider": plain("custom"), "model": plain("fake-1")},
    "ChatList.hello": {},
    "ChatList.search": {"text": KINDS["contains"]},
    "ChatList.new": {},
    "ChatList.open": {"chat_id": _CHAT},
    "ChatList.rename": {"chat_id": _CHAT, "title": plain("Doves")},
    "ChatList.delete": {"chat_id": _CHAT},
    "ChatList.back_up": {"chat_id": _CHAT},
    "ChatList.stop_backup": {},
    "Account.hello": {},
    "Account.look": {},
    "Account.rules": {},
    "Account.ask.sign_in": {"email": KINDS["email"], "password": plain("not the password"), "stay": plain(False)},
    "Account.ask.sign_out": {},
    "Account.ask.register": {"email": KINDS["email"], "new": plain("short"), "name": plain("Bob")},
    "Account.ask.reset": {"key": plain("no recovery key"), "new": plain(OTHER_PASSWORD)},
    "Account.ask.change": {"password": plain(OTHER_PASSWORD), "new": plain(OTHER_PASSWORD)},
    "Account.ask.erase": {"password": plain("not the password")},
    "Account.ask.add_key": {
        "provider": KINDS["provider"],
        "key": plain("sk-of-bob-0123456789"),
        "check": plain(False),
    },
    "Account.ask.remove_key": {"provider": KINDS["provider"]},
    "Account.ask.prefer": {"changed": plain({"theme": "light"})},
}


class PanelMessages:
    """Attempts by messages, each on a panel of its own."""

    def __init__(self, front_end: FakeFrontEnd) -> None:
        self._front_end = front_end

    def attempts(self, ada: Ada, bob: Bob) -> Iterator[Attempt]:
        """Yield what is tried: what a message names is Ada's, or the chat that the panel was told to open is."""
        for name in self._names(bob):
            assert name in MESSAGES, f"the message {name} is new: say in tests/isolation_panel.py what is in it"
            if not (bob.session.is_local and name in TELLS_WHO_SIGNS_UP):
                yield from self._of(name, ada, bob)

    def _of(self, name: str, ada: Ada, bob: Bob) -> Iterator[Attempt]:
        pairs = {field: kind.pairs(ada, bob) for field, kind in MESSAGES[name].items()}
        for field, of_field in pairs.items():
            for hers, nobodys in of_field:
                tell = partial(self._tell, bob, name, None)
                yield Attempt(f"{name}({field})", tell, {field: hers}, {field: nobodys})
        for chat_id, nobodys_chat in _CHAT.pairs(ada, bob)[::4]:  # each chat, the first in one spelling only
            tell = partial(self._tell_at, bob, name)
            hers, nobodys = ({field: of[0][whose] for field, of in pairs.items() if of} for whose in (0, 1))
            yield Attempt(f"{name} at a chat", tell, (chat_id, hers), (nobodys_chat, nobodys))

    def _names(self, bob: Bob) -> list[str]:
        panel = Panel(bob.session, bob.chat.id)
        try:
            return messages_of(panel)
        finally:
            panel.close()

    def _tell_at(self, bob: Bob, name: str, given: tuple[str, dict[str, Any]]) -> str:
        return self._tell(bob, name, *given)

    def _tell(self, bob: Bob, name: str, chat_id: str | None, given: dict[str, Any]) -> str:
        panel = Panel(bob.session, bob.chat.id)
        try:
            if chat_id is not None:
                self._say(panel, "ChatList.open", {"chat_id": chat_id})
            before = len(self._front_end.messages)
            self._say(panel, name, {field: kind.own(bob) for field, kind in MESSAGES[name].items()} | given)
            panel.stop()
            return "\n".join(sorted(json.dumps(message) for message in _lasting(self._front_end.messages[before:])))
        finally:
            panel.close()

    def _say(self, panel: Panel, name: str, fields: dict[str, Any]) -> None:
        part, kind, *action = name.split(".")
        secret = {field: value for field, value in fields.items() if action and field in _SECRETS}
        content = {"type": kind, **{field: value for field, value in fields.items() if field not in secret}}
        if action:
            content |= {"ask": "1", "action": action[0], "secrets": list(secret)}
        (widget,) = (each for each in panel._parts if type(each).__name__ == part)
        buffers = [memoryview(value.encode()) for value in secret.values()]
        widget.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers})
        _settle(panel._desk, panel._worker)


def _lasting(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out how a backup came about: steps that may be left out, how many were asked for, when it was."""
    states = [message["state"] for message in messages if message["type"] == "backup"]
    for state in states:
        for name in ("at", "waiting", "rows", "total"):
            state.pop(name, None)
        (state.get("ended") or {}).pop("number", None)
    return [message for message in messages if message["type"] != "backup" or message["state"] is states[-1]]


def _settle(*workers: Worker) -> None:
    """Wait until the workers have done what was asked, and so have the threads that they started."""
    _wait_for(workers)
    for thread in threading.enumerate():
        if thread.name in {"primer-models", "primer-backup"}:
            thread.join(60)
    _wait_for(workers)  # what the threads have told


def _wait_for(workers: tuple[Worker, ...]) -> None:
    for worker in workers:
        done = threading.Event()
        worker.submit(done.set, on_error=lambda _: None)
        assert done.wait(60)
