"""Up and down through all revisions, on both databases: rows stay, nothing is done by halves, two may try at once."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from sample_rows import FIRST, REVISIONS, SECOND, THIRD, TOKEN, fill, rows
from schema_catalog import describe, open_engine
from sqlalchemy import text

from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.revisions import revisions
from primer_nb.errors import MigrationError, StoreError, StoreNewerError

# Another process opens the store at the same moment as three others.
OPENER = """\
import sys
from primer_nb.database import open_store
print("ready", flush=True)
sys.stdin.readline()
store = open_store(sys.argv[1])
with store.unit_of_work(read_only=True) as work:
    print(len(work.chats.list()))
store.close()
"""


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def engine_in_the_middle(sqlite_url):
    opened = open_engine(sqlite_url)
    migrations.upgrade(opened, to=SECOND)
    yield opened
    opened.dispose()


def test_an_empty_store_gets_the_newest_schema(engine, store_url):
    change = migrations.bring_up_to_date(engine, parse_address(store_url))

    status = migrations.status(engine)
    assert (change.before, change.after, change.copy) == (None, REVISIONS[-1], None)
    assert (status.current, status.pending, status.is_newer) == (REVISIONS[-1], (), False)


def test_an_up_to_date_store_needs_nothing(engine):
    with engine.connect() as connection:
        before = migrations.needs_migration(connection)
    migrations.upgrade(engine)

    with engine.connect() as connection:
        after = migrations.needs_migration(connection)

    assert (before, after) == (True, False)
    assert migrations.upgrade(engine) == migrations.SchemaChange(REVISIONS[-1], REVISIONS[-1])


@pytest.mark.parametrize("released", REVISIONS)
def test_an_upgrade_keeps_every_row(engine, released):
    migrations.upgrade(engine, to=released)
    before = fill(engine, revision=released)

    migrations.upgrade(engine)

    after = rows(engine, revision=released)
    assert before == {table: after[table] for table in before}
    assert all(before.values())


@pytest.mark.parametrize("number", range(len(REVISIONS)))
def test_each_way_back_undoes_its_way_there(engine, number):
    below = "base" if number == 0 else REVISIONS[number - 1]
    migrations.upgrade(engine, to=below)
    before = describe(engine)
    migrations.upgrade(engine, to="+1")
    after = describe(engine)

    migrations.downgrade(engine, to="-1")

    assert describe(engine) == before
    migrations.upgrade(engine, to=REVISIONS[number])
    assert describe(engine) == after


def test_the_way_down_to_the_bottom_leaves_nothing(engine):
    migrations.upgrade(engine)
    fill(engine, revision=REVISIONS[-1])

    migrations.downgrade(engine, to="base")

    with engine.connect() as connection:
        assert migrations.needs_migration(connection)
    assert describe(engine) == {}
    assert migrations.status(engine).current is None


def test_documented_rows_survive_the_way_down_and_up(engine):
    migrations.upgrade(engine)
    fill(engine, revision=REVISIONS[-1])
    before = rows(engine, revision=FIRST)

    migrations.downgrade(engine, to=FIRST)
    migrations.upgrade(engine)

    after = rows(engine, revision=FIRST)
    kept = ["chats", "messages"]
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}


def test_a_refresh_token_from_before_is_a_family_of_its_own(engine):
    migrations.upgrade(engine, to=SECOND)
    fill(engine, revision=SECOND)

    migrations.upgrade(engine)

    with engine.connect() as connection:
        assert [
            tuple(map(str, row)) for row in connection.execute(text("SELECT id, family FROM refresh_tokens"))
        ] == [(TOKEN, TOKEN)]


def test_a_deleted_chat_takes_what_hangs_on_it_along(engine):
    migrations.upgrade(engine)
    fill(engine, revision=REVISIONS[-1])

    with engine.begin() as connection:
        connection.execute(text("DELETE FROM chats"))

    left = rows(engine, revision=REVISIONS[-1])
    hanging = ["messages", "completions", "chat_settings", "chat_tags", "message_attachments", "drafts"]
    assert [table for table in hanging if left[table]] == []


def test_a_deleted_account_leaves_its_entries_in_the_audit_log(engine):
    migrations.upgrade(engine)
    fill(engine, revision=REVISIONS[-1])

    with engine.begin() as connection:
        connection.execute(text("DELETE FROM users"))

    left = rows(engine, revision=REVISIONS[-1])
    assert left["audit_log"]
    assert [table for table in ("user_api_keys", "user_settings", "refresh_tokens", "api_keys") if left[table]] == []
    assert bool(left["chats"]) == (engine.dialect.name == "sqlite")


def test_a_failed_revision_leaves_nothing_behind(engine):
    migrations.upgrade(engine, to=SECOND)
    fill(engine, revision=SECOND)
    with engine.begin() as connection:  # the last table that the third revision makes is in its way
        connection.execute(text("CREATE TABLE primer_quarantine (id INTEGER)"))
    before = (describe(engine), rows(engine, revision=SECOND))

    with pytest.raises(MigrationError, match="primer_quarantine") as caught:
        migrations.upgrade(engine)

    assert "was undone" in str(caught.value)
    assert (describe(engine), rows(engine, revision=SECOND)) == before
    assert migrations.status(engine).current == SECOND
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE primer_quarantine"))
    assert migrations.upgrade(engine).after == REVISIONS[-1]


def test_a_failed_first_opening_leaves_nothing_behind(engine, store_url):
    with engine.begin() as connection:  # an index that is in the way shows only when it is made
        connection.execute(text("CREATE TABLE idx_messages_created_at (id INTEGER)"))
    before = describe(engine)

    with pytest.raises(MigrationError, match="idx_messages_created_at"):
        open_store(store_url)

    assert describe(engine) == before


def test_a_failure_is_told_without_the_password(engine, store_url):
    migrations.upgrade(engine, to=SECOND)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE primer_quarantine (id INTEGER)"))
    named = engine.url.set(password="hunter2") if engine.dialect.name == "postgresql" else engine.url

    with pytest.raises(MigrationError) as caught:
        open_store(named.render_as_string(hide_password=False))

    assert "hunter2" not in str(caught.value)


def test_a_newer_store_is_refused_and_left_untouched(engine, store_url):
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE primer_alembic_version SET version_num = '29990101000000'"))
    before = describe(engine)

    with pytest.raises(StoreNewerError, match="29990101000000"):
        open_store(store_url)

    with pytest.raises(StoreNewerError, match="left untouched"):
        migrations.downgrade(engine, to="base")
    assert describe(engine) == before
    assert migrations.status(engine).is_newer


@pytest.mark.parametrize(
    ("go", "to", "says"),
    [
        (migrations.upgrade, FIRST, "downgrade instead"),
        (migrations.downgrade, THIRD, "upgrade instead"),
        (migrations.upgrade, "yesterday", "20241203000000_primer_initial_schema"),
        (migrations.upgrade, "+9", "no revision '\\+9'"),
        (migrations.downgrade, "-9", "no revision '-9'"),
    ],
)
def test_a_revision_that_cannot_be_reached_is_refused(engine_in_the_middle, go, to, says):
    with pytest.raises(MigrationError, match=says):
        go(engine_in_the_middle, to=to)

    assert migrations.status(engine_in_the_middle).current == SECOND


def test_a_revision_may_be_named_by_its_file(engine_in_the_middle):
    change = migrations.downgrade(engine_in_the_middle, to=str(revisions("sqlite")[0]))

    assert (change.before, change.after) == (SECOND, FIRST)


@pytest.mark.parametrize("released", ["base", FIRST, SECOND])
def test_four_processes_may_open_an_old_store_at_once(engine, store_url, released):
    migrations.upgrade(engine, to=released)
    before = fill(engine, revision=released)
    command = [sys.executable, "-W", "error", "-c", OPENER, store_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    openers = [subprocess.Popen(command, **pipes) for _ in range(4)]

    assert [opener.stdout.readline() for opener in openers] == ["ready\n"] * 4
    for opener in openers:
        opener.stdin.write("go\n")
        opener.stdin.flush()
    ends = [opener.communicate() for opener in openers]

    after = rows(engine, revision=released)
    assert ends == [(f"{len(before.get('chats', []))}\n", "")] * 4
    assert {table: after[table] for table in before} == before
    assert migrations.status(engine).pending == ()


def test_threads_may_open_different_stores_at_once(tmp_path):
    engines = [open_engine(str(tmp_path / f"{number}.db")) for number in range(8)]
    failures: list[StoreError] = []

    def upgrade(engine) -> None:
        try:
            migrations.upgrade(engine)
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert [migrations.status(engine).pending for engine in engines] == [()] * 8
    for engine in engines:
        engine.dispose()
