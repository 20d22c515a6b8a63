"""What was forgotten is gone from the server; whether it comes back depends on where it still lives."""

from __future__ import annotations

import pytest
from backup_devices import make_scene


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


@pytest.fixture
def chat(laptop):
    """A chat on both sides, beside one that nobody touches."""
    laptop.say("other", title="Bats")
    made, _ = laptop.say("one", "two", title="Birds")
    laptop.backup()
    return made


def titles_there(scene):
    return {title for (title,) in scene.execute("SELECT title FROM chats")}


def wipe(scene):
    scene.execute("TRUNCATE chats, primer_sync_device CASCADE")


def test_a_deleted_chat_that_was_forgotten_never_comes_back(scene, laptop, chat):
    laptop.execute("DELETE FROM chats WHERE id = ?", chat.id)

    report = laptop.forget(chat.id)

    assert (report.messages, report.is_still_here, report.bytes_deleted) == (2, False, len("onetwo"))
    laptop.say("three", title="Bees")
    laptop.backup()
    wipe(scene)
    laptop.backup(probe=True)
    laptop.pull()
    scene.device("desk").restore()
    assert "Birds" not in titles_there(scene) | set(laptop.titles().values())
    assert laptop.verify(depth=3)


def test_a_living_chat_that_was_forgotten_is_said_to_be_still_here(scene, laptop, chat):
    report = laptop.forget(chat.id)

    assert (report.messages, report.is_still_here) == (2, True)
    assert "is_still_here=True" in repr(report)
    assert titles_there(scene) == {"Bats"}
    assert set(laptop.titles().values()) == {"Bats", "Birds"}


def test_as_long_as_it_does_not_go_on_it_stays_away(scene, laptop, chat):
    laptop.forget(chat.id)

    laptop.say("something else", title="Bees")
    laptop.backup()
    laptop.backup(probe=True)

    assert titles_there(scene) == {"Bats", "Bees"}


@pytest.mark.parametrize("how", ["a message", "a title", "by name", "both sides are compared"])
def test_it_comes_back_whole_when_it_goes_on(scene, laptop, chat, how):
    laptop.forget(chat.id)

    if how == "a message":
        laptop.execute(
            "INSERT INTO messages (id, chat_id, role, content, created_at)"
            " VALUES ('01a20281-c35a-7856-919f-62252e8a594f', ?, 'user', 'three', '2026-12-01 10:00:00')",
            chat.id,
        )
    elif how == "a title":
        laptop.rename(chat.id, "Birds")
    elif how == "both sides are compared":
        wipe(scene)
    laptop.backup(probe=True, chats=[chat.id] if how == "by name" else None)

    assert "Birds" in titles_there(scene)
    assert laptop.verify(depth=3)


def test_what_only_the_server_had_is_not_pulled_again_from_a_copy_of_it(scene, laptop, chat):
    desk = scene.device("desk")

    report = desk.forget(chat.id)
    laptop.rename(chat.id, "Birds again")
    laptop.backup()
    pulled = desk.pull()

    assert (report.is_still_here, pulled.kept_away, set(desk.titles().values())) == (False, 1, {"Bats"})


def test_a_pull_does_not_bring_it_to_where_it_was_deleted(scene, laptop, chat):
    desk = scene.device("desk")
    desk.pull()
    laptop.execute("DELETE FROM chats WHERE id = ?", chat.id)
    laptop.forget(chat.id)
    desk.rename(chat.id, "Birds again")

    desk.backup()
    laptop.pull()

    assert "Birds again" in titles_there(scene)
    assert chat.id not in laptop.titles()
