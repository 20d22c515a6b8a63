"""The table classes: what they show of themselves, what they are made of, and that they keep to themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from primer_nb import tables
from primer_nb.tables.column_types import Flag, Moment
from primer_nb.tables.dialects import metadata_for

CLASSES = [getattr(tables, name) for name in tables.__all__ if name not in {"Record", "metadata_for"}]
SECRETS = {"password_hash", "api_key", "token", "prev_token", "key", "sealed_key"}
TOLD_AT_LENGTH = {"content", "system_prompt", "value"}

SAMPLE = Table("sample", MetaData(), Column("at", Moment), Column("yes", Flag))


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    SAMPLE.create(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.mark.parametrize("entity", CLASSES, ids=lambda entity: entity.__name__)
def test_a_row_shows_no_secret_and_no_text(entity):
    row = entity(**{name: f"<{name}>" for name in entity.model_fields})

    shown = repr(row)

    hidden = (SECRETS | TOLD_AT_LENGTH) - ({"key"} if entity is tables.AdminSetting else set())
    assert [name for name in hidden if f"<{name}>" in shown] == []
    assert "\n" not in shown


def test_every_table_has_one_class():
    assert {entity.__tablename__ for entity in CLASSES} == set(metadata_for("sqlite").tables)


def test_the_exported_names_are_those_that_editors_see():
    tree = ast.parse(Path(tables.__file__).read_text(encoding="utf-8"))

    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert sorted(seen) == tables.__all__
    for name, module in seen.items():
        assert getattr(tables, name).__module__ == module
    assert dir(tables) == tables.__all__
    with pytest.raises(AttributeError, match="Chatt"):
        _ = tables.Chatt


def test_a_class_is_made_at_its_first_use():
    program = (
        "import sys; from primer_nb.tables import User; print(*(name for name in sys.modules if '.tables.' in name))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(loaded) == {"primer_nb.tables.users", "primer_nb.tables.base", "primer_nb.tables.column_types"}


def test_tables_of_a_notebook_with_the_same_name_do_not_collide():
    assert "users" not in SQLModel.metadata.tables


def test_an_unknown_kind_of_database_has_no_tables():
    with pytest.raises(ValueError, match="mysql"):
        metadata_for("mysql")


def test_a_time_is_stored_in_one_spelling(connection):
    there = timezone(timedelta(hours=2))

    connection.execute(insert(SAMPLE).values(at=datetime(2024, 1, 15, 12, 30, 0, 5, tzinfo=there)))

    assert connection.execute(text("SELECT at FROM sample")).scalar() == "2024-01-15T10:30:00.000005+00:00"
    assert connection.execute(select(SAMPLE.c.at)).scalar() == datetime(2024, 1, 15, 10, 30, 0, 5, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused(connection):
    with pytest.raises(StatementError, match="has no time zone"):
        connection.execute(insert(SAMPLE).values(at=datetime(2024, 1, 15)))


def test_a_missing_time_and_a_missing_truth_value_stay_missing(connection):
    connection.execute(insert(SAMPLE).values(at=None, yes=None))

    assert tuple(connection.execute(select(SAMPLE)).one()) == (None, None)


def test_truth_values_are_integers_in_a_file_and_truth_values_in_python(connection):
    connection.execute(insert(SAMPLE), [{"yes": True}, {"yes": False}])

    assert connection.execute(text("SELECT yes, typeof(yes) FROM sample")).all() == [(1, "integer"), (0, "integer")]
    assert connection.execute(select(SAMPLE.c.yes)).scalars().all() == [True, False]
    assert connection.execute(select(SAMPLE.c.yes).where(SAMPLE.c.yes)).scalars().all() == [True]
    assert connection.execute(select(SAMPLE.c.yes).where(~SAMPLE.c.yes)).scalars().all() == [False]
