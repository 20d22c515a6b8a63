"""What happens to an SQLite file around an upgrade: it is copied first, and a newer one is not touched."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest
from sample_rows import MESSAGE, REVISIONS, SECOND, fill, insert, rows
from schema_catalog import open_engine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.revisions import head
from primer_nb.errors import MigrationError, StoreNewerError


@pytest.fixture
def path(sqlite_url):
    return parse_address(sqlite_url).path


@pytest.fixture
def engine(sqlite_url):
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


def test_the_file_is_copied_before_its_schema_changes(engine, path):
    migrations.upgrade(engine, to=SECOND)
    before = fill(engine, revision=SECOND)  # still in the write-ahead log, since the engine stays open

    change = migrations.upgrade(engine)

    assert change.copy == path.with_name(f"store.pre-{head('sqlite')}.db")
    assert stat.S_IMODE(change.copy.stat().st_mode) == 0o600
    copy = open_engine(f"sqlite:///{change.copy}")
    assert migrations.status(copy).current == SECOND
    assert rows(copy, revision=SECOND) == before
    copy.dispose()


def test_the_last_three_copies_are_kept(engine, path):
    migrations.upgrade(engine)

    made = [migrations.downgrade(engine, to="-1").copy for _ in REVISIONS]
    migrations.upgrade(engine)
    made.append(migrations.downgrade(engine, to=SECOND).copy)

    assert set(path.parent.glob("store.pre-*")) == set(made[-3:])


def test_copies_of_another_file_in_the_folder_are_not_counted(engine, path):
    migrations.upgrade(engine)
    others = [path.with_name(f"{name}.db") for name in ("store2.pre-1", "store.pre.pre-1", "old.store.pre-1")]
    for other in others:
        other.touch()

    for _ in range(5):
        migrations.downgrade(engine, to="-1")
        migrations.upgrade(engine)

    assert [other.name for other in others if not other.exists()] == []


def test_an_empty_file_is_not_copied(engine, path):
    change = migrations.upgrade(engine)

    assert change.copy is None
    assert list(path.parent.glob("*.pre-*")) == []


def test_a_store_in_memory_goes_up_and_down_without_a_copy():
    engine = open_engine(":memory:")

    changes = [migrations.upgrade(engine), migrations.downgrade(engine, to="-1")]

    assert [change.after for change in changes] == [REVISIONS[-1], REVISIONS[-2]]
    assert [change.copy for change in changes] == [None, None]
    engine.dispose()


def test_what_a_killed_process_left_of_a_copy_is_no_hindrance(engine, path):
    migrations.upgrade(engine, to=SECOND)
    path.with_name(f"store.pre-{head('sqlite')}.part").write_bytes(b"half a copy")

    change = migrations.upgrade(engine)

    with closing(sqlite3.connect(change.copy)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(path.parent.glob("*.part*")) == []


def test_without_a_copy_nothing_is_changed(engine, path):
    migrations.upgrade(engine, to=SECOND)
    path.with_name(f"store.pre-{head('sqlite')}.db").mkdir()  # the copy cannot take its place

    with pytest.raises(MigrationError, match="no copy could be made"):
        migrations.upgrade(engine)

    assert migrations.status(engine).current == SECOND
    assert list(path.parent.glob("*.part*")) == []


def test_foreign_keys_are_enforced_again_after_an_upgrade(engine):
    migrations.upgrade(engine)  # on the only connection of the pool

    with pytest.raises(IntegrityError):
        insert(engine, "completions", message_id=MESSAGE)


def test_the_file_of_a_newer_store_keeps_every_byte(engine, path, sqlite_url):
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE primer_alembic_version SET version_num = '29990101000000'"))
    engine.dispose()
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}

    with pytest.raises(StoreNewerError):
        open_store(sqlite_url)

    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
