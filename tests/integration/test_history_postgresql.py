"""Both ways of reading a PostgreSQL history give the same, and say clearly what went wrong."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from builders import add_chat, add_user
from history_rows import fill, history_of, message

from primer_nb.database import open_store
from primer_nb.errors import StoreUnavailableError
from primer_nb.history import postgresql_loader
from primer_nb.history.columns import MESSAGE_COLUMNS, ON_REQUEST
from primer_nb.history.filters import check_filters
from primer_nb.history.frames import make_frame
from primer_nb.history.selection import Selection

COLUMNS = MESSAGE_COLUMNS + ON_REQUEST


@pytest.fixture
def store(postgres_url):
    opened = open_store(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def known(store):
    return fill(store)


def read_both_ways(store, user, **filters):
    with store.unit_of_work(user.id, read_only=True) as work:
        selection = Selection(work.connection, user_id=user.id, filters=check_filters(**filters))
        query = selection.messages(COLUMNS)
        loaded = (
            postgresql_loader.load_by_adbc(work.connection, query, address=store.address),
            postgresql_loader.load_by_psycopg(work.connection, query),
        )
        return [make_frame(COLUMNS, rows=rows, batches=batches) for rows, batches in loaded]


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"since": "2026-01-30 12:01", "until": "2026-01-30", "role": ["user", "assistant"]},
        {"contains": "100%", "chat": "Birds"},
        {"contains": "Ä", "tag": "nature", "model": "big", "provider": "openai"},
        {"contains": "no such text"},
    ],
)
def test_both_ways_of_reading_are_equal(store, known, filters):
    adbc, psycopg = read_both_ways(store, known.user, **filters)

    pd.testing.assert_frame_equal(adbc, psycopg, check_exact=True)


def test_many_rows_come_in_several_batches_and_in_order(store):
    user = add_user(store)
    chat = add_chat(store, user)
    contents = [f"{n} \U0001f426" * (n % 50) for n in range(25_000)]
    with store.unit_of_work(user.id) as work:
        connection = work.connection.connection.driver_connection
        with connection.cursor().copy(
            "COPY messages (id, chat_id, user_id, role, content, created_at) FROM STDIN"
        ) as copy:
            for n, content in reversed(list(enumerate(contents))):
                row = message(n, chat, "user", content, minutes=n)
                copy.write_row((row.id, chat.id, user.id, row.role, content, row.created_at))
        work.commit()

    adbc, psycopg = read_both_ways(store, user)

    assert adbc["content"].tolist() == contents
    pd.testing.assert_frame_equal(adbc, psycopg, check_exact=True)


def test_times_are_utc_whatever_zone_the_server_has(store, known):
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql(
            f'ALTER DATABASE "{store.address.url.database}" SET timezone = "Asia/Kolkata"'
        )
        work.commit()
    store.engine.dispose()

    adbc, psycopg = read_both_ways(store, known.user)

    assert adbc["created_at"].iloc[0] == pd.Timestamp("2026-01-30 12:00", tz="UTC")
    pd.testing.assert_frame_equal(adbc, psycopg, check_exact=True)


def test_without_the_extra_the_frame_is_the_same(store, known, monkeypatch):
    history = history_of(store, known.user)
    with_extra = history.messages()
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)  # as if it were not installed

    without = history.messages()

    pd.testing.assert_frame_equal(without, with_extra, check_exact=True)


def test_a_server_that_is_gone_is_a_store_error_without_the_password(store, known):
    gone = store.address.url.set(host="127.0.0.1", port=1, password="geheim", query={})
    with store.unit_of_work(known.user.id, read_only=True) as work:
        query = Selection(work.connection, user_id=known.user.id, filters=check_filters()).messages(["id"])
        address = type(store.address)(url=gone)

        with pytest.raises(StoreUnavailableError) as caught:
            postgresql_loader.load_by_adbc(work.connection, query, address=address)

    assert "geheim" not in str(caught.value)
