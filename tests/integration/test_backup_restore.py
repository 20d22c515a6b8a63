"""Restore: what was backed up comes back, and whatever goes wrong, the old file is as it was."""

from __future__ import annotations

import os
import stat
from contextlib import closing

import pytest
from backup_devices import Told, make_scene, rows_of_chats
from builders import add_user

from primer_nb.backup.results import RestoreReport
from primer_nb.backup.run import backup
from primer_nb.database import open_store
from primer_nb.errors import ChatNotFoundError
from primer_nb.ids import new_id

TIME = "2026-01-31T12:30:15.123456+00:00"


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def desktop(scene):
    return scene.device("desktop")


def schema_of(device) -> list[tuple[str, str, str]]:
    return sorted(device.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def files_beside(device) -> set[str]:
    names = set(os.listdir(device.store.address.path.parent))
    return {name for name in names if name.startswith(device.store.address.path.name)}


def test_everything_comes_back_after_all_was_deleted(laptop):
    laptop.say("hello", "good day")
    laptop.say("another")
    laptop.backup()
    before = rows_of_chats(laptop)
    laptop.execute("DELETE FROM chats")

    report = laptop.restore()

    assert report.is_new_file
    assert rows_of_chats(laptop) == before
    assert laptop.execute("SELECT * FROM primer_tombstones") == []


def test_the_restored_file_has_every_index_and_trigger_and_is_private(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    before = schema_of(desktop)

    desktop.restore()

    assert schema_of(desktop) == before
    assert stat.S_IMODE(desktop.store.address.path.stat().st_mode) == 0o600
    assert desktop.execute("PRAGMA integrity_check") == [("ok",)]
    assert desktop.execute("PRAGMA foreign_key_check") == []
    assert {name.removeprefix("desktop.db") for name in files_beside(desktop)} <= {"", "-wal", "-shm", ".backup-lock"}


def test_a_restore_is_a_new_device_and_echoes_nothing(scene, laptop, desktop):
    laptop.say("hello")
    laptop.backup()

    desktop.restore()
    silent = desktop.backup()
    probed = desktop.backup(probe=True)
    desktop.say("new")
    sent = desktop.backup()

    assert len(scene.execute("SELECT device_id FROM primer_sync_device")) == 2
    assert (silent.round_trips, silent.messages, probed.is_reconciled) == (0, 0, False)
    assert (sent.is_reconciled, sent.chats, sent.messages) == (False, 1, 1)


def test_what_one_server_gave_back_goes_to_the_other_one_too(laptop, desktop, postgres_server):
    laptop.say("hello")
    laptop.backup()
    with postgres_server.database() as url, closing(open_store(url)) as second:
        with second.unit_of_work() as work:
            work.users.add(desktop.user)
            work.commit()
        backup(desktop.store, second.address, desktop.user.id)
        desktop.restore()

        report = backup(desktop.store, second.address, desktop.user.id)

    assert (report.is_reconciled, report.messages) == (True, 1)
    assert desktop.backup().round_trips == 0


def test_what_was_not_backed_up_yet_still_is_after_a_restore(scene, laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    desktop.execute("INSERT INTO user_settings VALUES (?, 'dark', 'de', 0, ?, ?, 1)", desktop.user.id, TIME, TIME)

    desktop.restore()
    desktop.backup()

    assert scene.execute("SELECT theme FROM user_settings") == [("dark",)]


def test_what_others_have_in_the_same_file_stays(scene, laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    bob = scene.device("desktop", add_user(scene.server, "bob@example.org"))
    bob.say("of Bob")
    before = bob.digests()
    bob.store.close()

    report = desktop.restore()

    assert report.is_new_file
    assert bob.digests() == before
    assert desktop.digests() == laptop.digests()


def test_a_store_with_chats_is_merged_into(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    desktop.say("mine")
    inode = desktop.store.address.path.stat().st_ino

    report = desktop.restore()

    assert not report.is_new_file
    assert (report.chats, report.messages) == (1, 1)
    assert desktop.contents() == {"hello", "mine"}
    assert desktop.store.address.path.stat().st_ino == inode


def test_one_deleted_chat_comes_back_by_name(laptop):
    chat, _ = laptop.say("hello")
    other, _ = laptop.say("other")
    laptop.backup()
    laptop.execute("DELETE FROM chats")

    report = laptop.restore(chats=[chat.id])

    assert (report.chats, report.messages) == (1, 1)
    assert laptop.contents() == {"hello"}
    assert laptop.execute("SELECT chat_id FROM primer_tombstones") == [(other.id,)]


def test_a_chat_that_the_backup_does_not_have_is_an_error(laptop):
    with pytest.raises(ChatNotFoundError, match="no chat"):
        laptop.restore(chats=[new_id()])


def test_an_interrupted_restore_leaves_the_old_file_and_no_other(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    inode, before = desktop.store.address.path.stat().st_ino, files_beside(desktop)

    with pytest.raises(KeyboardInterrupt):
        desktop.restore(progress=Told(stop_after=1))

    assert desktop.store.address.path.stat().st_ino == inode
    assert files_beside(desktop) <= before | {"desktop.db.backup-lock"}
    assert desktop.contents() == set()
    assert desktop.restore().is_new_file


def test_what_a_killed_restore_left_is_removed_by_the_next(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    left = desktop.store.address.path.with_name("desktop.db.restoring")
    left.write_bytes(b"half a file")
    left.with_name("desktop.db.restoring-journal").write_bytes(b"and its journal")

    report = desktop.restore()

    assert report.is_new_file
    assert desktop.contents() == {"hello"}
    assert [name for name in files_beside(desktop) if "restoring" in name] == []


def test_a_merging_restore_tells_of_titles_that_changed_and_of_chats_that_stay_away(laptop, desktop):
    deleted, _ = laptop.say("deleted on the desktop")
    renamed, _ = laptop.say("renamed on the laptop")
    laptop.backup()
    desktop.pull()
    desktop.execute("DELETE FROM chats WHERE id = ?", deleted.id)
    laptop.rename(renamed.id, "Whales")
    laptop.backup()

    report = desktop.restore()

    assert (report.chats, report.chats_changed, report.kept_away) == (0, 1, 1)


def test_a_report_of_a_restore_is_one_line():
    assert repr(RestoreReport(chats=1, seconds=0.12345)) == (
        "RestoreReport(chats=1, messages=0, completions=0, attachments=0, chats_changed=0, kept_away=0, "
        "is_new_file=False, quarantined=0, bytes_received=0, seconds=0.123)"
    )
