"""What is told while a backup or a restore runs: each row once, none that stays behind, and the total at the end."""

from __future__ import annotations

import pytest
from backup_devices import Told, make_scene
from builders import add_chat, add_user

from primer_nb.backup import bookkeeping
from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"
REFUSE = "ALTER TABLE messages ADD CHECK (content <> 'refused')"


@pytest.fixture
def devices(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


def fill(scene, *, messages):
    """Make a chat with a row of every kind that hangs on one: five, and two a message."""
    chat = scene.chat()
    for message in scene.say(chat, *map(str, range(messages))):
        scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)
    for tag in ("work", "birds"):
        scene.write("INSERT INTO chat_tags VALUES (?, ?, ?)", chat, tag, TIME)
    scene.write("INSERT INTO chat_settings (chat_id, created_at, updated_at) VALUES (?, ?, ?)", chat, TIME, TIME)
    return chat


def test_a_first_backup_counts_all_that_hangs_on_a_chat(scene):
    fill(scene, messages=4)
    fill(scene, messages=6)
    told = Told()

    scene.backup(progress=told)

    assert (told.total, sum(told.rows)) == (34, 34)


def test_a_comparison_counts_the_chats_that_differ(scene):
    fill(scene, messages=4)
    fill(scene, messages=6)
    scene.backup()
    scene.there("DELETE FROM messages WHERE content = '5'")
    scene.write("DELETE FROM primer_backup_state")
    told = Told()

    scene.backup(progress=told)

    assert (told.total, sum(told.rows)) == (19, 19)


def test_one_chat_is_counted_when_it_differs(scene):
    chat = fill(scene, messages=4)
    fill(scene, messages=6)
    told, again = Told(), Told()

    scene.backup(chats=[chat], progress=told)
    scene.backup(chats=[chat], progress=again)

    assert (told.total, sum(told.rows)) == (15, 15)
    assert (again.total, again.rows) == (0, [])


def test_a_chat_that_needs_several_loads_is_counted_once(scene, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 5)
    monkeypatch.setattr("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 5)
    scene.fill(chats=2, messages=20)
    told = Told()

    scene.backup(progress=told)

    assert (told.total, told.rows) == (42, [7, 5, 5, 5, 5, 5, 5, 5])


def test_a_first_backup_does_not_count_what_the_server_refuses(scene):
    scene.there(REFUSE)
    scene.say(scene.chat(), *"abc", "refused", *"de")
    told = Told()

    scene.backup(progress=told)

    assert (told.total, sum(told.rows)) == (7, 6)


def test_the_acknowledgement_follows_the_commit_and_then_it_is_told(scene, known, monkeypatch):
    scene.say(known, "again")
    before = scene.here("SELECT token, acked_seq FROM primer_backup_state ORDER BY target")
    seen = []

    def look(what):
        here = scene.here("SELECT token, acked_seq FROM primer_backup_state ORDER BY target")
        seen.append((what, len(scene.said_there()), here == before))

    def acknowledge(*arguments):
        look("acknowledge")
        bookkeeping.acknowledge(*arguments)

    class Watcher:
        def start(self, total_rows):
            seen.append(("start", total_rows))

        def advance(self, rows, size):
            look("advance")

        def finish(self):
            seen.append("finish")

    monkeypatch.setattr("primer_nb.backup.run.acknowledge", acknowledge)
    scene.backup(progress=Watcher())

    assert seen == [("start", 1), ("acknowledge", 2, True), ("advance", 2, False), "finish"]


def test_what_is_new_is_counted_by_entries_of_the_journal(scene, known):
    scene.say(known, "again", "and again")
    for title in ("Bats", "Bees"):
        scene.write("UPDATE chats SET title = ? WHERE id = ?", title, known)
    add_chat(scene.local, add_user(scene.local, "eve@example.org"), "Secret")
    told = Told()

    scene.backup(progress=told)

    assert (sum(told.rows), told.is_finished) == (told.total, True)


def test_what_is_new_does_not_count_what_the_server_refuses(scene, known):
    scene.there(REFUSE)
    scene.say(known, "a", "refused", "b")
    told = Told()

    scene.backup(progress=told)

    assert (told.total, sum(told.rows)) == (3, 2)


def test_what_is_new_does_not_count_what_no_server_takes(scene, known):
    scene.say(known, "a", "\x00", "b")
    told = Told()

    scene.backup(progress=told)

    assert (told.total, sum(told.rows)) == (3, 2)


def test_chats_that_are_sent_again_are_not_counted_with_what_is_new(scene, known):
    scene.there("DELETE FROM chats")
    scene.say(known, "again")
    told = Told()

    report = scene.backup(progress=told)

    assert (report.messages, told.total, sum(told.rows)) == (2, 1, 1)


def test_a_row_that_is_put_right_is_counted_once(scene, known):
    (message,) = scene.say(known, "\x00")
    scene.backup()
    scene.write("DELETE FROM messages WHERE id = ?", message)
    scene.write(
        "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'right', ?)",
        *(message, known, TIME),
    )
    told = Told()

    scene.backup(progress=told)

    assert sorted(text for _, text in scene.said_there()) == ["hello", "right"]
    assert sum(told.rows) == told.total


@pytest.mark.parametrize("operation", ["restore", "pull", "drill"])
def test_what_comes_back_is_counted_by_messages(devices, operation):
    laptop, desktop = devices.device("laptop"), devices.device("desktop")
    for title in ("Birds", "Bats"):
        laptop.say("one", "two", "three", title=title)
    laptop.backup()
    told = Told()

    getattr(desktop, operation)(progress=told)

    assert (told.total, sum(told.rows), told.is_finished) == (6, 6, True)
