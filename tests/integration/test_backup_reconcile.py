"""Whatever happened to either side, the next backup makes the server whole again and loses nothing on either."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from delay_proxy import DelayProxy

from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database import Store, migrations
from primer_nb.database.addresses import parse_address
from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"


def copy_of(scene, path):
    """Copy the local file while it is in use."""
    with closing(sqlite3.connect(scene.path)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target, pages=-1)
    return path


def put_back(scene, copy):
    """Let an old copy take the place of the local file."""
    scene.local.close()
    for suffix in ("-wal", "-shm"):
        scene.path.with_name(scene.path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, scene.path)


def test_the_first_backup_of_a_thousand_messages_costs_few_round_trips(scene, postgres_url):
    scene.fill(chats=100, messages=10)
    with DelayProxy(postgres_url) as proxy, Server(parse_address(proxy.url)) as line:
        line.connection()
        proxy.reset()

        report = backup(scene.local, line, scene.user.id)

        assert (proxy.counts.round_trips, report.round_trips) == (8, 8)
    assert (report.chats, report.messages, report.is_reconciled) == (100, 1_000, True)
    assert scene.said_there() == scene.said_here()


def test_rows_from_before_the_journal_travel(scene):
    scene.fill(chats=2, messages=3)
    scene.write("DELETE FROM primer_journal")

    assert scene.backup().messages == 6


def test_a_first_backup_brings_all_that_hangs_on_a_chat(scene):
    chat = scene.chat()
    (message,) = scene.say(chat, "look")
    scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)
    scene.write("INSERT INTO chat_tags VALUES (?, 'work', ?)", chat, TIME)
    scene.write("INSERT INTO chat_settings (chat_id, created_at, updated_at) VALUES (?, ?, ?)", chat, TIME, TIME)
    scene.write("INSERT INTO user_settings (user_id, theme) VALUES (?, 'dark')", scene.user.id)

    report = scene.backup()

    assert (report.completions, report.attachments, report.details) == (1, 1, 3)
    assert scene.there("SELECT theme FROM user_settings") == [("dark",)]


def test_a_long_history_goes_in_loads_of_a_bounded_size(scene, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 50)
    monkeypatch.setattr("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 20)
    scene.fill(chats=3, messages=70)
    committed = []

    class Watcher:
        def start(self, total_rows):
            assert total_rows == 213

        def advance(self, rows, size):
            committed.append(len(scene.said_there()))

        def finish(self):
            committed.append("finish")

    report = scene.backup(progress=Watcher())

    assert committed == [60, 120, 180, 210, "finish"]
    assert (report.chats, report.messages) == (3, 210)


def test_large_messages_go_in_loads_of_a_bounded_size(scene, known, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_BYTES", 10_000)
    scene.say(known, *("x" * 3_000 for _ in range(10)))
    scene.write("DELETE FROM primer_backup_state")

    report = scene.backup()

    assert (report.messages, report.round_trips) == (10, 3 + 3 * 4)
    assert scene.said_there() == scene.said_here()


@pytest.mark.parametrize("is_empty", [True, False])
def test_what_is_written_while_both_sides_are_compared_goes_along(scene, known, is_empty):
    scene.there("DELETE FROM chats" if is_empty else "DELETE FROM messages")
    scene.there("DELETE FROM primer_sync_device")
    meanwhile = iter(["before the first load", "after it"])

    class Busy:
        def start(self, total_rows):
            scene.say(known, *(text for text in [next(meanwhile, None)] if text))

        def advance(self, rows, size):
            self.start(None)

        def finish(self):
            pass

    report = scene.backup(probe=True, progress=Busy())

    assert (report.is_reconciled, report.messages) == (True, 3)
    assert scene.said_there() == scene.said_here()


def test_who_stops_a_first_backup_keeps_what_was_committed(scene, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.gathering.MOST_MESSAGES", 20)
    monkeypatch.setattr("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 20)
    scene.fill(chats=4, messages=20)

    class Impatient:
        def start(self, total_rows):
            pass

        def advance(self, rows, size):
            raise KeyboardInterrupt

        def finish(self):
            pass

    with pytest.raises(KeyboardInterrupt):
        scene.backup(progress=Impatient())

    kept = len(scene.said_there())
    report = scene.backup()
    assert (kept, report.messages) == (20, 60)
    assert scene.said_there() == scene.said_here()


def test_an_emptied_server_is_filled_again(scene, known):
    scene.wipe_server()
    scene.say(known, "again")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (True, 2)
    assert scene.said_there() == scene.said_here()


def test_a_server_put_back_to_an_old_state_is_brought_up_to_date(scene, known):
    device = scene.there("SELECT device_id, user_id, token, prev_token, acked_seq, seen_at FROM primer_sync_device")
    for text in ("one", "two", "three"):
        scene.say(known, text)
        scene.backup()
    scene.there("DELETE FROM messages WHERE content <> 'hello'")
    scene.there("DELETE FROM primer_sync_device")
    scene.there("INSERT INTO primer_sync_device VALUES (%s, %s, %s, %s, %s, %s)", *device[0])
    scene.say(known, "four")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (True, 4)
    assert scene.said_there() == scene.said_here()


def test_another_server_gets_everything(scene, known, postgres_server):
    with postgres_server.database() as url:
        other = Store(url)
        migrations.upgrade(other.engine)
        with other.unit_of_work() as work:
            work.users.add(scene.user)
            work.commit()

        report = backup(scene.local, other.address, scene.user.id)

        other.close()
    assert (report.is_reconciled, report.messages) == (True, 1)
    assert scene.backup().round_trips == 0


def test_a_clone_and_its_original_both_win(scene, known, tmp_path):
    clone = Store(copy_of(scene, tmp_path / "clone.db"))
    scene.say(known, "original")
    scene.backup()
    mine = backup(clone, scene.server, scene.user.id)
    with sqlite3.connect(tmp_path / "clone.db") as other:
        row = (new_id(), known, TIME)
        other.execute(
            "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'clone', ?)", row
        )
    other.close()

    cloned = backup(clone, scene.server, scene.user.id)
    scene.say(known, "original again")
    report = scene.backup()

    clone.close()
    assert mine.round_trips == 0
    assert (cloned.messages, report.messages) == (1, 1)
    assert {text for _, text in scene.said_there()} == {"hello", "original", "clone", "original again"}
    assert scene.here("SELECT count(*) FROM messages") == [(3,)]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_old_copy_of_the_file_harms_nothing(scene, known, tmp_path, steps):
    copy = copy_of(scene, tmp_path / "old.db")
    for number in range(steps):
        scene.say(known, f"lost here {number}")
        scene.backup()
    before = scene.said_there()
    put_back(scene, copy)
    scene.say(known, "new")

    report = scene.backup()

    assert report.messages == 1
    assert report.is_reconciled == (steps > 1)  # one step back looks like one lost acknowledgement, and is as safe
    assert set(before) < set(scene.said_there())
    assert scene.backup().round_trips == 0


def test_a_chat_deleted_on_the_server_comes_back_whole(scene, known):
    scene.say(known, "two", "three")
    scene.backup()
    scene.there("DELETE FROM chats")
    scene.say(known, "four")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (False, 4)
    assert scene.said_there() == scene.said_here()


def test_a_renamed_chat_that_was_deleted_on_the_server_comes_back_whole(scene, known):
    quiet = scene.chat("Nothing was said")
    scene.write("INSERT INTO chat_tags VALUES (?, 'work', ?)", quiet, TIME)
    scene.backup()
    scene.there("DELETE FROM chats")
    scene.write("UPDATE chats SET title = 'renamed', updated_at = '2040-01-01T00:00:00.000000+00:00'")

    report = scene.backup()

    assert (report.is_reconciled, report.messages) == (False, 1)
    assert scene.said_there() == scene.said_here()
    assert scene.there("SELECT chat_id::text, tag FROM chat_tags") == [(quiet, "work")]


def test_a_comparison_removes_no_tag_of_another_machine(scene, known):
    scene.there("INSERT INTO chat_tags VALUES (%s, 'theirs', %s)", known, TIME)
    scene.write("INSERT INTO chat_tags VALUES (?, 'ours', ?)", known, TIME)
    scene.there("DELETE FROM primer_sync_device")

    scene.backup()

    assert scene.there("SELECT tag FROM chat_tags ORDER BY tag") == [("ours",), ("theirs",)]


def test_a_comparison_keeps_a_newer_title_of_another_machine(scene, known):
    scene.there("UPDATE chats SET title = 'theirs', updated_at = now() + interval '1 hour'")
    scene.there("DELETE FROM primer_sync_device")
    scene.write("DELETE FROM primer_backup_state")

    report = scene.backup()

    assert (report.is_reconciled, report.chats) == (True, 0)
    assert scene.there("SELECT title FROM chats") == [("theirs",)]


def test_a_comparison_sends_a_newer_title(scene, known):
    scene.there("DELETE FROM primer_sync_device")
    scene.write("UPDATE chats SET title = 'ours', updated_at = '2040-01-01T00:00:00.000000+00:00'")

    report = scene.backup()

    assert (report.is_reconciled, report.chats, report.messages) == (True, 1, 0)
    assert scene.there("SELECT title FROM chats") == [("ours",)]


def test_selected_chats_travel_alone(scene, known):
    wanted, other = scene.chat("wanted"), scene.chat("other")
    scene.say(wanted, "yes")
    scene.say(other, "no")

    report = scene.backup(chats=[wanted])

    assert (report.chats, report.messages) == (1, 1)
    assert sorted(text for _, text in scene.said_there()) == ["hello", "yes"]
    assert scene.backup().messages == 1
    assert scene.said_there() == scene.said_here()
