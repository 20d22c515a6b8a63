"""How far a backup is, and which chats are in it: told by the local store, at the cost of what is new."""

from __future__ import annotations

import sqlite3

import pytest
from builders import add_messages
from delay_proxy import DelayProxy
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, world

from primer_nb import times
from primer_nb.backup import waiting
from primer_nb.backup.bookkeeping import reading, target_of
from primer_nb.use_cases.backup_state import BackupState, read_backup_state, unsaved_chats


@pytest.fixture
def people(sqlite_url, postgres_url, quick_argon2):
    with world(sqlite_url, postgres_url) as made:
        yield made


@pytest.fixture
def ada(people):
    ws = people.connect()
    ws.register(ADA, password=PASSWORD, stay=False)
    return ws


def talk(ws, title="Birds", *contents):
    chat = ws.chats.create(title)
    add_messages(ws._session.store, ws.user, chat, *(contents or ("Which bird cannot fly?", "The penguin.")))
    return chat


def waiting_rows(ws):
    return read_backup_state(ws._session).waiting


def unsaved(ws):
    names = {chat.id: chat.title for chat in ws.chats}
    return sorted(names[key] for key in unsaved_chats(ws._session))


def write(ws, statement, *parameters):
    """Write as another program."""
    with sqlite3.connect(ws._session.store.address.path) as connection:
        connection.execute(statement, parameters)
    connection.close()


def backed_up(ws):
    frame = ws.history.chats()
    return dict(zip(frame["title"], frame["backed_up"], strict=True))


def test_before_the_first_backup_everything_waits(ada):
    talk(ada)

    state = read_backup_state(ada._session)

    assert state == BackupState(is_possible=True, is_automatic=False, last_at=None, waiting=3)
    assert unsaved(ada) == ["Birds"]


def test_after_a_backup_nothing_waits_and_its_time_is_known(ada, people):
    talk(ada)
    before = times.now()

    ada.backup()

    state = read_backup_state(ada._session)
    assert state.waiting == 0
    assert before <= state.last_at <= times.now()
    assert unsaved(ada) == []
    again = people.connect()
    again.login(ADA, password=PASSWORD, stay=False)
    assert read_backup_state(again._session).last_at <= state.last_at


def test_a_backup_that_finds_nothing_new_counts_as_one(ada):
    talk(ada)
    ada.backup()
    acknowledged = read_backup_state(ada._session).last_at

    ada.backup(probe=True)

    assert read_backup_state(ada._session).last_at > acknowledged


def test_every_kind_of_change_makes_its_chat_wait(ada):
    titles = ("Message", "Completion", "Title", "Tag", "Setting", "Attachment", "Untouched")
    chats = {title: talk(ada, title) for title in titles}
    first = {title: chat.messages()[0].id for title, chat in chats.items()}
    ada.backup()
    moment = times.to_text(times.now())

    add_messages(ada._session.store, ada.user, chats["Message"], "One more")
    write(ada, "INSERT INTO completions (message_id) VALUES (?)", first["Completion"])
    write(ada, "UPDATE chats SET model = 'm' WHERE id = ?", chats["Title"].id)
    write(ada, "INSERT INTO chat_tags VALUES (?, 'work', ?)", chats["Tag"].id, moment)
    write(
        ada,
        "INSERT INTO chat_settings (chat_id, created_at, updated_at) VALUES (?, ?, ?)",
        *(chats["Setting"].id, moment, moment),
    )
    write(
        ada,
        "INSERT INTO message_attachments VALUES (?, ?, 'a.txt', 'text/plain', 1, '00', x'00', ?)",
        *("0190aaaa-0000-7000-8000-000000000001", first["Attachment"], moment),
    )
    ada.settings.theme = "dark"

    assert unsaved(ada) == sorted(set(titles) - {"Untouched"})
    assert waiting_rows(ada) == 7
    ada.backup()
    assert (unsaved(ada), waiting_rows(ada)) == ([], 0)


@pytest.mark.parametrize("is_known", [False, True])
def test_a_chat_that_was_sent_by_itself_is_saved_until_it_goes_on(ada, is_known):
    if is_known:
        ada.backup()
    one, two = talk(ada, "One"), talk(ada, "Two")

    one.backup()

    assert (unsaved(ada), waiting_rows(ada)) == (["Two"], 3)
    assert backed_up(ada) == {"One": True, "Two": False}
    add_messages(ada._session.store, ada.user, one, "One more")
    assert unsaved(ada) == ["One", "Two"]
    two.backup()
    ada.forget(two)
    assert unsaved(ada) == ["One", "Two"]
    two.rename("Two again")
    ada.backup()
    assert (unsaved(ada), waiting_rows(ada)) == ([], 0)


def test_what_was_deleted_again_does_not_wait(ada):
    kept = talk(ada, "Kept")
    ada.backup()
    gone = talk(ada, "Gone")

    ada.chats.delete(gone.id)

    assert (unsaved(ada), waiting_rows(ada)) == ([], 0)
    assert unsaved_chats(ada._session, [kept.id, gone.id]) == set()


def test_a_chat_with_a_row_that_the_server_refused_is_not_saved(ada):
    chat = talk(ada, "Broken", "fine", "a NUL: \x00")
    talk(ada, "Whole")

    ada.backup()

    assert (unsaved(ada), waiting_rows(ada)) == (["Broken"], 0)
    assert unsaved_chats(ada._session, [chat.id]) == {chat.id}


def test_a_forgotten_chat_is_not_saved_until_it_goes_on_and_is_sent_again(ada):
    chat = talk(ada)
    ada.backup()

    ada.forget(chat)
    forgotten = unsaved(ada)
    ada.chats.get(chat.id).rename("Birds again")
    ada.backup()

    assert (forgotten, unsaved(ada)) == (["Birds"], [])


def test_the_chats_of_others_are_neither_named_nor_counted(ada, people):
    talk(ada)
    ada.backup()
    ada.logout()
    bob = people.connect()
    bob.register(BOB, password=OTHER_PASSWORD, stay=False)
    his = talk(bob, "His")
    bob.backup()
    add_messages(bob._session.store, bob.user, his, "New")
    hers = people.connect()
    hers.login(ADA, password=PASSWORD, stay=False)

    assert (unsaved(hers), waiting_rows(hers)) == ([], 0)
    assert unsaved_chats(hers._session, [his.id]) == set()
    assert (unsaved(bob), waiting_rows(bob)) == (["His"], 1)


def test_without_an_account_no_backup_is_possible_and_no_chat_is_saved(people):
    ws = people.connect()
    talk(ws)

    assert read_backup_state(ws._session) == BackupState(is_possible=False)
    assert unsaved(ws) == ["Birds"]
    assert backed_up(ws) == {"Birds": False}


def test_a_local_postgresql_store_is_never_backed_up(postgres_url, tmp_path, quick_argon2):
    with world(postgres_url, f"sqlite:///{tmp_path / 'server.db'}") as people:
        ws = people.connect()
        ws.register(ADA, password=PASSWORD, stay=False)
        talk(ws)

        assert read_backup_state(ws._session) == BackupState(is_possible=False)
        assert backed_up(ws) == {"Birds": False}


def test_the_history_tells_which_chats_are_in_the_backup_without_asking_the_server(
    sqlite_url, postgres_url, quick_argon2
):
    with DelayProxy(postgres_url) as proxy, world(sqlite_url, proxy.url) as people:
        ws = people.connect()
        ws.register(ADA, password=PASSWORD, stay=False)
        talk(ws, "Old")
        ws.backup()
        talk(ws, "New")
        proxy.reset()

        assert backed_up(ws) == {"Old": True, "New": False}
        assert ws.history.chats()["backed_up"].dtype == bool
        assert read_backup_state(ws._session).waiting == 3
        assert (proxy.counts.connections, proxy.counts.round_trips) == (0, 0)


@pytest.mark.parametrize("is_measured", [False, True])
def test_what_waits_is_found_from_what_is_new_and_not_from_the_history(scene, known, is_measured):
    scene.fill(chats=300, messages=10)
    scene.backup()
    if is_measured:
        scene.write("ANALYZE")
    place = {
        "acked": 0,
        "user": scene.user.id,
        "target": target_of(scene.remote.address, scene.user.id),
        "without": "[]",
    }

    with reading(scene.local) as connection:
        plans = [
            row[3]
            for query in (waiting._ROWS, waiting._CHATS, waiting._FORGOTTEN)
            for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", place)
        ]

    assert not [plan for plan in plans if plan.startswith(("SCAN chats", "SCAN messages", "SCAN message_att"))]
    assert not [plan for plan in plans if plan.startswith("SEARCH") and "user_id" in plan]
    assert any("primer_journal USING INTEGER PRIMARY KEY" in plan for plan in plans)
