"""What comes from a server is what it holds, whatever a text is made of."""

from __future__ import annotations

import itertools
import random

import pytest

from primer_nb.backup.columns import ATTACHMENTS, CHAT_SETTINGS, CHATS, COMPLETIONS, MESSAGES, USER_SETTINGS
from primer_nb.backup.copying_out import Incoming
from primer_nb.ids import new_id
from primer_nb.times import now, to_text

ALPHABET = "\x01\x02\t\n\r\\N\"'.?,äé🚀 \v\f\b\x1f\u2028"
TIME = "2026-01-02T03:04:05.000000+00:00"


@pytest.fixture
def incoming(scene):
    """Make the reader of a table of the scene's server."""
    with scene.administrator() as pg:
        yield lambda table, **options: Incoming(pg, table, scene.user.id, **{"refused": [], **options})


def texts():
    short = ["".join(some) for length in range(3) for some in itertools.product("\x01\x02a", repeat=length)]
    draw = random.Random(7)
    return [*short, "\\N", "\\.", "?", *("".join(draw.choices(ALPHABET, k=draw.randint(1, 40))) for _ in range(300))]


def test_every_text_comes_as_it_is(scene, incoming):
    chat, moment = new_id(), to_text(now())
    scene.there(
        "INSERT INTO chats (id, user_id, created_at, updated_at) VALUES (%s, %s, now(), now())", chat, scene.user.id
    )
    sent = {new_id(): text for text in texts()}
    scene.there(
        "INSERT INTO messages (id, chat_id, role, content, created_at)"
        " SELECT id, %s, 'user', content, %s FROM unnest(%s::uuid[], %s::text[]) AS sent(id, content)",
        chat, moment, list(sent), list(sent.values()),
    )  # fmt: skip

    rows = list(incoming(MESSAGES))

    assert {row[0]: row[3] for row in rows} == sent
    assert {(row[1], row[2], row[4], row[5]) for row in rows} == {(chat, "user", 0, moment)}


def test_nothing_is_not_the_empty_text(scene, incoming):
    for title in (None, "", "\x02", "\x01", "\x02\x02"):
        scene.there(
            "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (%s, %s, %s, now(), now())",
            new_id(), scene.user.id, title,
        )  # fmt: skip

    titles = [row[2] for row in incoming(CHATS)]

    assert sorted(titles, key=str) == sorted([None, "", "\x02", "\x01", "\x02\x02"], key=str)


def test_numbers_and_bytes_come_as_such(scene, known, incoming):
    (message,) = scene.say(known, "look")
    scene.write("INSERT INTO completions (message_id, duration, prompt_tokens) VALUES (?, 0.1, 7)", message)
    scene.write(
        "INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 3, 'c', x'00015c', ?)", new_id(), message, TIME
    )
    scene.write("INSERT INTO chat_settings (chat_id, temperature, created_at, updated_at) VALUES (?, 1e-5, ?, ?)",
                known, TIME, TIME)  # fmt: skip
    scene.write("INSERT INTO user_settings (user_id, notifications_enabled) VALUES (?, 0)", scene.user.id)
    scene.backup()

    assert list(incoming(COMPLETIONS)) == [(message, None, None, 7, None, None, 0.1, None, None, None)]
    assert [row[4:7] for row in incoming(ATTACHMENTS)] == [(3, "c", b"\x00\x01\x5c")]
    assert [row[3] for row in incoming(CHAT_SETTINGS)] == [1e-5]
    assert [row[3] for row in incoming(USER_SETTINGS)] == [0]


def test_a_time_that_no_local_store_holds_keeps_its_row_away(scene, known, incoming):
    (asked, late) = scene.say(known, "?", "late")
    scene.backup()
    scene.there("UPDATE messages SET created_at = 'infinity' WHERE id = %s", late)
    refused = []

    rows = list(incoming(MESSAGES, refused=refused))

    assert asked in {row[0] for row in rows}
    assert [(row.kind, row.entity_id) for row in refused] == [("m", late)]


def test_the_bytes_that_came_are_counted(scene, known, incoming):
    scene.say(known, "ä" * 1_000)
    scene.backup()
    messages = incoming(MESSAGES)

    list(messages)

    assert 2_000 < messages.size < 2_500
