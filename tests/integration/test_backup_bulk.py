"""Chats that a server does not have go there without a look at each message; also when one is there after all."""

from __future__ import annotations

import pytest

from primer_nb.backup.copying_in import copied
from primer_nb.backup.gathering import gather
from primer_nb.ids import new_id


@pytest.fixture
def statements(monkeypatch):
    """What the server is told to do with rows it got."""
    from primer_nb.backup import bulk

    found = []
    usual = bulk._finish
    monkeypatch.setattr(
        bulk,
        "_finish",
        lambda *args, **options: found.append(usual(*args, **options).as_string()) or usual(*args, **options),
    )
    return found


def test_messages_of_new_chats_are_not_looked_for(scene, statements):
    scene.fill(chats=2, messages=3)

    assert scene.backup().messages == 6

    (statement,) = statements
    assert "ON CONFLICT (id) DO NOTHING" not in statement


def test_what_was_sent_is_not_held_while_the_next_is_read(scene, monkeypatch):
    from primer_nb.backup import bulk

    held, usual = [], bulk.send
    monkeypatch.setattr(
        bulk, "send", lambda pg, load, **options: (usual(pg, load, **options), held.append(load.copied))[0]
    )
    scene.fill(chats=2, messages=3)

    assert scene.backup().messages == 6
    assert held == [None]


def test_messages_of_chats_that_the_server_has_are_looked_for(scene, known, statements):
    scene.say(known, "more")
    scene.write("DELETE FROM primer_backup_state")

    assert scene.backup().messages == 1

    (statement,) = statements
    assert "ON CONFLICT (id) DO NOTHING" in statement


def test_a_message_that_is_elsewhere_on_the_server_stays_there_and_all_others_travel(scene, known):
    (moved,) = scene.say(known, "moved")
    scene.backup()
    chat = scene.chat("New")
    others = scene.say(chat, "one", "two")
    scene.write("UPDATE messages SET chat_id = ? WHERE id = ?", chat, moved)
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", others[0])
    scene.write("DELETE FROM primer_backup_state")

    report = scene.backup()

    assert (report.messages, report.completions, report.quarantined) == (2, 1, ())
    assert report.round_trips == 3 + 5 + 4 + 4 + 1  # told no, sent again; the other chat; the new chain
    assert scene.there("SELECT chat_id::text FROM messages WHERE id = %s", moved) == [(known,)]
    assert scene.said_there() == scene.said_here()
    assert not scene.backup().round_trips


def test_two_spellings_of_one_message_are_one_there(scene):
    chat = scene.chat()
    (key,) = scene.say(chat, "one")
    scene.say(chat, "two")
    scene.write(
        "INSERT INTO messages (id, chat_id, role, content, created_at)"
        " SELECT upper(id), chat_id, role, 'again', created_at FROM messages WHERE id = ?",
        key,
    )

    assert scene.backup().messages == 2

    assert scene.there("SELECT count(*) FROM messages WHERE id = %s", key) == [(1,)]


def test_a_bad_row_among_new_ones_stays_behind_alone(scene, known):
    chat = scene.chat("New")
    (moved,) = scene.say(known, "moved")
    scene.backup()
    scene.write("DELETE FROM primer_backup_state")
    scene.there("ALTER TABLE messages ADD CHECK (content <> 'bad')")
    scene.write("UPDATE messages SET chat_id = ? WHERE id = ?", chat, moved)
    (bad, _) = scene.say(chat, "bad", "good")

    report = scene.backup()

    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("m", bad)]
    assert "good" in dict(scene.said_there()).values()


def test_a_message_that_goes_to_another_chat_while_it_is_read_is_left_to_the_journal(scene, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 2)
    monkeypatch.setattr("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 2)
    chat, other = scene.chat(), scene.chat(user_id=new_id())
    keys = sorted(scene.say(chat, "a", "b", "c", "d"))
    loads = gather(scene.local, scene.user.id, [chat], refused=[])

    first = next(loads)
    scene.write("UPDATE messages SET chat_id = ? WHERE id = ?", other, keys[2])
    rest = list(loads)

    sent = [
        row[0] for load in (first, *rest) for row in load.rows[next(t for t in load.rows if t.name == "messages")]
    ]
    assert sent == [keys[0], keys[1], keys[3]]
    assert all(other.encode() not in b"".join(copied(load).copied) for load in rest)


def test_a_server_without_statistics_does_not_look_through_all_chats_for_each_message(scene, monkeypatch):
    # as for who may not take statistics of another's tables; with few chats the server chooses a wrong index
    monkeypatch.setattr("primer_nb.backup.job._FEW_CHATS", -1)
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 350)
    monkeypatch.setattr("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 350)
    scene.there("ALTER TABLE chats SET (autovacuum_enabled = off)")
    scene.fill(chats=2_100, messages=1)

    scene.backup()

    scene.server.close()
    query = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'idx_chats_user_id_updated_at'"
    ((read,),) = scene.there(query)
    assert read < 1_000_000  # and not 350 for each message, then 700, ... then 2,100
