"""A server that many people share: its owner changes the schema, members work on it, and who may not is told why."""

from __future__ import annotations

import psycopg
import pytest
from backup_devices import make_scene
from backup_life import OPERATIONS, Life
from people import world
from postgres_clusters import cluster_of, installations
from sqlalchemy import make_url

from primer_nb.backup.forget import forget
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import connect_server
from primer_nb.cli import main
from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.owners import grants
from primer_nb.errors import MigrationError, StoreNewerError, StoreReadOnlyError, StoreUnavailableError

ODD_NAME = 'O\'Hara "the 2nd"'


class Shared:
    """A database of an owner, and a member of it."""

    def __init__(self, url: str) -> None:
        self.owners_url = url
        self.members_url = make_url(url).set(username="member").render_as_string()

    def execute(self, *statements: str, url: str | None = None) -> None:
        """Run statements as the owner."""
        with psycopg.connect(url or self.owners_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @property
    def name(self) -> str:
        """The name of the database."""
        return make_url(self.owners_url).database


@pytest.fixture
def member(postgres_server):
    """Make a role that owns nothing; it goes after the database."""
    postgres_server.execute("CREATE ROLE member LOGIN")
    yield
    postgres_server.execute("DROP OWNED BY member", "DROP ROLE member")


@pytest.fixture
def empty(member, postgres_url):
    return Shared(postgres_url)


@pytest.fixture
def shared(empty):
    """Let the owner make the tables and let the member in."""
    open_store(empty.owners_url).close()
    empty.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC", grants("member"))
    return empty


@pytest.fixture
def life(shared, tmp_path):
    for scene in make_scene(shared.owners_url, tmp_path):
        yield Life(scene)


def forget_one(life, address):
    return forget(life.laptop.store, address, life.laptop.user.id, life.chats[0].id)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_member_backs_up_and_restores(life, shared, operation):
    life.run(operation, parse_address(shared.members_url))

    assert life.is_whole()


def test_a_member_signs_up_and_in(shared, sqlite_url, quick_argon2):
    with world(sqlite_url, shared.members_url) as people:
        people.sign_up()

        assert people.sign_in().user.email == "ada@example.org"


def test_a_member_of_an_older_server_is_told_who_brings_it_up_to_date(shared):
    store = open_store(shared.owners_url)
    migrations.downgrade(store.engine, to="-1")
    before = migrations.status(store.engine).current

    with pytest.raises(MigrationError) as caught:
        open_store(shared.members_url)

    said = str(caught.value)
    assert all(part in said for part in (shared.name, before, "'member'", "'postgres'", "primer-nb migrate up"))
    assert migrations.status(store.engine).current == before
    store.close()
    open_store(shared.owners_url).close()
    shared.execute(grants("member"))
    open_store(shared.members_url).close()


def test_a_member_changes_no_schema_by_a_command_either(shared, capsys):
    assert main(["migrate", "up", "--database", shared.members_url]) == 0

    assert main(["migrate", "down", "--database", shared.members_url]) == 1

    assert "does not own its tables; ask 'postgres'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "kind", "advice"),
    [
        ("20000101000000", MigrationError, "its owner brings it up to date with 'primer-nb migrate up'"),
        ("29990101000000", StoreNewerError, "pip install -U primer-nb"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_backup_to_a_server_of_another_release_says_what_to_do(life, shared, version, kind, advice, operation):
    address = parse_address(shared.members_url)
    life.run("push", address)
    shared.execute(f"UPDATE primer_alembic_version SET version_num = '{version}'")

    with pytest.raises(kind, match=advice) as caught:
        life.run(operation, address) if operation != "forget" else forget_one(life, address)

    assert version in str(caught.value)


def test_a_newer_server_is_left_alone_by_everybody(shared):
    shared.execute("UPDATE primer_alembic_version SET version_num = '29990101000000'")

    for url in (shared.members_url, shared.owners_url):
        with pytest.raises(StoreNewerError, match="pip install -U primer-nb"):
            open_store(url)


def test_an_empty_server_is_no_place_for_a_member(empty):
    empty.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")

    with pytest.raises(
        MigrationError, match=r"no tables there yet.*'member' may not make any.*migrate grants member"
    ):
        open_store(empty.members_url)


def test_who_was_granted_nothing_is_told_what_the_owner_prints(empty):
    open_store(empty.owners_url).close()

    with pytest.raises(StoreReadOnlyError, match=r"permission denied for table.*migrate grants ROLE"):
        open_store(empty.members_url)


def test_without_the_right_to_temporary_tables_a_push_works_and_more_is_refused(life, shared):
    address = parse_address(shared.members_url)
    life.run("push", address)
    life.run("push", address)
    shared.execute(
        f"REVOKE TEMPORARY ON DATABASE {shared.name} FROM PUBLIC, member",
    )

    assert life.run("push", address).messages == 1
    with pytest.raises(StoreReadOnlyError, match=r"temporary tables.*migrate grants ROLE"):
        life.run("first_backup", address)


def test_who_may_not_connect_is_told_so(shared):
    shared.execute(f"REVOKE CONNECT ON DATABASE {shared.name} FROM PUBLIC, member")

    reason = r"permission denied for database.*migrate grants ROLE"

    with pytest.raises(StoreUnavailableError, match=reason):
        open_store(shared.members_url)
    with pytest.raises(StoreUnavailableError, match=reason):
        connect_server(parse_address(shared.members_url))


@pytest.mark.parametrize("operation", ["first_backup", "push", "forget"])
def test_a_role_that_may_only_read_is_told_so(life, shared, operation):
    shared.execute("ALTER ROLE member SET default_transaction_read_only = on")

    with pytest.raises(StoreReadOnlyError, match=r"default_transaction_read_only.*primary"):
        life.run(operation, parse_address(shared.members_url))

    shared.execute("ALTER ROLE member RESET default_transaction_read_only")
    assert life.is_whole()


def test_a_standby_is_read_and_not_written(tmp_path):
    with cluster_of(installations()[-1]) as cluster:
        cluster.start()
        for scene in make_scene(cluster.url, tmp_path):
            life = Life(scene)
            cluster.stop()
            cluster.write("standby.signal", "")
            cluster.start()
            address = parse_address(cluster.url)

            assert [life.run(operation, address).messages for operation in ("pull", "restore", "drill")] == [6, 6, 6]
            assert life.run("verify", address)
            with pytest.raises(StoreReadOnlyError, match="standby"):
                life.run("push", address)
            with pytest.raises(StoreReadOnlyError, match="standby"):
                forget_one(life, address)


def test_what_was_restored_from_a_standby_is_compared_by_the_next_backup(life, shared):
    machine, address = life.another(), parse_address(shared.members_url)
    shared.execute("ALTER ROLE member SET default_transaction_read_only = on")
    restore(machine.store, address, machine.user.id)
    shared.execute("ALTER ROLE member RESET default_transaction_read_only")

    report = backup(machine.store, address, machine.user.id)

    assert (report.is_reconciled, report.messages) == (True, 0)
    assert machine.verify(depth=3)


def test_what_a_member_needs_is_printed_for_any_name(empty, capsys, postgres_server):
    open_store(empty.owners_url).close()

    assert main(["migrate", "grants", ODD_NAME]) == 0

    printed = capsys.readouterr().out
    quoted = '"{}"'.format(ODD_NAME.replace('"', '""'))
    empty.execute(f"CREATE ROLE {quoted} LOGIN")
    try:
        empty.execute(printed)
        open_store(make_url(empty.owners_url).set(username=ODD_NAME).render_as_string()).close()
    finally:
        empty.execute(f"DROP OWNED BY {quoted}", f"DROP ROLE {quoted}")


@pytest.mark.parametrize("care", ["analyze", "vacuum"])
def test_tables_that_another_role_owns_are_named_and_not_said_to_be_cared_for(shared, quick_argon2, tmp_path, care):
    shared.execute("ALTER TABLE audit_log OWNER TO member")
    with world(shared.members_url, f"sqlite:///{tmp_path / 'server.db'}") as people:
        ws = people.connect()

        with pytest.warns(UserWarning, match=rf"not {care[:-1]}.*\busers\b") as warned:
            done = getattr(ws.maintenance, care)()

    assert "audit_log" not in str(warned[0].message)
    if care == "analyze":
        assert done[done["store"] == "local"]["table"].tolist() == ["audit_log", "chats"]  # by the right to MAINTAIN
