"""Pull: two machines of one account come together, and nothing that is here is lost by it."""

from __future__ import annotations

import pytest
from backup_devices import make_scene, rows_of_chats
from builders import add_chat, add_user

from primer_nb.backup import pull as pull_module
from primer_nb.backup.pull import pull
from primer_nb.database.addresses import parse_address
from primer_nb.errors import BackupError, ChatNotFoundError, InvalidInputError, StoreUnavailableError
from primer_nb.ids import new_id

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


@pytest.mark.parametrize("first", ["laptop", "desktop"])
def test_two_machines_hold_the_union_of_both_and_the_newest_title(laptop, desktop, first):
    chat, _ = laptop.say("from the laptop", title="old")
    laptop.backup()
    desktop.pull()
    desktop.rename(chat.id, "middle")
    laptop.rename(chat.id, "newest")
    laptop.say("only the laptop")
    desktop.say("only the desktop")
    machines = [laptop, desktop] if first == "laptop" else [desktop, laptop]

    for machine in machines * 2:
        machine.backup()
        machine.pull()

    assert laptop.contents() == desktop.contents() == {"from the laptop", "only the laptop", "only the desktop"}
    assert laptop.titles()[chat.id] == desktop.titles()[chat.id] == "newest"
    assert laptop.digests() == desktop.digests()


def test_everything_that_hangs_on_a_chat_comes_along(laptop, desktop):
    chat, (message, reply) = laptop.say("question", "answer")
    laptop.execute("INSERT INTO chat_tags VALUES (?, 'work', ?)", chat.id, LATER)
    laptop.execute(
        "INSERT INTO chat_settings VALUES (?, 'openai', NULL, 0.1, 9, 'kind', ?, ?)", chat.id, LATER, LATER
    )
    laptop.execute(
        "INSERT INTO completions VALUES (?, 'openai', 'm', 1, 2, 0.1, 0.30000000000000004, 'stop', 1e-7, ?)",
        *(reply.id, message.id),
    )
    laptop.execute(
        "INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 3, '00', ?, ?)",
        *(new_id(), message.id, b"\x00\\\xff", LATER),
    )
    laptop.execute("INSERT INTO user_settings VALUES (?, 'dark', 'de', 0, ?, ?, 1)", laptop.user.id, LATER, LATER)
    laptop.backup()

    report = desktop.pull()

    assert (report.chats_added, report.messages, report.completions, report.attachments) == (1, 2, 1, 1)
    assert rows_of_chats(desktop) == rows_of_chats(laptop)
    settings = desktop.execute("SELECT theme, language, notifications_enabled, automatic_backup FROM user_settings")
    assert settings == [("dark", "de", 0, 1)]


def test_nothing_new_fetches_nothing(laptop, desktop):
    laptop.say("hello")
    laptop.backup()
    desktop.pull()

    report = desktop.pull()

    assert (report.chats_added, report.messages, report.bytes_received) == (0, 0, 0)


def test_what_is_here_is_never_overwritten(scene, laptop, desktop):
    chat, (_message,) = laptop.say("as it was said", title="mine")
    laptop.backup()
    laptop.rename(chat.id, "newer")
    before = rows_of_chats(laptop)
    scene.execute("UPDATE messages SET content = 'changed on the server'")
    scene.execute(
        "INSERT INTO messages (id, chat_id, role, content, created_at) "
        f"VALUES ('{new_id()}', '{chat.id}', 'user', 'more', now())"
    )

    laptop.pull()

    after = rows_of_chats(laptop)
    assert after["chats"] == before["chats"]
    assert set(before["messages"]) < set(after["messages"])
    assert laptop.contents() == {"as it was said", "more"}


def test_a_time_in_another_spelling_is_compared_as_a_time(scene, laptop):
    chat, _ = laptop.say("hello", title="mine")
    laptop.backup()
    laptop.execute("UPDATE chats SET title = 'newer', updated_at = '2030-01-01 00:00:00.5Z' WHERE id = ?", chat.id)
    scene.execute("UPDATE chats SET title = 'older', updated_at = '2030-01-01 00:00:00.4Z'")

    laptop.pull()

    assert laptop.titles() == {chat.id: "newer"}


def test_a_chat_under_another_spelling_of_its_identifier_is_the_same_chat(scene, laptop):
    chat, (message,) = laptop.say("hello", title="old")
    laptop.backup()
    laptop.execute("PRAGMA foreign_keys = OFF")
    laptop.execute("DELETE FROM chats")
    laptop.execute("DELETE FROM primer_tombstones")
    spelled = chat.id.upper()
    laptop.execute(
        "INSERT INTO chats VALUES (?, ?, 'old', ?, ?, NULL)",
        spelled,
        laptop.user.id,
        LATER[:10] + " 00:00",
        "2020-01-01 00:00",
    )
    laptop.execute(
        "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'hello', ?)",
        message.id.replace("-", ""),
        spelled,
        LATER,
    )
    scene.execute("UPDATE chats SET title = 'new'")

    laptop.pull()

    assert laptop.titles() == {spelled: "new"}
    assert laptop.execute("SELECT count(*) FROM messages") == [(1,)]


def test_a_deleted_chat_stays_away_until_it_is_named(laptop):
    chat, _ = laptop.say("hello")
    laptop.say("another")
    laptop.backup()
    laptop.execute("DELETE FROM chats WHERE id = ?", chat.id)

    report = laptop.pull()
    titles = laptop.titles()
    named = laptop.pull(chats=[chat.id.upper()])

    assert (report.kept_away, report.bytes_received) == (1, 0)
    assert chat.id not in titles
    assert chat.id in laptop.titles()
    assert (named.chats_added, named.messages) == (1, 1)
    assert laptop.execute("SELECT * FROM primer_tombstones") == []
    assert laptop.pull().kept_away == 0


def test_only_named_chats_are_fetched(laptop, desktop):
    wanted, _ = laptop.say("wanted")
    laptop.say("other")
    laptop.backup()

    desktop.pull(chats=[wanted.id])

    assert desktop.contents() == {"wanted"}


def test_anothers_chat_and_a_missing_one_get_the_same_answer(scene, laptop):
    bob = scene.device("bobs", add_user(scene.server, "bob@example.org"))
    theirs, _ = bob.say("secret")
    bob.backup()
    missing = new_id()

    answers = []
    for chat_id in (theirs.id, missing, "no identifier"):
        with pytest.raises(ChatNotFoundError) as error:
            laptop.pull(chats=[chat_id])
        answers.append(str(error.value).replace(chat_id, "…"))

    assert len(set(answers)) == 1
    assert laptop.contents() == set()


def test_anothers_chat_in_the_same_file_is_left_alone_and_named(scene, laptop):
    chat, _ = laptop.say("hello")
    laptop.backup()
    bob = add_user(scene.server, "bob@example.org")
    laptop.execute("DELETE FROM chats")
    laptop.execute("DELETE FROM primer_tombstones")
    laptop.execute("INSERT INTO chats VALUES (?, ?, 'of Bob', ?, ?, NULL)", chat.id, bob.id, LATER, LATER)
    before = rows_of_chats(laptop)

    report = laptop.pull()

    assert rows_of_chats(laptop) == before
    assert [(row.kind, row.entity_id) for row in report.quarantined] == [("c", chat.id)]


def test_a_time_that_cannot_be_kept_here_is_named_and_the_rest_comes(scene, laptop, desktop):
    _chat, (message, _) = laptop.say("hello", "good day")
    other, _ = laptop.say("other")
    laptop.backup()
    scene.execute(f"UPDATE messages SET created_at = 'infinity' WHERE id = '{message.id}'")
    scene.execute(f"UPDATE chats SET created_at = '-infinity' WHERE id = '{other.id}'")

    report = desktop.pull()

    assert {(row.kind, row.entity_id) for row in report.quarantined} == {("m", message.id), ("c", other.id)}
    assert desktop.contents() == {"good day"}


def in_the_middle(monkeypatch, action) -> None:
    """Do something between the look at the local store and the first row."""
    real = pull_module.server_digests

    def acting(*arguments, **options):
        action()
        return real(*arguments, **options)

    monkeypatch.setattr(pull_module, "server_digests", acting)


def test_a_chat_that_is_deleted_while_it_is_pulled_stays_deleted(laptop, desktop, monkeypatch):
    chat, _ = laptop.say("one")
    laptop.backup()
    desktop.pull()
    laptop.say("two")
    laptop.execute(
        "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'three', ?)",
        *(new_id(), chat.id, LATER),
    )
    laptop.backup()
    in_the_middle(monkeypatch, lambda: desktop.execute("DELETE FROM chats WHERE id = ?", chat.id))

    desktop.pull()

    assert desktop.contents() == {"two"}


def test_a_chat_that_is_forgotten_while_it_is_pulled_stays_away(laptop, desktop, monkeypatch):
    chat, _ = laptop.say("one")
    laptop.backup()
    in_the_middle(monkeypatch, lambda: desktop.execute("INSERT INTO primer_tombstones VALUES (?, ?)", chat.id, LATER))

    desktop.pull()

    assert desktop.contents() == set()


def test_a_server_without_the_account_is_an_error(scene, laptop):
    scene.execute("DELETE FROM users")

    with pytest.raises(BackupError, match="does not have your account"):
        laptop.pull()


def test_a_server_that_is_not_there_is_an_error(laptop, postgres_url):
    laptop.server.close()

    with pytest.raises(StoreUnavailableError):
        pull(laptop.store, parse_address("postgresql://nobody@127.0.0.1:1/none"), laptop.user.id)


def test_another_pair_of_stores_is_refused(scene, laptop):

    with pytest.raises(InvalidInputError, match="not from an SQLite file to an SQLite file"):
        pull(laptop.store, laptop.store.address, laptop.user.id)
    with pytest.raises(InvalidInputError, match="not from a PostgreSQL server to a PostgreSQL server"):
        pull(scene.server, scene.server.address, laptop.user.id)


def test_an_empty_chat_comes_too(laptop, desktop):
    add_chat(laptop.store, laptop.user, None)
    laptop.backup()

    assert desktop.pull().chats_added == 1
    assert list(desktop.titles().values()) == [None]
