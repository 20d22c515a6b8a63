"""The history of an SQLite file holds whatever other programs wrote there, value for value."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime

import pandas as pd
import pytest
from builders import add_chat, add_user
from history_rows import history_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primer_nb import times
from primer_nb.database import open_store

COLUMNS = ("id", "content", "role", "tokens", "created_at")


@pytest.fixture
def store(sqlite_url):
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def user(store):
    return add_user(store)


@pytest.fixture
def write(store, user):
    """Return a function that writes rows of messages as another program would, in place of those before."""
    chat = add_chat(store, user)
    other = sqlite3.connect(store.address.path, isolation_level=None)
    other.execute("PRAGMA ignore_check_constraints = ON")

    def replace(rows, columns=COLUMNS):
        other.execute("BEGIN")
        other.execute("DELETE FROM completions")
        other.execute("DELETE FROM messages")
        marks = ", ".join("?" * (len(columns) + 1))
        statement = f"INSERT INTO messages (chat_id, {', '.join(columns)}) VALUES ({marks})"
        other.executemany(statement, [(chat.id, *row) for row in rows])
        other.execute("COMMIT")
        return other

    yield replace
    other.close()


# Separators, quotes, NUL, characters of one to four bytes: what could break a way of gluing values together.
TEXTS = st.text(st.sampled_from("a,\x00\x1e\x1f\"'\\\n\r\u00e9\u4e2d\U0001f426"), max_size=12) | st.text(max_size=300)
TIMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["2024-01-15 10:30:00", "2024-01-15T10:30:00", "2024-01-16T00:00:00"]),
    st.sampled_from(["", ".5", ".123456", ".123456789"]),
    st.sampled_from(["", "Z", "+00:00", "-01:00"]),
)
ROWS = st.lists(
    st.tuples(
        st.uuids(version=4).map(str) | st.text(min_size=1, max_size=5),
        TEXTS,
        st.sampled_from(["user", "assistant", "tool", "a,b", "", "\x00in", "a\x1eb", "\x1e", "\x1f", "\x1f\x1f"]),
        st.integers(-(2**63) + 1, 2**63 - 1),
        TIMES,
    ),
    max_size=30,
    unique_by=lambda row: row[0],
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(ROWS)
def test_every_value_comes_back_as_it_was_written(store, user, write, rows):
    write(rows)

    frame = history_of(store, user).messages(columns=COLUMNS)

    expected = sorted(rows, key=lambda row: (times.parse(row[4]), row[0].encode()))
    assert list(frame["id"]) == [row[0] for row in expected]
    assert list(frame["content"]) == [row[1] for row in expected]
    assert list(frame["role"]) == [row[2] for row in expected]
    assert list(frame["tokens"]) == [row[3] for row in expected]
    assert list(frame["created_at"]) == [times.parse(row[4]) for row in expected]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(ROWS, TIMES, TIMES)
def test_a_span_is_exact_whatever_the_spelling(store, user, write, rows, one, other):
    write(rows)
    since, until = sorted([times.parse(one), times.parse(other)])

    frame = history_of(store, user).messages(since=since, until=until, columns=["id"])

    assert set(frame["id"]) == {row[0] for row in rows if since <= times.parse(row[4]) <= until}


def test_messages_that_were_deleted_leave_no_trace(store, user, write):
    times_of = [f"2024-01-15T10:{minute:02}:00Z" for minute in range(60)]
    other = write([(f"m{n:02}", "x" * n, "user", n, moment) for n, moment in enumerate(times_of)])
    other.execute("DELETE FROM messages WHERE tokens BETWEEN 10 AND 49")

    assert history_of(store, user).messages()["tokens"].tolist() == [*range(10), *range(50, 60)]


def test_bytes_that_are_no_text_are_shown_as_such(store, user, write):
    other = write([("a", "before", "user", 1, "2024-01-15"), ("b", "behind", "user", 1, "2024-01-16")])
    other.execute("UPDATE messages SET content = CAST(x'61ff62' AS TEXT) WHERE id = 'a'")

    assert history_of(store, user).messages()["content"].tolist() == ["a\ufffdb", "behind"]


def test_a_blob_is_read_as_text(store, user, write):
    write([("a", "caf\u00e9".encode(), "user", 1, "2024-01-15")])

    assert history_of(store, user).messages()["content"].tolist() == ["caf\u00e9"]


def test_a_time_that_nobody_can_read_is_missing_and_comes_last(store, user, write):
    write([("a", "1", "user", 0, "yesterday"), ("b", "2", "user", 0, "2024-01-15"), ("c", "3", "user", 0, "")])

    frame = history_of(store, user).messages(columns=["content", "created_at"])

    assert frame["content"].tolist() == ["2", "1", "3"]
    assert frame["created_at"].isna().tolist() == [False, True, True]


def test_a_row_without_an_id_is_still_a_row(store, user, write):
    write([(None, "x", "user", 0, "2024-01-15"), (None, "y", "user", 0, "2024-01-15")])

    frame = history_of(store, user).messages()

    assert frame["id"].isna().all()
    assert sorted(frame["content"]) == ["x", "y"]


def test_numbers_that_are_none_do_not_stop_the_rest(store, user, write):
    write([("a", "x", "user", "many", "2024-01-15"), ("b", "y", "user", 2.75, "2024-01-16")])

    assert history_of(store, user).messages()["tokens"].tolist() == [0, 2]


def test_a_message_of_no_chat_belongs_to_nobody(store, user, write):
    other = write([("a", "x", "user", 0, "2024-01-15")])
    other.execute("PRAGMA foreign_keys = OFF")
    other.execute("INSERT INTO messages VALUES ('b', 'no such chat', 'user', 'y', '2024-01-15', 0)")

    assert history_of(store, user).messages()["id"].tolist() == ["a"]


@pytest.mark.parametrize("text", ["\x1e", "\x1f", "a\x1eb", "\x1f\x1e", ""])
def test_a_missing_text_is_told_from_one_that_looks_like_it(store, user, write, text):
    other = write([(f"m{n}", "x", "assistant", 0, f"2024-01-1{n}") for n in range(4)])
    other.execute(
        "INSERT INTO completions (message_id, provider, model) VALUES ('m1', ?, NULL), ('m3', NULL, ?)", (text,) * 2
    )

    frame = history_of(store, user).messages(columns=["provider", "model"])

    assert frame["provider"].astype(object).where(frame["provider"].notna(), None).tolist() == [
        None,
        text,
        None,
        None,
    ]
    assert frame["model"].astype(object).where(frame["model"].notna(), None).tolist() == [None, None, None, text]


def test_a_separator_in_a_text_does_not_move_the_border_between_two(store, user, write):
    write([("m1", "x", "a", 0, "2024-01-15"), ("m2", "x", "b\x1exyz", 0, "2024-01-16")])

    assert history_of(store, user).messages()["role"].tolist() == ["a", "b\x1exyz"]


def test_what_a_completion_leaves_open_is_missing(store, user, write):
    other = write([("a", "x", "assistant", 0, "2024-01-15"), ("b", "y", "assistant", 0, "2024-01-16")])
    other.execute("INSERT INTO completions (message_id) VALUES ('a')")
    other.execute(
        "INSERT INTO completions (message_id, model, prompt_tokens, duration) VALUES ('b', 'm,m', -1, 9e999)"
    )

    frame = history_of(store, user).messages()

    assert frame.loc[0, "provider":"model"].isna().all()
    assert frame.loc[0, "prompt_tokens":"parent_id"].isna().all()
    assert frame.loc[1, ["model", "prompt_tokens", "duration"]].tolist() == ["m,m", -1, float("inf")]


def test_long_messages_among_short_ones_come_whole(store, user, write):
    sizes = [3_000_000, 1, 20_000_000, 0, 7, 5_000_000]
    moments = [f"2024-01-{day + 1:02}" for day in range(len(sizes))]
    write([(f"m{n}", "\u00e9" * size, "user", 0, moments[n]) for n, size in enumerate(sizes)])

    frame = history_of(store, user).messages(columns=["content", "characters"])

    assert frame["content"].str.len().tolist() == frame["characters"].tolist() == sizes


def test_more_text_than_sqlite_makes_one_value_of_comes_in_smaller_pieces(store, user, write):
    write([(f"m{n:03}", "x" * 1000, "user", 0, "2024-01-15") for n in range(300)])
    with store.unit_of_work() as work:  # one connection only, so that the limit holds for the next reader
        work.connection.connection.driver_connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 50_000)

    frame = history_of(store, user).messages()

    assert frame["content"].tolist() == ["x" * 1000] * 300
    assert frame["id"].is_monotonic_increasing


def test_many_messages_come_in_order_across_all_pieces(store, user, write):
    count = 30_000
    moments = [datetime.fromtimestamp(1_700_000_000 + n * 7919 % count, UTC) for n in range(count)]
    write([(f"m{n}", f"text {n}", "user", n, times.to_text(moment)) for n, moment in enumerate(moments)])

    frame = history_of(store, user).messages(columns=COLUMNS)

    order = sorted(range(count), key=moments.__getitem__)
    assert frame["tokens"].tolist() == order
    assert frame["content"].tolist() == [f"text {n}" for n in order]
    assert frame["created_at"].tolist() == [pd.Timestamp(moments[n]) for n in order]


def test_a_file_that_spells_its_texts_in_utf_16_is_read_too(tmp_path):
    path = tmp_path / "utf16.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA encoding = 'UTF-16le'")
        other.execute("CREATE TABLE anything (x)")
    store = open_store(path)
    user = add_user(store)
    chat = add_chat(store, user, "caf\u00e9 \U0001f426")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        row = ("a", chat.id, "user", "\u4e2d,\x00 \U0001f426", "2024-01-15T10:30:00.000000+00:00", 5)
        other.execute(
            "INSERT INTO messages (id, chat_id, role, content, created_at, tokens) VALUES (?, ?, ?, ?, ?, ?)", row
        )

    frame = history_of(store, user).messages()
    store.close()

    assert frame.loc[0, ["id", "chat_title", "role", "content", "tokens"]].tolist() == [
        "a",
        "caf\u00e9 \U0001f426",
        "user",
        "\u4e2d,\x00 \U0001f426",
        5,
    ]
    assert frame.loc[0, "created_at"] == pd.Timestamp("2024-01-15 10:30", tz="UTC")
