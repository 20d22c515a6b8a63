"""Two machines change one chat: of its title, its model and each tag the latest change wins, whoever is first."""

from __future__ import annotations

import pytest
from backup_devices import make_scene

EARLIER = "2030-01-01T00:00:00.000000+00:00"
MIDDLE = "2030-06-01T00:00:00.000000+00:00"
LATER = "2031-01-01T00:00:00.000000+00:00"


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def desktop(scene):
    return scene.device("desktop")


@pytest.mark.parametrize(("there", "title"), [(EARLIER, "here"), (MIDDLE, "there"), (LATER, "there")])
def test_the_title_that_changed_last_wins_on_the_server(scene, laptop, there, title):
    laptop.say("hello", title="old")
    laptop.backup()
    scene.execute("UPDATE chats SET title = 'there', updated_at = %s", (there,))
    laptop.execute("UPDATE chats SET title = 'here', updated_at = ?", MIDDLE)

    laptop.backup()

    assert scene.execute("SELECT title FROM chats") == [(title,)]


def test_tags_that_were_taken_off_are_taken_off_there(scene, laptop):
    chat, _ = laptop.say("hello")
    laptop.tag(chat.id, "work")
    laptop.tag(chat.id, "play")
    laptop.backup()
    laptop.untag(chat.id, "work")

    laptop.backup()

    assert scene.execute("SELECT tag FROM chat_tags") == [("play",)]
    laptop.untag(chat.id, "play")
    laptop.backup()
    assert scene.execute("SELECT tag FROM chat_tags") == []


@pytest.mark.parametrize("way", ["the journal", "a comparison", "one chat by name"])
@pytest.mark.parametrize("first", ["laptop", "desktop"])
def test_a_title_is_not_lost_to_a_message_of_another_machine(scene, laptop, desktop, first, way):
    chat, _ = laptop.say("hello", title="old")
    laptop.backup()
    desktop.pull()
    desktop.backup()
    laptop.rename(chat.id, "new")
    desktop.execute("UPDATE chats SET updated_at = ?", LATER)  # as each message does
    if way == "a comparison":
        scene.execute("DELETE FROM primer_sync_device")
    machines = [laptop, desktop] if first == "laptop" else [desktop, laptop]

    for machine in machines:
        machine.backup(chats=[chat.id] if way == "one chat by name" else None)
    for machine in machines:
        machine.pull()

    assert scene.execute("SELECT title FROM chats") == [("new",)]
    assert laptop.titles() == desktop.titles() == {chat.id: "new"}
    assert laptop.verify(depth=3)
    assert desktop.verify(depth=3)


@pytest.mark.parametrize("way", ["the journal", "a comparison"])
@pytest.mark.parametrize("first", ["laptop", "desktop"])
def test_of_two_titles_the_newest_wins_though_the_other_chat_went_on(scene, laptop, desktop, first, way):
    chat, _ = laptop.say("hello", title="old")
    laptop.backup()
    desktop.pull()
    laptop.rename(chat.id, "middle")
    desktop.rename(chat.id, "newest")
    laptop.execute("UPDATE chats SET updated_at = ?", LATER)
    if way == "a comparison":
        scene.execute("DELETE FROM primer_sync_device")
    machines = [laptop, desktop] if first == "laptop" else [desktop, laptop]

    for machine in machines:
        machine.backup()
    for machine in machines:
        machine.pull()

    assert laptop.titles() == desktop.titles() == {chat.id: "newest"}
    assert laptop.verify(depth=3)
    assert desktop.verify(depth=3)


def test_title_and_model_are_two_things(laptop, desktop):
    chat, _ = laptop.say("hello", title="old")
    laptop.backup()
    desktop.pull()
    laptop.rename(chat.id, "new")
    desktop.execute("UPDATE chats SET model = 'new', updated_at = ?", LATER)

    for machine in (laptop, desktop) * 2:
        machine.backup()
        machine.pull()

    for machine in (laptop, desktop):
        assert machine.execute("SELECT title, model FROM chats") == [("new", "new")]
        assert machine.verify(depth=3)


def test_a_title_that_a_program_gives_on_the_server_comes_along(scene, laptop):
    chat, _ = laptop.say("hello", title="old")
    laptop.rename(chat.id, "middle")
    laptop.backup()
    scene.execute("UPDATE chats SET title = 'new', updated_at = now()")
    laptop.execute("UPDATE chats SET updated_at = ?", LATER)

    laptop.pull()
    laptop.backup()

    assert laptop.titles() == {chat.id: "new"}
    assert laptop.verify(depth=3)


def test_tags_of_two_machines_come_together_one_by_one(scene, laptop, desktop):
    chat, _ = laptop.say("hello")
    for tag in ("taken off by one", "taken off and put on again"):
        laptop.tag(chat.id, tag)
    laptop.backup()
    desktop.pull()
    desktop.tag(chat.id, "of the desktop")
    desktop.untag(chat.id, "taken off by one")
    desktop.untag(chat.id, "taken off and put on again")
    desktop.backup()
    laptop.tag(chat.id, "of the laptop")
    laptop.untag(chat.id, "taken off and put on again")
    laptop.tag(chat.id, "taken off and put on again")

    laptop.backup()
    laptop.pull()
    desktop.pull()

    together = ["of the desktop", "of the laptop", "taken off and put on again"]
    assert laptop.tags() == desktop.tags() == together
    assert [tag for (tag,) in scene.execute("SELECT tag FROM chat_tags ORDER BY tag")] == together
    assert laptop.verify(depth=3)
    assert desktop.verify(depth=3)


@pytest.mark.parametrize("way", ["the journal", "a comparison", "one chat by name"])
def test_a_tag_that_was_taken_off_comes_back_from_no_machine_that_has_not_heard(scene, laptop, desktop, way):
    chat, _ = laptop.say("hello")
    laptop.tag(chat.id, "work")
    laptop.backup()
    desktop.pull()
    desktop.backup()
    laptop.untag(chat.id, "work")
    laptop.backup()
    desktop.tag(chat.id, "play")
    if way == "a comparison":
        scene.execute("DELETE FROM primer_sync_device")

    desktop.backup(chats=[chat.id] if way == "one chat by name" else None)
    laptop.pull()
    desktop.pull()

    assert scene.execute("SELECT tag FROM chat_tags") == [("play",)]
    assert laptop.tags() == desktop.tags() == ["play"]
    assert desktop.verify(depth=3)


def test_a_tag_that_was_taken_off_here_stays_off_when_the_chat_is_pulled(laptop, desktop):
    chat, _ = laptop.say("hello")
    laptop.tag(chat.id, "work")
    laptop.backup()
    desktop.pull()
    desktop.untag(chat.id, "work")
    laptop.tag(chat.id, "play")
    laptop.backup()

    desktop.pull()

    assert desktop.tags() == ["play"]


def test_a_tag_that_a_program_changes_on_the_server_comes_along(scene, laptop):
    chat, _ = laptop.say("hello")
    laptop.tag(chat.id, "off")
    laptop.backup()
    scene.execute("DELETE FROM chat_tags")
    scene.execute(f"INSERT INTO chat_tags VALUES ('{chat.id}', 'on', now())")

    laptop.pull()

    assert laptop.tags() == ["on"]
    assert laptop.verify(depth=3)


def test_of_two_titles_of_the_same_moment_every_machine_takes_that_of_the_server(laptop, desktop):
    chat, _ = laptop.say("hello", title="old")
    laptop.backup()
    desktop.pull()
    for machine, title in ((laptop, "first"), (desktop, "second")):
        machine.execute("UPDATE chats SET title = ?, updated_at = ?", title, MIDDLE)

    for machine in (laptop, desktop) * 2:
        machine.backup()
        machine.pull()

    assert laptop.titles() == desktop.titles() == {chat.id: "first"}
    assert desktop.verify(depth=3)
