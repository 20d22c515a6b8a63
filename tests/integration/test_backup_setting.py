"""The switch of automatic backups is one of the user's settings, and travels with them."""

from __future__ import annotations

import pytest

from primer_nb.database import migrations
from primer_nb.errors import MigrationError

WITHOUT = "20261122060000"
TIME = "2026-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("statement", ["INSERT INTO user_settings VALUES (?, 'dark', 'de', 0, ?, ?, 1)", None])
def test_a_server_that_does_not_know_the_switch_is_called_older(scene, known, statement):
    migrations.downgrade(scene.remote.engine, to=WITHOUT)
    if statement is None:
        scene.say(known, "again")
    else:
        scene.write(statement, scene.user.id, TIME, TIME)

    with pytest.raises(MigrationError, match="primer-nb migrate up"):
        scene.backup()


def test_a_first_backup_of_the_switch_arrives(scene):
    scene.write("INSERT INTO user_settings VALUES (?, 'dark', 'de', 0, ?, ?, 1)", scene.user.id, TIME, TIME)

    scene.backup()

    assert scene.there("SELECT automatic_backup FROM user_settings") == [(True,)]
