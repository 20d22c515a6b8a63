"""What is not backed up, or not there: it is said clearly, and nothing is changed on either side."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from builders import add_user

from primer_nb.backup.bookkeeping import new_token, read_chain, reading, target_of
from primer_nb.backup.job import Job
from primer_nb.backup.journal import next_batch
from primer_nb.backup.push import push_batch
from primer_nb.backup.run import backup
from primer_nb.database.addresses import parse_address
from primer_nb.errors import (
    BackupError,
    ChatNotFoundError,
    ForeignChatError,
    MigrationError,
    StoreCorruptError,
    StoreNewerError,
)
from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"


@pytest.fixture
def foreign(scene, known):
    """A chat of ours whose identifier another account has on the server."""
    eve = add_user(scene.remote, "eve@example.org")
    chat = scene.chat("Mine")
    scene.say(chat, "never to be sent")
    statement = (
        "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (%s, %s, 'Eve''s', now(), now())"
    )
    scene.there(statement, chat, eve.id)
    return chat


@pytest.mark.parametrize("is_first", [False, True])
def test_a_foreign_chat_is_refused_and_the_rest_travels(scene, known, foreign, is_first):
    if is_first:
        scene.write("DELETE FROM primer_backup_state")
    scene.say(known, "again")

    report = scene.backup()

    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("c", foreign)]
    assert "another account" in report.quarantined[0].reason
    assert sorted(text for _, text in scene.said_there()) == ["again", "hello"]
    assert scene.there("SELECT title FROM chats WHERE id = %s", foreign) == [("Eve's",)]


def push(scene):
    """Push what is new past everything that looks at it first."""
    target = target_of(scene.server.address, scene.user.id)
    with reading(scene.local) as connection:
        chain = read_chain(connection, target)
        batch = next_batch(connection, scene.user.id, chain.acked_seq, target=target)
    return push_batch(scene.server.connection(), batch, user_id=scene.user.id, chain=chain, next_token=new_token())


def test_nothing_of_a_batch_with_a_foreign_chat_is_written(scene, known, foreign):
    scene.say(known, "again")
    device = scene.there("SELECT token, prev_token, acked_seq, seen_at FROM primer_sync_device")

    pushed = push(scene)

    assert (pushed.is_accepted, pushed.foreign) == (False, (foreign,))
    assert sum(pushed.counts.values()) == 0
    assert [text for _, text in scene.said_there()] == ["hello"]
    assert scene.there("SELECT token, prev_token, acked_seq, seen_at FROM primer_sync_device") == device


def test_a_token_of_another_account_lets_nothing_in(scene, known):
    eve = add_user(scene.remote, "eve@example.org")
    scene.there("UPDATE primer_sync_device SET user_id = %s", eve.id)
    scene.say(known, "again")

    pushed = push(scene)

    assert not pushed.is_accepted
    assert [text for _, text in scene.said_there()] == ["hello"]


@pytest.mark.parametrize("is_first", [False, True])
def test_nothing_is_hung_on_a_message_of_another_account(scene, known, foreign, is_first):
    if is_first:
        scene.write("DELETE FROM primer_backup_state")
    (message,) = scene.say(known, "again")
    scene.there(
        "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (%s, %s, 'user', 'psst', now())",
        *(message, foreign),
    )
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)

    scene.backup()

    assert scene.there("SELECT content FROM messages WHERE id = %s", message) == [("psst",)]
    assert scene.there("SELECT message_id FROM completions UNION SELECT message_id FROM message_attachments") == []


def test_a_chat_that_another_account_takes_while_we_compare_stays_theirs(scene, known, foreign, monkeypatch):
    monkeypatch.setattr(Job, "others_among", lambda job, chats: set())  # it was nobody's when we asked
    scene.write("DELETE FROM primer_backup_state")
    scene.write("UPDATE chats SET updated_at = '2040-01-01T00:00:00.000000+00:00' WHERE id = ?", foreign)
    scene.write("INSERT INTO chat_tags VALUES (?, 'mine', '2040-01-01T00:00:00.000000+00:00')", foreign)
    scene.write("DELETE FROM messages WHERE chat_id = ?", foreign)

    scene.backup()

    assert scene.there("SELECT title FROM chats WHERE id = %s", foreign) == [("Eve's",)]
    assert scene.there("SELECT tag FROM chat_tags") == []


def test_a_server_that_only_refuses_a_foreign_chat_may_have_lost_all_others(scene, known, foreign):
    scene.there("DELETE FROM chats WHERE id = %s", known)
    scene.there("DELETE FROM primer_sync_device")

    report = scene.backup()

    assert report.is_reconciled
    assert [text for _, text in scene.said_there()] == ["hello"]


def test_a_foreign_chat_that_was_asked_for_is_an_error(scene, known, foreign):
    with pytest.raises(ForeignChatError, match="another account"):
        scene.backup(chats=[known, foreign])

    assert [text for _, text in scene.said_there()] == ["hello"]


def test_a_chat_that_is_not_here_cannot_be_selected(scene, known):
    with pytest.raises(ChatNotFoundError):
        scene.backup(chats=[new_id()])


def test_a_server_without_the_account_is_refused_clearly(scene, known):
    scene.there("TRUNCATE users CASCADE")
    scene.say(known, "again")
    before = scene.contents()

    with pytest.raises(BackupError, match="does not have your account"):
        scene.backup()

    assert scene.contents() == before


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize(
    ("version", "error", "says"),
    [("29990101000000", StoreNewerError, "pip install -U"), ("20200101000000", MigrationError, "migrate up")],
)
def test_a_server_of_another_release_is_refused_and_left_untouched(scene, known, version, error, says, is_first):
    if is_first:
        scene.write("DELETE FROM primer_backup_state")
    scene.there("UPDATE primer_alembic_version SET version_num = %s", version)
    scene.say(known, "again")

    with pytest.raises(error, match=says):
        scene.backup()

    assert [text for _, text in scene.said_there()] == ["hello"]


def test_a_server_without_our_tables_is_refused_clearly(scene, postgres_server):
    scene.chat()
    with postgres_server.database() as url, pytest.raises(MigrationError, match="migrate up"):
        backup(scene.local, parse_address(url), scene.user.id)


def test_a_damaged_file_is_reported_and_not_sent(scene, monkeypatch):
    scene.fill(chats=50, messages=20)
    scene.local.close()
    with closing(sqlite3.connect(scene.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with scene.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x05" + b"\xff" * 64)

    with pytest.raises(StoreCorruptError, match="damaged"):
        scene.backup()

    assert scene.said_there() == []
