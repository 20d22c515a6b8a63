"""What a user holds: the workspace, its chats, adopted files, and who works in them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from itertools import islice

import pytest
from builders import add_chat, add_user

import primer_nb
from primer_nb.errors import ChatNotFoundError, InvalidInputError, StoreError
from primer_nb.use_cases.messages import branch_page


@pytest.fixture
def ws(store_url):
    with primer_nb.connect(store_url) as workspace:
        yield workspace


def test_a_chat_is_made_found_renamed_and_deleted(ws):
    chat = ws.chats.create("Birds", model="some-model")

    assert ws.chats["Birds"] == ws.chats.get(chat.id) == chat
    assert chat.model == "some-model"
    chat.rename("  Owls  ")
    assert ws.chats["Owls"].title == "Owls"
    assert ws.chats.rename(chat, "Eagles").title == "Eagles"
    chat.delete()
    with pytest.raises(ChatNotFoundError):
        ws.chats["Eagles"]
    with pytest.raises(ChatNotFoundError):
        chat.delete()


def test_chats_are_listed_with_the_last_changed_first(ws):
    titles = ["one", "two", "three"]
    for title in titles:
        ws.chats.create(title)
    ws.chats["one"].rename("one again")

    assert [chat.title for chat in ws.chats] == ["one again", "three", "two"]
    assert len(ws.chats) == 3


def test_of_two_chats_with_one_title_the_last_changed_is_found(ws):
    ws.chats.create("Birds")
    second = ws.chats.create("Birds")

    assert ws.chats["Birds"] == second


def test_chats_are_found_by_title_and_by_what_was_said(ws):
    ws.chats.create("Über Vögel")
    ws.chats.create("100% sure_thing")
    ws.chats.create("1000 things")

    assert [chat.title for chat in ws.chats.search("vögel")] == ["Über Vögel"]
    assert [chat.title for chat in ws.chats.search("100%")] == ["100% sure_thing"]
    assert [chat.title for chat in ws.chats.search("e_t")] == ["100% sure_thing"]
    with pytest.raises(InvalidInputError):
        ws.chats.search("")


@pytest.mark.parametrize("title", ["", "   ", "x" * 256, "a\x00b", "\udcff", 5])
def test_a_title_that_no_database_keeps_is_refused(ws, title):
    with pytest.raises(InvalidInputError):
        ws.chats.create(title)

    assert len(ws.chats) == 0


def test_titles_complete_with_the_tab_key(ws):
    ws.chats.create("Birds")
    ws.chats.create()

    assert ws.chats._ipython_key_completions_() == ["Birds"]


def test_the_local_user_stays_the_same(store_url):
    with primer_nb.connect(store_url) as ws:
        first = ws.user
    with primer_nb.connect(store_url) as ws:
        second = ws._session.user

    assert first.id == second.id
    assert second.password_hash == "!"


def test_the_user_is_a_copy_and_holds_no_hash(ws):
    other = add_user(ws._session.store)
    add_chat(ws._session.store, other, "Hers")
    before = ws.user.id

    ws.user.id = other.id

    assert ws.user.id == before
    assert len(ws.chats) == 0
    assert not ws.user.password_hash


def test_what_is_said_to_people_is_one_line_without_secrets(ws):
    chat = ws.chats.create("Birds")

    for thing in (ws, ws.chats, chat, ws._session, ws._session.store, ws.user):
        assert "\n" not in repr(thing)
        assert len(repr(thing)) < 300


def test_a_workspace_may_be_closed_twice(ws):
    ws.close()

    assert ws.close() is None


def test_the_default_store_is_in_the_users_data_folder(primer_home):
    with primer_nb.connect() as ws:
        ws.chats.create("Birds")

    assert (primer_home / "data" / "primer.db").is_file()


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIMER_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")

    with primer_nb.connect():
        pass

    assert (tmp_path / "other.db").is_file()


_PRIMER = """
CREATE TABLE chats (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, title TEXT, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL);
CREATE INDEX idx_chats_user_id ON chats(user_id);
CREATE TABLE messages (id TEXT PRIMARY KEY, chat_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,
    created_at TEXT NOT NULL, FOREIGN KEY (chat_id) REFERENCES chats(id) ON DELETE CASCADE);
CREATE INDEX idx_messages_chat_id ON messages(chat_id);
CREATE INDEX idx_messages_created_at ON messages(created_at);
INSERT INTO chats VALUES ('c1', 'ada', 'From Primer', '2024-01-15 10:30:00', '2024-01-15T10:31:00Z');
INSERT INTO messages VALUES ('m1', 'c1', 'user', 'What is a group?', '2024-01-15 10:30:00');
INSERT INTO messages VALUES ('m2', 'c1', 'assistant', 'A set with ...', '2024-01-15T10:30:01.123456789Z');
"""


def _make_primer_file(path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(_PRIMER)
    connection.close()


def test_the_chats_of_a_file_that_primer_made_are_the_local_users(tmp_path):
    _make_primer_file(tmp_path / "primer.db")

    with primer_nb.connect(tmp_path / "primer.db") as ws:
        chat = ws.chats["From Primer"]
        said = [(message.role, message.content, message.created_at.isoformat()) for message in chat.messages()]

    assert said == [
        ("user", "What is a group?", "2024-01-15T10:30:00+00:00"),
        ("assistant", "A set with ...", "2024-01-15T10:30:01.123456+00:00"),
    ]


@pytest.mark.parametrize(
    "spelling", ["2024-01-15 {}", "2024-01-15T{}+00:00", "2024-01-15T{}Z", "2024-01-15T{}.123456789Z"]
)
def test_a_long_chat_that_primer_made_is_read_page_by_page_without_a_repeat(tmp_path, spelling):
    _make_primer_file(tmp_path / "primer.db")
    clocks = [f"{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}" for number in range(250)]
    connection = sqlite3.connect(tmp_path / "primer.db")
    connection.execute("DELETE FROM messages")
    rows = [(f"m{n:03d}", "user", f"text {n}", spelling.format(clock)) for n, clock in enumerate(clocks)]
    connection.executemany("INSERT INTO messages VALUES (?, 'c1', ?, ?, ?)", rows)
    connection.commit()
    connection.close()

    with primer_nb.connect(tmp_path / "primer.db") as ws:
        with ws._session.read() as work:
            read = [message.id for message in islice(work.messages.newest_first("c1", step=7), 300)]
        last = branch_page(ws._session, "c1", limit=50)
        earlier = branch_page(ws._session, "c1", before=last.messages[0].id, limit=50)

    assert read == [row[0] for row in reversed(rows)]
    assert [message.id for message in (*earlier.messages, *last.messages)] == [row[0] for row in rows[150:]]


def test_a_file_of_several_people_is_opened_without_mixing_them(tmp_path):
    _make_primer_file(tmp_path / "primer.db")
    connection = sqlite3.connect(tmp_path / "primer.db")
    connection.execute("INSERT INTO chats VALUES ('c2', 'eve', 'Private', '2024-01-16', '2024-01-16')")
    connection.commit()
    connection.close()

    with primer_nb.connect(tmp_path / "primer.db") as ws:
        assert ws.chats.list() == []


def test_a_store_of_a_newer_release_is_refused_and_left_untouched(tmp_path):
    path = tmp_path / "store.db"
    primer_nb.connect(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE primer_alembic_version SET version_num = '29991231000000'")
    connection.commit()
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="newer"):
        primer_nb.connect(path)

    assert path.read_bytes() == before


def test_nobody_elses_chats_are_listed_or_searched(ws):
    store = ws._session.store
    add_chat(store, add_user(store, "eve@example.org"), "Private")

    assert ws.chats.list() == []
    assert ws.chats.search("Private") == []


def test_importing_and_connecting_load_nothing_heavy(primer_home):
    heavy = {"alembic", "pandas", "openai", "psycopg", "anywidget", "IPython", "markdown_it", "pyarrow", "psutil"}
    program = f"import primer_nb, sys; primer_nb.connect(); print(sorted({heavy} & set(sys.modules)))"
    primer_nb.connect().close()

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_exported_names_are_all_there():
    assert sorted(primer_nb.__all__) == dir(primer_nb)
    for name in primer_nb.__all__:
        assert getattr(primer_nb, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = primer_nb.nothing_like_it
