"""Verify and forget: is the backup what it should be, and does it give up what it should?"""

from __future__ import annotations

import pytest
from backup_devices import Told, make_scene
from builders import add_user

from primer_nb.backup import verify as verify_module
from primer_nb.errors import ChatNotFoundError, InvalidInputError
from primer_nb.ids import new_id

LATER = "2031-01-01T00:00:00.000000+00:00"


@pytest.fixture
def scene(postgres_url, tmp_path):
    yield from make_scene(postgres_url, tmp_path)


@pytest.fixture
def laptop(scene):
    return scene.device("laptop")


def states(report) -> dict[str, str]:
    return {difference.chat_id: difference.state for difference in report.differences}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_backup_is_equal_at_every_depth(laptop, depth):
    laptop.say("hello", "good day")
    laptop.say("another", title=None)
    laptop.backup()

    report = laptop.verify(depth=depth)

    assert report
    assert (report.is_equal, report.chats, report.messages, report.differences) == (True, 2, 3, ())


def test_each_kind_of_difference_is_named(scene, laptop):
    here, _ = laptop.say("only here")
    there, _ = laptop.say("only there")
    lost, _ = laptop.say("one", "two", title="Loss")
    gone, _ = laptop.say("deleted here")
    laptop.backup()
    laptop.execute("DELETE FROM chats WHERE id IN (?, ?)", there.id, gone.id)
    laptop.execute("DELETE FROM primer_tombstones WHERE chat_id = ?", there.id)
    scene.execute(f"DELETE FROM chats WHERE id = '{here.id}'")
    scene.execute(f"DELETE FROM messages WHERE chat_id = '{lost.id}' AND role = 'user'")

    report = laptop.verify()

    assert not report
    assert states(report) == {
        here.id: "only here",
        there.id: "only there",
        lost.id: "different",
        gone.id: "deleted here",
    }
    difference = next(found for found in report.differences if found.chat_id == lost.id)
    assert (difference.title, difference.parts) == ("Loss", ("messages",))
    assert (difference.messages_here, difference.messages_there) == (2, 1)


def test_a_chat_that_was_deleted_here_is_no_fault_of_the_backup(laptop):
    chat, _ = laptop.say("hello")
    laptop.backup()
    laptop.execute("DELETE FROM chats")

    report = laptop.verify()

    assert report.is_equal
    assert states(report) == {chat.id: "deleted here"}


def test_a_change_of_content_is_seen_at_the_depth_that_reads_it(scene, laptop):
    _chat, _ = laptop.say("hello")
    laptop.backup()
    scene.execute("UPDATE messages SET content = 'jello'")

    assert laptop.verify(depth=1).is_equal
    assert laptop.verify(depth=2).is_equal
    assert [found.parts for found in laptop.verify(depth=3).differences] == [("content",)]


def test_only_chats_in_buckets_that_differ_are_asked_for(scene, laptop, monkeypatch):
    chats = [laptop.say(str(number))[0] for number in range(30)]
    laptop.backup()
    scene.execute(f"UPDATE chats SET title = 'changed' WHERE id = '{chats[3].id}'")
    asked = []
    real = verify_module.server_digests

    def listening(*arguments, **options):
        found = real(*arguments, **options)
        asked.append(set(found))
        return found

    monkeypatch.setattr(verify_module, "server_digests", listening)

    report = laptop.verify()

    assert list(states(report)) == [chats[3].id]
    assert {key[-2:] for key in asked[0]} == {chats[3].id[-2:]}
    assert asked[1] == {chats[3].id}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_verification_tells_how_far_it_is_and_what_it_received(laptop, depth):
    laptop.say("hello", "good day")
    laptop.say("another")
    laptop.backup()
    told = Told()

    report = laptop.verify(depth=depth, progress=told)

    assert (told.total, sorted(told.rows), told.is_finished) == (3, [1, 2], True)
    assert report.bytes_received > 0


def test_a_backup_in_the_middle_of_a_verification_is_no_difference(laptop, monkeypatch):
    laptop.say("hello")
    laptop.backup()
    real = verify_module.server_buckets

    def meanwhile(*arguments, **options):
        laptop.say("meanwhile")
        laptop.backup()
        return real(*arguments, **options)

    monkeypatch.setattr(verify_module, "server_buckets", meanwhile)

    assert laptop.verify().is_equal


def test_a_row_that_no_server_takes_is_named_and_no_difference(laptop):
    _chat, (message, _) = laptop.say("hello", "good day")
    laptop.execute("UPDATE messages SET content = 'a' || char(0) WHERE id = ?", message.id)
    laptop.backup()

    for depth in (1, 2, 3):
        report = laptop.verify(depth=depth)
        assert report.is_equal
        assert [(row.kind, row.entity_id) for row in report.quarantined] == [("m", message.id)]


def test_anothers_chats_are_no_part_of_it(scene, laptop):
    bob = scene.device("bobs", add_user(scene.server, "bob@example.org"))
    bob.say("secret")
    bob.backup()

    report = laptop.verify(depth=3)

    assert report.is_equal
    assert report.chats == 0


@pytest.mark.parametrize("depth", [0, 4, "1"])
def test_a_depth_that_there_is_not_is_refused(laptop, depth):
    with pytest.raises(InvalidInputError, match="depth"):
        laptop.verify(depth=depth)


def test_a_report_is_a_line_a_table_and_a_frame(scene, laptop):
    laptop.say("secret words", title="<b>Birds</b>")
    laptop.backup()
    scene.execute("DELETE FROM messages")

    report = laptop.verify()
    frame = report.to_frame()

    assert "\n" not in repr(report)
    assert "secret" not in repr(report) + report._repr_html_()
    assert "&lt;b&gt;Birds&lt;/b&gt;" in report._repr_html_()
    assert list(frame.columns) == ["chat_id", "title", "state", "messages_here", "messages_there", "parts"]
    assert frame["parts"].tolist() == ["messages"]
    assert laptop.pull().to_frame()["messages"].tolist() == [0]


def test_a_long_list_is_cut_in_a_notebook_and_whole_in_the_frame(laptop):
    for number in range(25):
        laptop.say(str(number))

    report = laptop.verify()

    assert report._repr_html_().count("only here") == 20
    assert "and 5 more" in report._repr_html_()
    assert len(report.to_frame()) == 25


def test_a_forgotten_chat_is_gone_from_the_server_with_all_that_hung_on_it(scene, laptop):
    chat, (message, _) = laptop.say("hello", "good day")
    laptop.execute("INSERT INTO chat_tags VALUES (?, 'work', ?)", chat.id, LATER)
    laptop.execute("INSERT INTO completions (message_id, provider) VALUES (?, 'openai')", message.id)
    laptop.backup()
    laptop.execute("DELETE FROM chats")

    report = laptop.forget(chat.id)

    assert (report.chat_id, report.messages) == (chat.id, 2)
    for table in ("chats", "messages", "completions", "chat_tags"):
        assert scene.execute(f"SELECT * FROM {table}") == []
    assert laptop.execute("SELECT chat_id FROM primer_tombstones") == [(chat.id,)]
    assert laptop.verify().differences == ()


def test_anothers_chat_and_a_missing_one_cannot_be_forgotten_and_sound_the_same(scene, laptop):
    bob = scene.device("bobs", add_user(scene.server, "bob@example.org"))
    theirs, _ = bob.say("secret")
    bob.backup()

    answers = []
    for chat_id in (theirs.id, new_id(), "no identifier"):
        with pytest.raises(ChatNotFoundError) as error:
            laptop.forget(chat_id)
        answers.append(str(error.value).replace(chat_id, "…"))

    assert len(set(answers)) == 1
    assert bob.verify(depth=3).is_equal
    assert laptop.execute("SELECT * FROM primer_tombstones") == []
