"""Every version of PostgreSQL that this machine has: the schema up and down, and the whole life of a backup."""

from __future__ import annotations

import pytest
from backup_devices import make_scene
from backup_life import OPERATIONS, Life
from people import world
from postgres_clusters import cluster_of, installations
from sqlalchemy import inspect, make_url

from primer_nb.database import migrations, open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.owners import grants

VERSIONS = {installation.version: installation for installation in installations()}


@pytest.fixture(scope="module", params=VERSIONS, ids="PostgreSQL {}".format)
def cluster(request):
    with cluster_of(VERSIONS[request.param]) as running:
        running.start()
        yield running


@pytest.fixture
def store(cluster):
    opened = open_store(cluster.url)
    yield opened
    migrations.downgrade(opened.engine, to="base")
    assert inspect(opened.engine).get_table_names() == []
    opened.close()


@pytest.fixture
def life(store, cluster, tmp_path):
    for scene in make_scene(cluster.url, tmp_path):
        yield Life(scene)


def test_the_oldest_and_the_newest_version_that_we_support_are_here():
    assert min(VERSIONS) < 18 <= max(VERSIONS)


def test_the_schema_goes_down_and_up_step_by_step(store):
    steps = len(migrations.revisions("postgresql"))
    for _ in range(steps):
        migrations.downgrade(store.engine, to="-1")
    for _ in range(steps):
        migrations.upgrade(store.engine, to="+1")

    assert migrations.status(store.engine).pending == ()


def test_somebody_lives_there(store, cluster, tmp_path, quick_argon2):
    with world(f"sqlite:///{tmp_path / 'local.db'}", cluster.url) as people:
        people.sign_up()
        ws = people.connect()
        ws.login("ada@example.org", password="purple otter reads maps")
        chat = ws.chats.create("Birds")

        assert ws.backup().chats == 1
        assert ws.verify(depth=3)
        assert ws.backup_drill()
        assert ws.pull().chats_added == 0
        assert ws.forget(chat).chat_id == chat.id


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_works(life, cluster, operation):
    life.run(operation, parse_address(cluster.url))

    assert life.is_whole()


def test_a_member_backs_up(life, cluster):
    life.scene.execute("CREATE ROLE member LOGIN")
    with life.scene.server.engine.begin() as connection:
        connection.exec_driver_sql(grants("member").replace("%", "%%"))
    address = parse_address(make_url(cluster.url).set(username="member").render_as_string())

    try:
        for operation in OPERATIONS:
            life.run(operation, address)
    finally:
        life.scene.execute("DROP OWNED BY member")
        life.scene.execute("DROP ROLE member")

    assert life.is_whole()
