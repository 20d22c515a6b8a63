"""On a server, a role that was not let in by name reads and writes no row, whatever it was granted."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from sample_rows import REVISIONS, TOKEN, USER, fill
from schema_catalog import open_engine
from sqlalchemy import make_url

from primer_nb.backup.server import check_version
from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.owners import grants
from primer_nb.database.revisions import VERSION_TABLE
from primer_nb.errors import MigrationError
from primer_nb.tables import metadata_for

TABLES = sorted([*metadata_for("postgresql").tables, VERSION_TABLE])
# what Supabase grants to the roles of its Data API for every table that is made in the schema public
SUPABASES = """
GRANT USAGE ON SCHEMA public TO anon;
GRANT ALL ON ALL TABLES IN SCHEMA public TO anon;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO anon;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO anon"""


@pytest.fixture
def anon(postgres_server):
    """Make a role that is used by whoever has the public key of a project; it goes after the database."""
    postgres_server.execute("CREATE ROLE anon LOGIN")
    yield
    postgres_server.execute("DROP OWNED BY anon", "DROP ROLE anon")


@pytest.fixture
def engine(anon, postgres_url):
    """Make a server with a row in every table, as Supabase serves it."""
    opened = open_engine(postgres_url)
    migrations.upgrade(opened)
    fill(opened, revision=REVISIONS[-1])
    execute(postgres_url, SUPABASES)
    yield opened
    opened.dispose()


@pytest.fixture
def anons_url(engine, postgres_url):
    return make_url(postgres_url).set(username="anon").render_as_string()


def execute(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement)


def count(url, table):
    return execute(url, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]


def test_who_was_not_let_in_sees_no_row_of_any_table(anons_url, postgres_url):
    assert {table: count(postgres_url, table) for table in TABLES} == dict.fromkeys(TABLES, 1)

    assert {table: count(anons_url, table) for table in TABLES} == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO chats (id, user_id, created_at, updated_at) VALUES ('{TOKEN}', '{USER}', now(), now())",
        f"INSERT INTO admin_settings (id, key, value) VALUES ('{USER}', 'registration', 'open')",
    ],
)
def test_who_was_not_let_in_writes_no_row(anons_url, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        execute(anons_url, statement)


@pytest.mark.parametrize("table", TABLES)
def test_who_was_not_let_in_changes_and_deletes_no_row(anons_url, postgres_url, table):
    assert execute(anons_url, f"DELETE FROM {table}").rowcount == 0
    assert execute(anons_url, "UPDATE users SET is_admin = true").rowcount == 0
    assert count(postgres_url, table) == 1


def test_who_is_let_in_by_name_sees_every_row(anons_url, postgres_url):
    for _ in range(2):  # after each change of the schema the owner does it again
        execute(postgres_url, grants("anon"))

    assert {table: count(anons_url, table) for table in TABLES} == dict.fromkeys(TABLES, 1)


def test_who_was_granted_tables_but_not_let_in_is_told_what_the_owner_prints(anons_url):
    with pytest.raises(MigrationError, match=r"hidden from you.*ask 'postgres'.*migrate grants anon"):
        open_store(anons_url)
    with pytest.raises(MigrationError, match=r"none that your role may see.*migrate grants ROLE"):
        check_version(None, parse_address(anons_url))


def test_the_step_back_takes_row_security_off(engine, anons_url):
    migrations.downgrade(engine, to="20261122070000")

    assert {table: count(anons_url, table) for table in TABLES} == dict.fromkeys(TABLES, 1)
