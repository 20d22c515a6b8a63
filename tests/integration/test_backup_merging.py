"""Rows of a server meet what is here: nothing local gives way to them unless they changed later."""

from __future__ import annotations

import pytest
from backup_devices import make_scene, rows_of_chats
from builders import add_user

from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def desktop(scene):
    return scene.device("desktop")


def add_settings(device, chat: str) -> None:
    device.execute(
        "INSERT INTO chat_settings (chat_id, model, created_at, updated_at) VALUES (?, 'm', ?, ?)", chat, TIME, TIME
    )


def test_what_changed_at_the_same_moment_stays_as_it_is_here(scene, laptop):
    chat, (message,) = laptop.say("hello")
    add_settings(laptop, chat.id)
    laptop.execute(
        "INSERT INTO user_settings (user_id, theme, created_at, updated_at) VALUES (?, 'dark', ?, ?)",
        *(laptop.user.id, TIME, TIME),
    )
    laptop.backup()
    laptop.execute("DELETE FROM messages WHERE id = ?", message.id)  # so that there is something to fetch
    scene.execute("UPDATE chat_settings SET model = 'theirs'")
    scene.execute("UPDATE user_settings SET theme = 'theirs'")

    report = laptop.pull()

    assert (report.messages, report.chats_changed) == (1, 0)
    assert laptop.execute("SELECT model FROM chat_settings") == [("m",)]
    assert laptop.execute("SELECT theme FROM user_settings") == [("dark",)]


def test_what_hangs_on_a_row_that_cannot_be_kept_here_stays_away_with_it(scene, laptop, desktop):
    chat, (message, _) = laptop.say("hello", "good day")
    other, _ = laptop.say("other")
    laptop.execute("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message.id)
    laptop.execute(
        "INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message.id, TIME
    )
    laptop.execute("INSERT INTO chat_tags VALUES (?, 'work', ?)", other.id, TIME)
    add_settings(laptop, other.id)
    laptop.backup()
    scene.execute(f"UPDATE messages SET created_at = 'infinity' WHERE id = '{message.id}'")
    scene.execute(f"UPDATE chats SET created_at = '-infinity' WHERE id = '{other.id}'")

    report = desktop.pull()

    assert {row.entity_id for row in report.quarantined} == {message.id, other.id}
    assert (report.completions, report.attachments) == (0, 0)
    assert list(desktop.titles()) == [chat.id]
    assert desktop.contents() == {"good day"}
    assert desktop.execute("PRAGMA foreign_key_check") == []


def test_what_hangs_on_anothers_chat_in_the_same_file_is_left_as_it_is(scene, laptop):
    chat, _ = laptop.say("hello")
    laptop.execute("INSERT INTO chat_tags VALUES (?, 'work', ?)", chat.id, TIME)
    add_settings(laptop, chat.id)
    laptop.backup()
    laptop.execute("DELETE FROM chats")
    laptop.execute("DELETE FROM primer_tombstones")
    bob = add_user(scene.server, "bob@example.org")
    laptop.execute("INSERT INTO chats VALUES (?, ?, 'of Bob', ?, ?, NULL)", chat.id, bob.id, TIME, TIME)
    before = rows_of_chats(laptop)

    laptop.pull()

    assert rows_of_chats(laptop) == before


def test_a_chat_that_comes_back_by_name_leaves_no_tombstone_in_another_spelling(laptop):
    chat, _ = laptop.say("hello")
    laptop.backup()
    laptop.execute("DELETE FROM chats")
    laptop.execute("UPDATE primer_tombstones SET chat_id = upper(chat_id)")

    laptop.pull(chats=[chat.id])

    assert laptop.contents() == {"hello"}
    assert laptop.execute("SELECT * FROM primer_tombstones") == []


def test_settings_of_an_account_that_the_file_does_not_have_stay_away(laptop, desktop):
    laptop.say("hello")
    laptop.execute("INSERT INTO user_settings (user_id, theme) VALUES (?, 'dark')", laptop.user.id)
    laptop.backup()
    desktop.execute("DELETE FROM users")

    desktop.pull()

    assert desktop.contents() == {"hello"}
    assert desktop.execute("SELECT * FROM user_settings") == []
