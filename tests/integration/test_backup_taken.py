"""A message whose identifier another user's message has on the server is named; everything else travels."""

from __future__ import annotations

import pytest
from builders import add_chat, add_user

from primer_nb.ids import new_id
from primer_nb.times import now, to_text

SAY = "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', ?, ?)"
MINE, OTHERS = "mine", "Bob's"


@pytest.fixture
def taken(scene):
    """The identifier of a message of Bob's on the server."""
    bob = add_user(scene.remote, "bob@example.org")
    chat, key = add_chat(scene.remote, bob), new_id()
    scene.there(
        "INSERT INTO messages (id, chat_id, user_id, role, content, created_at)"
        " VALUES (%s, %s, %s, 'user', %s, now())",
        *(key, chat.id, bob.id, OTHERS),
    )
    return key


def say(scene, chat, taken):
    scene.say(chat, "good")
    scene.write(SAY, taken, chat, MINE, to_text(now()))
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", taken)


@pytest.mark.parametrize("how", ["first", "pushed", "compared", "by name"])
def test_a_message_whose_identifier_is_anothers_is_named(scene, taken, how):
    chat = scene.chat()
    if how != "first":
        scene.say(chat, "before")
        scene.backup()
    say(scene, chat, taken)
    if how == "compared":
        scene.write("DELETE FROM primer_backup_state")

    report = scene.backup(chats=[chat] if how == "by name" else None)

    assert report.messages == 1
    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("m", taken)]
    assert "another account" in report.quarantined[0].reason
    assert scene.here("SELECT kind, entity_id FROM primer_quarantine") == [("m", taken)]
    assert scene.there("SELECT content FROM messages WHERE id = %s", taken) == [(OTHERS,)]
    assert scene.there("SELECT * FROM completions") == []


def test_it_travels_when_the_identifier_is_free_again(scene, taken):
    chat = scene.chat()
    scene.backup()
    say(scene, chat, taken)
    scene.backup()
    scene.there("DELETE FROM messages WHERE content = %s", OTHERS)

    report = scene.backup(chats=[chat])

    assert (report.messages, report.completions, report.quarantined) == (1, 1, ())
    assert scene.said_there() == scene.said_here()


def test_looking_for_it_costs_no_round_trip(scene, known):
    scene.say(known, "again")

    assert scene.backup().round_trips == 1
