"""The journal knows what is new, whoever wrote it, and nothing else."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages, add_user

from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"


@pytest.fixture
def journal(scene):
    """Read the journal from here on."""
    before = scene.here("SELECT coalesce(max(seq), 0) FROM primer_journal")[0][0]
    return lambda: scene.here("SELECT kind, entity_id FROM primer_journal WHERE seq > ? ORDER BY seq", before)


def test_what_our_own_code_writes_is_journalled(scene, journal):
    chat = add_chat(scene.local, scene.user)

    (message,) = add_messages(scene.local, scene.user, chat, "hello")

    assert journal() == [("c", chat.id), ("m", message.id)]


def test_what_another_program_writes_is_journalled(scene, journal):
    chat = scene.chat()
    (message,) = scene.say(chat, "hello")
    scene.write("UPDATE chats SET title = 'Bats' WHERE id = ?", chat)
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
    scene.write("INSERT INTO chat_tags (chat_id, tag, created_at) VALUES (?, 'work', ?)", chat, TIME)
    scene.write("DELETE FROM chat_tags")
    scene.write("INSERT INTO chat_settings (chat_id, created_at, updated_at) VALUES (?, ?, ?)", chat, TIME, TIME)
    scene.write("UPDATE chat_settings SET model = 'm'")
    scene.write("INSERT INTO user_settings (user_id) VALUES (?)", scene.user.id)
    scene.write("UPDATE user_settings SET theme = 'dark'")

    assert journal() == [
        ("c", chat),
        ("m", message),
        ("c", chat),
        ("m", message),
        *[("d", chat)] * 4,
        *[("s", scene.user.id)] * 2,
    ]


def test_an_attachment_is_journalled(scene, journal):
    (message,) = scene.say(scene.chat(), "look")
    key = new_id()

    scene.write(
        "INSERT INTO message_attachments VALUES (?, ?, 'a', 'text/plain', 1, '', x'00', ?)", key, message, TIME
    )

    assert journal()[-1] == ("a", key)


def test_what_is_rolled_back_is_not_journalled(scene, journal):
    with scene.other_program() as connection:
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO chats (id, user_id, created_at, updated_at) VALUES (?, 'u', ?, ?)", (new_id(), TIME, TIME)
        )
        connection.execute("ROLLBACK")

    assert journal() == []


def test_a_deleted_chat_leaves_a_tombstone_and_no_useless_entries(scene, journal):
    chat = scene.chat()
    scene.say(chat, "hello")
    scene.write("INSERT INTO chat_tags (chat_id, tag, created_at) VALUES (?, 'work', ?)", chat, TIME)
    scene.write("INSERT INTO chat_settings (chat_id, created_at, updated_at) VALUES (?, ?, ?)", chat, TIME, TIME)
    before = journal()

    scene.write("DELETE FROM chats")

    ((key, deleted_at),) = scene.here("SELECT chat_id, deleted_at FROM primer_tombstones")
    assert journal() == before
    assert (key, len(deleted_at)) == (chat, len(TIME))


def test_a_deleted_chat_that_is_imported_again_has_no_tombstone(scene):
    chat = scene.chat()
    scene.write("DELETE FROM chats")

    scene.chat(chat_id=chat)

    assert scene.here("SELECT * FROM primer_tombstones") == []


def test_a_chat_that_changes_its_user_is_all_new(scene, journal):
    chat = scene.chat()
    (message,) = scene.say(chat, "hello")
    other = add_user(scene.local, "eve@example.org")
    before = len(journal())

    scene.write("UPDATE chats SET user_id = ?", other.id)

    assert sorted(journal()[before:]) == [("c", chat), ("d", chat), ("m", message)]


def test_a_row_without_a_key_harms_no_other_program(scene, journal):
    scene.write("INSERT INTO chats (id, user_id, created_at, updated_at) VALUES (NULL, 'u', ?, ?)", TIME, TIME)
    scene.write("DELETE FROM chats WHERE id IS NULL")

    assert journal() == []


def test_a_number_of_the_journal_is_never_given_twice(scene):
    scene.say(scene.chat(), "hello")
    (last,) = scene.here("SELECT max(seq) FROM primer_journal")[0]
    scene.write("DELETE FROM primer_journal")
    scene.write("VACUUM")

    scene.chat()

    assert scene.here("SELECT seq FROM primer_journal") == [(last + 1,)]
