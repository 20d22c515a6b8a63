"""The classes, both trees of migrations and the two documents say the same."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from documented_schemas import PRIMER, make_primers_database, statements_of
from schema_catalog import describe, open_engine, without

from primer_nb.database import migrations
from primer_nb.database.baseline import TABLES
from primer_nb.database.new_revision import new_revision
from primer_nb.database.revisions import VERSION_TABLE, migrations_folder, revisions
from primer_nb.database.shapes import read_shapes
from primer_nb.errors import InvalidInputError
from primer_nb.tables import metadata_for

if TYPE_CHECKING:
    from types import ModuleType

    from sqlalchemy import Engine

DIALECTS = ["sqlite", "postgresql"]
FIRST = revisions("sqlite")[0]

ROOT = Path(__file__).parent.parent.parent

NEW_REVISION = """\
from primer_nb.database import open_store
from primer_nb.database.migrations import status
from primer_nb.database.new_revision import new_revision
for path in new_revision("Pin chats, to the top!"):
    print(path)
print(status(open_store({database!r}).engine).current)
"""

# What Quillium's document lists under "Indexes", and what its and Primer's tables declare unique.
QUILLIUMS_INDEXES = {
    "idx_chats_user_id": "chats",
    "idx_messages_chat_id": "messages",
    "idx_refresh_tokens_user_id": "refresh_tokens",
    "idx_api_keys_user_id": "api_keys",
}


@pytest.fixture
def engine(store_url):
    opened = open_engine(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def other_engine(engine, tmp_path, request):
    """Open a second empty database of the same kind."""
    if engine.dialect.name == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
        yield opened
        opened.dispose()
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            opened = open_engine(url)
            yield opened
            opened.dispose()


def revision_module(dialect: str, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{dialect}_{name}", migrations_folder() / dialect / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_printed(engine: Engine, script: str) -> None:
    """Run it the way the database's own command line would, without SQLAlchemy."""
    driver = engine.raw_connection()
    if engine.dialect.name == "sqlite":
        driver.driver_connection.executescript(script)
    else:
        driver.driver_connection.execute(script)
    driver.close()


def test_the_classes_equal_the_migrations(engine, other_engine):
    metadata_for(engine.dialect.name).create_all(engine)

    migrations.upgrade(other_engine)

    assert describe(engine) == without(describe(other_engine), "triggers")


def test_the_first_revision_equals_the_document(engine, other_engine):
    make_primers_database(engine)

    migrations.upgrade(other_engine, to=FIRST.id)

    assert describe(other_engine) == describe(engine)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_first_revision_is_the_document_to_the_letter(dialect):
    statements = revision_module(dialect, str(FIRST)).UP

    assert list(statements) == statements_of(PRIMER[dialect])


def test_what_adoption_expects_is_the_first_revision(engine):
    migrations.upgrade(engine, to=FIRST.id)

    with engine.connect() as connection:
        shapes = read_shapes(connection)

    del shapes[VERSION_TABLE]
    assert shapes == TABLES[engine.dialect.name]


def test_every_documented_index_of_quillium_exists(engine):
    migrations.upgrade(engine)

    catalog = describe(engine)

    for name, table in QUILLIUMS_INDEXES.items():
        assert name in repr(catalog[table]["indexes"])


def test_the_trees_pair_up():
    folder = migrations_folder()

    names = [sorted(path.name for path in (folder / dialect).glob("*.py")) for dialect in DIALECTS]

    assert names[0] == names[1]
    assert names[0] == [f"{revision}.py" for revision in revisions("sqlite")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_tree_is_one_line_with_one_head(dialect):
    line = [revision_module(dialect, str(revision)) for revision in revisions(dialect)]

    assert [module.revision for module in line] == [revision.id for revision in revisions(dialect)]
    assert [module.down_revision for module in line] == [None, *(revision.id for revision in revisions(dialect)[:-1])]


def test_the_notes_name_every_pair():
    notes = (migrations_folder() / "README.md").read_text(encoding="utf-8")

    assert [
        str(revision) for revision in revisions("sqlite") if f"| {revision.id} {revision.description} |" not in notes
    ] == []


def test_the_printed_sql_makes_the_same_tables(engine, other_engine):
    script = migrations.sql(engine.dialect.name)

    run_printed(engine, script)

    migrations.upgrade(other_engine)
    assert describe(engine) == describe(other_engine)
    assert migrations.status(engine).pending == ()


def test_the_printed_way_back_leaves_nothing(engine):
    migrations.upgrade(engine)

    run_printed(engine, migrations.sql(engine.dialect.name, start="head", to="base"))

    assert describe(engine) == {}


def test_a_new_revision_is_written_to_both_trees_and_runs(tmp_path):
    for folder in ("primer_nb", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    program = NEW_REVISION.format(database=str(tmp_path / "store.db"))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,  # comes first on the path: not a line is written into this checkout
    )

    assert done.returncode == 0, done.stderr
    *written, current = done.stdout.split()
    assert [Path(path).relative_to(tmp_path / "migrations").parts[0] for path in written] == DIALECTS
    assert len({Path(path).name for path in written}) == 1
    assert Path(written[0]).name == f"{current}_pin_chats_to_the_top.py"


@pytest.mark.parametrize("description", ["…", "", "x" * 41])
def test_a_description_that_makes_no_file_name_makes_no_revision(description):
    with pytest.raises(InvalidInputError, match="few plain words"):
        new_revision(description)
