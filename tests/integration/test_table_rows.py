"""A row of each table comes back from both databases as it went in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sample_rows import OTHER_USER, REVISIONS, fill
from schema_catalog import open_engine
from sqlalchemy import insert, select

from primer_nb import tables
from primer_nb.database import migrations

CLASSES = [getattr(tables, name) for name in tables.__all__ if name not in {"Record", "metadata_for"}]


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    migrations.upgrade(opened)
    fill(opened, revision=REVISIONS[-1])
    yield opened
    opened.dispose()


def test_a_row_is_the_same_in_both_databases(engine):
    with engine.connect() as connection:
        for entity in CLASSES:
            row = connection.execute(select(entity.__table__)).mappings().first()
            for column in entity.__table__.columns:
                value, annotation = row[column.name], entity.__annotations__[column.name]
                assert isinstance(value, annotation), column
                assert isinstance(value, bool) == (annotation is bool), column
                assert not isinstance(value, datetime) or value.tzinfo is UTC


def test_a_row_comes_back_as_it_went_in(engine):
    user = tables.User(id=OTHER_USER, email="eve@example.org", password_hash="!", is_admin=True)

    with engine.begin() as connection:
        connection.execute(insert(tables.User), [user.model_dump()])

    with engine.connect() as connection:
        query = select(tables.User.__table__).where(tables.User.id == OTHER_USER)
        assert tables.User(**connection.execute(query).mappings().one()) == user


def test_the_database_fills_in_what_another_writer_leaves_out(engine):
    with engine.connect() as connection:
        settings = connection.execute(select(tables.UserSettings.__table__)).one()
        token = connection.execute(select(tables.RefreshToken.__table__)).one()

    assert (settings.theme, settings.language, settings.notifications_enabled) == ("dark", "en", True)
    assert abs((datetime.now(UTC) - settings.created_at).total_seconds()) < 3600
    assert (token.revoked, token.used_at) == (False, None)


def test_the_journal_never_gives_a_number_twice(engine):
    with engine.begin() as connection:
        last = max(connection.execute(select(tables.JournalEntry.seq)).scalars())
        connection.execute(tables.JournalEntry.__table__.delete())
        connection.execute(insert(tables.JournalEntry).values(kind="c", entity_id="x"))

    with engine.connect() as connection:
        assert connection.execute(select(tables.JournalEntry.seq)).scalars().all() == [last + 1]
