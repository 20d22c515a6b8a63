"""Users share a file, kernels share a file: none loses anything, none gets what is another's."""

from __future__ import annotations

import subprocess
import sys

import pytest
from builders import add_chat, add_messages, add_user

from primer_nb.backup.run import backup
from primer_nb.errors import BackupInProgressError, InvalidInputError

PUSHER = """\
import sys
from primer_nb.backup.lock import alone
from primer_nb.database import open_store
with alone(open_store(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_two_users_of_one_file_do_not_disturb_each_other(scene, known):
    eve = add_user(scene.local, "eve@example.org")
    with scene.remote.unit_of_work() as work:
        work.users.add(eve)
        work.commit()
    chat = add_chat(scene.local, eve, "Secret")
    add_messages(scene.local, eve, chat, "psst")
    scene.say(known, "again")

    mine = scene.backup()
    idle = scene.backup()

    assert (mine.messages, mine.chats, idle.round_trips) == (1, 0, 0)
    assert "psst" not in dict(scene.said_there()).values()
    theirs = backup(scene.local, scene.server, eve.id)
    assert (theirs.messages, theirs.chats) == (1, 1)
    assert scene.said_there() == scene.said_here()
    add_messages(scene.local, eve, chat, "more")
    assert scene.backup().round_trips == 0
    assert backup(scene.local, scene.server, eve.id).round_trips == 1


def test_nobody_sends_the_settings_of_another_user(scene, known):
    eve = add_user(scene.local, "eve@example.org")
    with scene.remote.unit_of_work() as work:
        work.users.add(eve)
        work.commit()
    scene.write("INSERT INTO user_settings (user_id, theme) VALUES (?, 'dark')", eve.id)
    scene.say(known, "again")

    scene.backup()

    assert scene.there("SELECT theme FROM user_settings") == []


def test_a_chat_that_has_two_spellings_here_is_one_there(scene, known):
    moment = "2040-01-01T00:00:00.000000+00:00"
    scene.write("INSERT INTO chats VALUES (?, ?, 'upper', ?, ?, NULL)", known.upper(), scene.user.id, moment, moment)
    scene.write("UPDATE chats SET title = 'lower', updated_at = ? WHERE id = ?", moment.replace("40", "39"), known)
    scene.say(known, "lower")
    scene.say(known.upper(), "upper")

    scene.backup()

    assert scene.there("SELECT title FROM chats") == [("upper",)]
    assert scene.said_there() == scene.said_here()


def test_a_chat_that_changed_its_user_goes_whole_to_the_new_one(scene, known):
    eve = add_user(scene.local, "eve@example.org")
    with scene.remote.unit_of_work() as work:
        work.users.add(eve)
        work.commit()
    backup(scene.local, scene.server, eve.id)
    moved = scene.chat("Moved")
    scene.say(moved, "one", "two")
    backup(scene.local, scene.server, eve.id)

    scene.write("UPDATE chats SET user_id = ? WHERE id = ?", eve.id, moved)

    assert backup(scene.local, scene.server, eve.id).messages == 2


def test_one_backup_of_a_file_at_a_time(scene, known):
    scene.say(known, "again")
    command = [sys.executable, "-W", "error", "-c", PUSHER, str(scene.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"

        with pytest.raises(BackupInProgressError, match="another kernel"):
            scene.backup()

        other.communicate("\n")
    assert scene.backup().messages == 1


def test_only_a_file_is_backed_up_and_only_to_a_server(scene):
    with pytest.raises(InvalidInputError, match="not from a PostgreSQL server"):
        backup(scene.remote, scene.server, scene.user.id)

    with pytest.raises(InvalidInputError, match="to an SQLite file"):
        backup(scene.local, scene.local.address, scene.user.id)
