"""A row that a server would refuse stays behind and is named; everything else travels."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.backup.columns import CHATS, MESSAGES, RefusedError
from primer_nb.backup.rows import spelled
from primer_nb.backup.run import backup
from primer_nb.database import open_store
from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"
OTHER = "0190aaaa-0000-7000-8000-00000000000a"

# What other programs may have left: how a message is told from a good one, and why it is refused.
BAD_MESSAGES = {
    "NUL": ({"content": "'a' || char(0) || 'b'"}, "NUL"),
    "half of a surrogate pair": ({"content": "CAST(x'eda080' AS TEXT)"}, "UTF-8"),
    "broken UTF-8": ({"content": "CAST(x'68ff69' AS TEXT)"}, "UTF-8"),
    "bytes": ({"content": "x'00'"}, "UTF-8"),
    "no UUID": ({"id": "'message-1'"}, "id is no UUID"),
    "an epoch": ({"created_at": "'1705314600'"}, "created_at is no time"),
    "an epoch in milliseconds": ({"created_at": "'1710101212345'"}, "created_at is no time"),
    "words": ({"created_at": "'yesterday'"}, "created_at is no time"),
    "too many tokens": ({"tokens": "3000000000"}, "tokens is beyond"),
    "tokens in words": ({"tokens": "'many'"}, "tokens is no whole number"),
    "a long role": ({"role": "'" + "r" * 21 + "'"}, "role has 21 characters"),
}
BAD_CHATS = {
    "NUL": ({"title": "'a' || char(0)"}, "NUL"),
    "a long title": ({"title": f"'{'t' * 256}'"}, "title has 256 characters"),
    "a long model": ({"model": f"'{'m' * 51}'"}, "model has 51 characters"),
    "no UUID": ({"id": "'chat-1'"}, "id is no UUID"),
    "no time": ({"updated_at": "''"}, "updated_at is no time"),
}


@pytest.fixture(params=["first", "later"])
def known(scene, request):
    """A chat that will go along: before there is a chain of tokens, and after."""
    chat = scene.chat()
    scene.say(chat, "good")
    if request.param == "later":
        scene.backup()
    scene.say(chat, "better")
    return chat


def insert(scene, table, values):
    scene.write(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_stays_behind_and_the_rest_travels(scene, known, name):
    change, reason = BAD_MESSAGES[name]
    key = new_id()
    good = {"id": f"'{key}'", "chat_id": f"'{known}'", "role": "'user'", "content": "'x'", "created_at": f"'{TIME}'"}
    insert(scene, "messages", good | change)
    before = scene.contents()

    report = scene.backup()

    assert [(row.kind, row.entity_id) for row in report.quarantined] == [
        ("m", "message-1" if "id" in change else key)
    ]
    assert reason in report.quarantined[0].reason
    assert sorted(text for _, text in scene.said_there()) == ["better", "good"]
    assert scene.contents() == before
    assert scene.here("SELECT kind, reason FROM primer_quarantine") == [("m", report.quarantined[0].reason)]
    assert scene.backup().round_trips == 0


@pytest.mark.parametrize("name", BAD_CHATS)
def test_a_bad_chat_stays_behind_with_its_messages(scene, known, name):
    change, reason = BAD_CHATS[name]
    key = new_id()
    good = {"id": f"'{key}'", "user_id": f"'{scene.user.id}'", "created_at": f"'{TIME}'", "updated_at": f"'{TIME}'"}
    insert(scene, "chats", good | change)
    scene.say("chat-1" if "id" in change else key, "stays behind")

    report = scene.backup()

    (chat,) = [row for row in report.quarantined if row.kind == "c"]
    assert reason in chat.reason
    assert sorted(text for _, text in scene.said_there()) == ["better", "good"]


def test_an_orphan_stays_behind(scene, known):
    with scene.other_program() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(
            "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'lost', ?)",
            (OTHER, new_id(), TIME),
        )

    report = scene.backup()

    assert [(row.kind, row.entity_id, row.reason) for row in report.quarantined] == [
        ("m", OTHER, "its chat is not there")
    ]
    assert sorted(text for _, text in scene.said_there()) == ["better", "good"]


BAD_ROWS = {
    "message": ("m", "INSERT INTO messages VALUES (:bad, :chat, 'user', 'x', 1, :time)"),
    "broken message": ("m", "INSERT INTO messages VALUES (CAST(x'ff' AS TEXT), :chat, 'user', 'x', 1, :time)"),
    "completion": ("k", "INSERT INTO completions (message_id, model) VALUES (:message, printf('%051d', 1))"),
    "attachment": ("a", "INSERT INTO message_attachments VALUES (:bad, :message, 'a', 'b', 1, 'c', x'00', :time)"),
    "tag": ("d", "INSERT INTO chat_tags VALUES (:chat, printf('%051d', 1), :time)"),
    "settings": ("d", "INSERT INTO chat_settings VALUES (:chat, '', '', 'hot', 1, '', :time, :time)"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_comparison_names_a_bad_row_of_a_chat_that_is_equal_otherwise(scene, name):
    kind, statement = BAD_ROWS[name]
    chat = scene.chat()
    (message,) = scene.say(chat, "good")
    scene.backup()
    with scene.other_program() as connection:
        connection.execute(statement, {"bad": "no UUID", "chat": chat, "message": message, "time": TIME})
    scene.write("DELETE FROM primer_backup_state")  # as an old copy of the file has it

    report = scene.backup()

    keys = {"m": "no UUID", "k": message, "a": "no UUID", "d": chat}
    key = b"\xff" if name == "broken message" else keys[kind]
    assert [(row.kind, row.entity_id) for row in report.quarantined] == [(kind, key)]
    assert scene.here("SELECT kind FROM primer_quarantine") == [(kind,)]


def test_what_hangs_on_a_bad_message_stays_behind_with_it(scene, known):
    (message,) = scene.say(known, "\x00")
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)

    report = scene.backup()

    assert [row.kind for row in report.quarantined] == ["m"]
    assert (report.completions, report.attachments) == (0, 0)


def test_a_bad_completion_lets_its_message_travel(scene, known):
    (message,) = scene.say(known, "best")
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, ?)", message, "m" * 51)

    report = scene.backup()

    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("k", message)]
    assert "best" in dict(scene.said_there()).values()


def test_spellings_of_other_programs_travel_as_what_they_mean(scene, known):
    chat, message = "0190AAAA00007000800000000000000B", "{0190AAAA-0000-7000-8000-00000000000C}"
    scene.write(
        "INSERT INTO chats (id, user_id, created_at, updated_at)"
        " VALUES (?, ?, '2026-01-01 00:00:00', '2026-01-01T02:00:00+02:00')",
        *(chat, scene.user.id),
    )
    scene.write(
        "INSERT INTO messages (id, chat_id, role, content, created_at)"
        " VALUES (?, ?, 'user', 'old', '2026-01-01T00:00:00.123456789Z')",
        *(message, chat),
    )

    scene.backup()

    query = "SELECT m.id::text, extract(microseconds FROM m.created_at)::int, c.created_at = c.updated_at"
    assert scene.there(f"{query} FROM messages m JOIN chats c ON c.id = chat_id WHERE content = 'old'") == [
        ("0190aaaa-0000-7000-8000-00000000000c", 123456, True)
    ]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE messages SET content = 'mended' WHERE id = ?", "m"),
        ("UPDATE chats SET title = 'mended' WHERE id = ?", "c"),
    ],
)
@pytest.mark.parametrize("is_compared", [False, True])
def test_a_row_that_was_put_right_travels_with_all_that_waited_for_it(scene, known, statement, kind, is_compared):
    bad = scene.chat("b\x00d" if kind == "c" else "fine")
    (message,) = scene.say(bad, "b\x00d" if kind == "m" else "waits")
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)
    scene.backup()
    if is_compared:
        scene.there("DELETE FROM primer_sync_device")

    scene.write(statement, bad if kind == "c" else message)
    report = scene.backup()

    assert report.is_reconciled == is_compared
    assert (report.messages, report.attachments, report.quarantined) == (1, 1, ())
    assert scene.said_there() == scene.said_here()
    assert scene.here("SELECT * FROM primer_quarantine") == []


def test_a_row_that_changed_and_is_still_bad_sends_nothing_again(scene, known):
    (message,) = scene.say(known, "b\x00d")
    scene.backup()

    scene.write("UPDATE messages SET content = content || '!' WHERE id = ?", message)
    report = scene.backup()

    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("m", message)]
    assert report.round_trips == 1  # its chat may be new


def test_a_completion_that_was_put_right_travels_and_is_named_no_more(scene, known):
    (message,) = scene.say(known, "best")
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, ?)", message, "m" * 51)
    scene.backup()

    scene.write("UPDATE completions SET model = 'm'")

    assert scene.backup().completions == 1
    assert scene.here("SELECT * FROM primer_quarantine") == []


def test_a_row_that_was_put_right_is_not_taken_for_refused_by_a_comparison(scene, known):
    (message,) = scene.say(known, "b\x00d")
    scene.backup()
    scene.write("UPDATE messages SET content = 'mended' WHERE id = ?", message)
    scene.write("DELETE FROM primer_backup_state")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (True, 1)
    assert scene.said_there() == scene.said_here()


def test_each_server_has_a_list_of_its_own_of_what_stays_behind(scene, known, postgres_server):
    (bad,) = scene.say(known, "b\x00d")
    with postgres_server.database() as url, closing(open_store(url)) as other:
        with other.unit_of_work() as work:
            work.users.add(scene.user)
            work.commit()

        scene.backup()
        backup(scene.local, other.address, scene.user.id)

    rows = scene.here("SELECT target, entity_id FROM primer_quarantine")
    assert {key for _, key in rows} == {bad}
    assert {target for target, _ in rows} == {row for (row,) in scene.here("SELECT target FROM primer_backup_state")}


@pytest.fixture
def picky(scene):
    """A rule of the server that this side does not know."""
    scene.there("ALTER TABLE messages ADD CONSTRAINT picky CHECK (content NOT LIKE 'bad%%')")


@pytest.mark.parametrize("is_first", [False, True])
def test_a_row_that_only_the_server_refuses_is_found_by_halves(scene, picky, is_first):
    chat = scene.chat()
    if not is_first:
        scene.backup()
    wanted = [f"good {number}" for number in range(500)]
    scene.say(chat, *wanted[:250], "bad one", *wanted[250:], "bad two")

    report = scene.backup()

    assert [(row.kind, "CheckViolation" in row.reason) for row in report.quarantined] == [("m", True)] * 2
    assert sorted(text for _, text in scene.said_there()) == sorted(wanted)
    assert report.round_trips < 150  # and not one for each row
    assert scene.backup().round_trips == 0


def test_a_chat_that_only_the_server_refuses_stays_behind_with_its_messages(scene, known):
    scene.there("ALTER TABLE chats ADD CONSTRAINT picky CHECK (title <> 'bad')")
    scene.say(scene.chat("bad"), *("x" for _ in range(100)))

    report = scene.backup()

    assert [row.kind for row in report.quarantined] == ["c"]
    assert sorted(text for _, text in scene.said_there()) == ["better", "good"]


UNREADABLE = st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.binary())


@given(st.tuples(*[UNREADABLE] * len(MESSAGES.columns)), st.tuples(*[UNREADABLE] * len(CHATS.columns)))
def test_whatever_a_row_holds_it_is_spelled_or_refused(message, chat):
    for table, row in ((MESSAGES, message), (CHATS, chat)):
        try:
            values = spelled(table, row)
        except RefusedError:
            continue
        assert all(value is None or "\x00" not in value for value in values)
