"""The state machine of backups, first half: what people and other programs write on two machines of one account."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_machine_checks import Checked
from backup_machine_places import ADA, Clock, Cloud, Machine
from backup_views import canonical
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from primer_nb.times import to_text

if TYPE_CHECKING:
    from pathlib import Path

BAD = {
    "NUL": {"content": "a\0b"},
    "half a surrogate pair": {},
    "no UUID": {"key": "no UUID {0}"},
    "an epoch": {"spelled": "1712010312"},
    "too many tokens": {},
    "orphan": {},
}

machines = st.integers(0, 1)
clouds = st.sampled_from([0, 0, 0, 1])
skews = st.sampled_from([0, 0, 0, -500, 500])
places = st.integers(0, 3)


@dataclass
class Ground:
    """What the examples of a run share: servers, an empty file, a folder, and what was counted."""

    clouds: list[Cloud]
    blank: Path
    folder: Path
    counts: dict[str, int]


class WritingMachine(RuleBasedStateMachine):
    """What people and programs may do to two files."""

    ground: Ground
    checks = Checked

    @initialize()
    def start(self) -> None:
        """Begin with two new files and two new servers."""
        self.count("examples")
        self.clock = Clock()
        self.folder = self.ground.folder / str(self.ground.counts["examples"])
        self.folder.mkdir()
        self.machines = []
        for name in ("laptop.db", "desktop.db"):
            shutil.copyfile(self.ground.blank, self.folder / name)
            self.machines.append(Machine(self.folder / name, self.clock))
        self.clouds = self.ground.clouds
        for cloud in self.clouds:
            cloud.start()
        self.copies: list[Path] = []
        self.checked = self.checks(self.machines, self.clock, self.count)

    def teardown(self) -> None:
        """Remove the files."""
        for machine in getattr(self, "machines", ()):
            machine.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self, what: str) -> None:
        """Count what was done."""
        self.ground.counts[what] = self.ground.counts.get(what, 0) + 1

    def chosen(self, d: int, place: int) -> str | None:
        """Choose a chat of a file."""
        self.count("steps")
        chats = self.machines[d].chats()
        return chats[place % len(chats)] if chats else None

    @rule(d=machines, messages=st.integers(0, 3), skew=skews, is_loud=st.sampled_from([False, False, True]))
    def new_chat(self, d: int, messages: int, skew: int, is_loud: bool) -> None:
        self._add_chat(d, messages=messages, skew=skew, is_loud=is_loud)

    def _add_chat(self, d: int, *, messages: int = 1, skew: int = 0, is_loud: bool = False) -> str:
        self.count("steps")
        machine, now, key = self.machines[d], to_text(self.clock.tick(skew)), self.clock.new_id()
        chat = key.upper() if is_loud else key
        machine.change(
            "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (?, ?, 'new', ?, ?)",
            *(chat, ADA, now, now),
            journalled=[("c", chat)],
        )
        for number in range(messages):
            machine.add_message(chat, f"{number}", self.clock.tick(skew))
        return chat

    @rule(d=machines, place=places, skew=skews, spelling=st.sampled_from(["", "{0:%F %T}", "{0:%FT%T}.123456789Z"]))
    def say(self, d: int, place: int, skew: int, spelling: str) -> None:
        if chat := self.chosen(d, place):
            at = self.clock.tick(skew)
            self.machines[d].add_message(chat, "said", at, spelled=spelling and spelling.format(at))
            self.machines[d].touch(chat, skew)

    @rule(d=machines, place=places)
    def answer(self, d: int, place: int) -> None:
        if chat := self.chosen(d, place):
            machine, now = self.machines[d], self.clock.tick()
            message, attachment = machine.add_message(chat, "", now), self.clock.new_id()
            machine.change(
                "INSERT INTO completions (message_id, model, duration) VALUES (?, 'm', 0.1)",
                *(message,),
                journalled=[("m", message)],
            )
            machine.change(
                "INSERT INTO message_attachments VALUES (?, ?, 'a', 'b/c', 2, 'd', x'00ff', ?)",
                *(attachment, message, to_text(now)),
                journalled=[("a", attachment)],
            )

    @rule(d=machines, place=places, skew=skews, title=st.sampled_from(["one", "two", "two", "a\0b"]))
    def rename(self, d: int, place: int, skew: int, title: str) -> None:
        if chat := self.chosen(d, place):
            self.machines[d].rename(chat, f"{title} {self.clock.tick():%M:%S.%f}", skew)

    @rule(d=machines, place=places, tag=st.sampled_from(["work", "play"]), is_on=st.booleans())
    def tag(self, d: int, place: int, tag: str, is_on: bool) -> None:
        chat = self.chosen(d, place)
        machine = self.machines[d]
        if chat is None or is_on == ((chat, tag) in machine.ask("SELECT chat_id, tag FROM chat_tags")):
            return
        statement = "DELETE FROM chat_tags WHERE chat_id = ? AND tag = ? AND ? <> ''"
        if is_on:
            statement = "INSERT INTO chat_tags (chat_id, tag, created_at) VALUES (?, ?, ?)"
        machine.change(statement, chat, tag, to_text(self.clock.tick()), journalled=[("d", chat)])

    @rule(d=machines, place=places, skew=skews)
    def change_settings(self, d: int, place: int, skew: int) -> None:
        machine = self.machines[d]
        if chat := self.chosen(d, place):
            now = machine.now("SELECT updated_at FROM chat_settings WHERE chat_id = ?", chat, skew=skew)
            machine.change(
                "INSERT INTO chat_settings (chat_id, model, created_at, updated_at) VALUES (?1, ?2, ?2, ?2)"
                " ON CONFLICT (chat_id) DO UPDATE SET model = ?2, updated_at = ?2",
                *(chat, now),
                journalled=[("d", chat)],
            )
        else:
            now = machine.now("SELECT updated_at FROM user_settings WHERE user_id = ?", ADA, skew=skew)
            machine.change(
                "INSERT INTO user_settings (user_id, theme, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)"
                " ON CONFLICT (user_id) DO UPDATE SET theme = ?2, updated_at = ?3",
                *(ADA, now[17:], now),
                journalled=[("s", ADA)],
            )

    @rule(d=machines, place=places, kind=st.sampled_from(sorted(BAD)))
    def say_what_no_server_takes(self, d: int, place: int, kind: str) -> None:
        if not (chat := self.chosen(d, place)):
            return
        machine, at = self.machines[d], self.clock.tick()
        options = {name: value.format(self.clock.new_id()) for name, value in BAD[kind].items()}
        key = machine.add_message(chat, **({"content": "bad"} | options), at=at)
        if kind == "too many tokens":
            machine.write("UPDATE messages SET tokens = 2147483648 WHERE id = ?", key)
        elif kind == "half a surrogate pair":
            machine.write("UPDATE messages SET content = CAST(x'eda080' AS TEXT) WHERE id = ?", key)
        elif kind == "orphan":
            machine.write("UPDATE messages SET chat_id = ? WHERE id = ?", self.clock.new_id(), key)

    @rule(d=machines)
    def mend(self, d: int) -> None:
        self.count("steps")
        machine = self.machines[d]
        bad = machine.ask("SELECT id FROM messages WHERE instr(content, char(0)) OR tokens > 2147483647 LIMIT 1")
        for (key,) in bad:
            statement = "UPDATE messages SET content = 'mended', tokens = 1 WHERE id = ?"
            machine.change(statement, key, journalled=[("m", key)])

    @rule(d=machines, place=places)
    def delete_chat(self, d: int, place: int) -> None:
        if chat := self.chosen(d, place):
            self.machines[d].change("DELETE FROM chats WHERE id = ?", chat, journalled=[])
            assert canonical(chat) in self.machines[d].tombstones()

    @rule(d=machines)
    def delete_newest_message(self, d: int) -> None:
        self.count("steps")
        statement = "DELETE FROM messages WHERE rowid = (SELECT max(rowid) FROM messages)"
        self.machines[d].change(statement, journalled=[])

    @rule(d=machines)
    def vacuum(self, d: int) -> None:
        self.count("steps")
        self.machines[d].write("VACUUM")
