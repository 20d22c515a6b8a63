"""The depths of a verification agree on what is missing, whatever a server has refused."""

from __future__ import annotations

from contextlib import closing

import pytest
from backup_devices import Device, Told, make_scene
from builders import add_user

from primer_nb.database import open_store
from primer_nb.ids import new_id

LATER = "2031-01-01T00:00:00.000000+00:00"
ATTACH = "INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)"


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def picky(scene):
    """A rule of the server that this side does not know."""
    scene.execute("ALTER TABLE messages ADD CONSTRAINT picky CHECK (content <> 'bad')")


@pytest.fixture
def elsewhere(laptop, postgres_server):
    """The same machine and user, beside a second server."""
    with postgres_server.database() as url, closing(open_store(url)) as second:
        with second.unit_of_work() as work:
            work.users.add(laptop.user)
            work.commit()
        yield Device(laptop.store, second, laptop.user)


def found_by_each(device) -> list[dict[str, str]]:
    reports = [*(device.verify(depth=depth) for depth in (1, 2, 3)), device.drill()]
    return [{found.chat_id: found.state for found in report.differences} for report in reports]


def test_a_chat_that_is_anothers_on_the_server_is_missing_at_each_depth(scene, laptop):
    chat, _ = laptop.say("hello")
    bob = add_user(scene.server, "bob@example.org")
    scene.execute(f"INSERT INTO chats VALUES ('{chat.id}', '{bob.id}', 'Bobs', now(), now())")

    report = laptop.backup()

    assert [row.entity_id for row in report.quarantined] == [chat.id]
    assert found_by_each(laptop) == [{chat.id: "only here"}] * 4


def test_a_message_that_only_this_server_refuses_is_missing_at_each_depth(scene, laptop, picky):
    chat, _ = laptop.say("good", "bad")

    report = laptop.backup()

    assert (report.messages, len(report.quarantined)) == (1, 1)
    assert found_by_each(laptop) == [{chat.id: "different"}] * 4


def test_what_one_server_refused_another_one_holds(laptop, picky, elsewhere):
    laptop.say("good", "bad")
    laptop.backup()
    elsewhere.backup()
    told = Told()

    elsewhere.pull(progress=told)

    assert found_by_each(elsewhere) == [{}] * 4
    assert told.total == 0


def test_what_no_server_takes_is_missing_at_no_depth_with_all_that_hangs_on_it(laptop):
    _, (bad, good) = laptop.say("hello", "good day")
    laptop.execute("UPDATE messages SET content = 'a' || char(0) WHERE id = ?", bad.id)
    laptop.execute("INSERT INTO completions (message_id, model) VALUES (?, 'm')", bad.id)
    laptop.execute("INSERT INTO completions (message_id, model) VALUES (?, printf('%051d', 1))", good.id)
    laptop.execute(ATTACH, new_id(), bad.id, LATER)
    laptop.execute(ATTACH, new_id(), good.id, "yesterday")

    laptop.backup()

    assert found_by_each(laptop) == [{}] * 4


def test_a_row_that_was_put_right_is_missing_until_it_is_sent(laptop):
    chat, (message, _) = laptop.say("hello", "good day")
    laptop.execute("UPDATE messages SET content = 'a' || char(0) WHERE id = ?", message.id)
    laptop.backup()

    laptop.execute("UPDATE messages SET content = 'hello' WHERE id = ?", message.id)

    assert found_by_each(laptop) == [{chat.id: "different"}] * 4
    laptop.backup()
    assert found_by_each(laptop) == [{}] * 4
