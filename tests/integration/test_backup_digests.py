"""Digests: equal for the same content whatever wrote it, different for any single change."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from backup_devices import make_scene
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primer_nb.backup.digests import buckets_of, local_digests, server_buckets, server_digests
from primer_nb.backup.server import connect_server
from primer_nb.backup.spelling import canonical_id, canonical_moment

MOMENT = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
ONE = "0190aaaa-0000-7000-8000-00000000000{}"
COLUMNS = {
    "chats": "id, user_id, title, model, created_at, updated_at",
    "messages": "id, chat_id, role, content, tokens, created_at",
    "completions": "message_id, provider, model, prompt_tokens, completion_tokens, time_to_first_token, duration, "
    "finish_reason, temperature, parent_id",
    "chat_settings": "chat_id, provider, model, temperature, max_tokens, system_prompt, created_at, updated_at",
    "chat_tags": "chat_id, tag, created_at",
    "message_attachments": "id, message_id, name, media_type, size, sha256, content, created_at",
}
OTHERS = {"created_at": MOMENT - timedelta(days=9), "updated_at": MOMENT + timedelta(microseconds=1)}
OTHERS |= dict.fromkeys(("title", "provider", "model", "finish_reason", "system_prompt", "tag", "name"), "other")
OTHERS |= dict.fromkeys(("media_type", "sha256", "role", "content"), "other")
OTHERS |= dict.fromkeys(("tokens", "prompt_tokens", "completion_tokens", "max_tokens", "size"), 77)
OTHERS |= dict.fromkeys(("time_to_first_token", "duration", "temperature"), 0.1 + 0.2)
OTHERS |= {"parent_id": ONE.format(8), "id": ONE.format(9), "message_id": ONE.format(2)}
# a set of tags and settings are replaced as they are; when they were first made is of no account
OF_NO_ACCOUNT = {("chat_settings", "created_at"), ("chat_tags", "created_at")}
KEYS = {("chats", "id"), ("chats", "user_id"), ("messages", "id"), ("messages", "chat_id")}
KEYS |= {("chat_settings", "chat_id"), ("chat_tags", "chat_id"), ("message_attachments", "id")}
CHANGES = [
    (table, column)
    for table, columns in COLUMNS.items()
    for column in columns.split(", ")
    if (table, column) not in OF_NO_ACCOUNT | KEYS
]


class Both:
    """A local file and a server that are given the same rows."""

    def __init__(self, scene) -> None:
        self.local = sqlite3.connect(scene.device().store.address.path, isolation_level=None)
        self.local.execute("PRAGMA foreign_keys = ON")
        self.server = connect_server(scene.server.address)

    def add_user(self) -> str:
        user = str(uuid.uuid4())
        self.server.execute(
            "INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES (%s, %s, '!', now(), now())",
            (user, f"{user}@example.org"),
        )
        return user

    def insert(self, table: str, *values, spell=lambda value: value) -> None:
        names = COLUMNS[table]
        self.server.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(values))})", values)
        spelled = [spell(value) for value in values]
        self.local.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", spelled)

    def clear(self) -> None:
        for database in (self.local, self.server):
            database.execute("DELETE FROM chats")

    def here(self, user: str, depth: int = 3):
        return local_digests(self.local, user, depth)

    def there(self, user: str, depth: int = 3):
        return server_digests(self.server, user, depth)


@pytest.fixture
def both(postgres_url, tmp_path):
    for scene in make_scene(postgres_url, tmp_path):
        made = Both(scene)
        with closing(made.local), made.server:
            yield made


def plain(value):
    return value.isoformat() if isinstance(value, datetime) else value


def fill(both: Both, user: str) -> str:
    chat, message, other = (ONE.format(number) for number in (1, 2, 3))
    both.insert("chats", chat, user, "Birds", "m", MOMENT, MOMENT, spell=plain)
    both.insert("messages", message, chat, "user", "hello", 1, MOMENT, spell=plain)
    both.insert("messages", other, chat, "assistant", "good day", 2, MOMENT, spell=plain)
    both.insert("completions", other, "openai", "m", 1, 2, 0.5, 1.5, "stop", 0.7, message, spell=plain)
    both.insert("chat_settings", chat, "openai", "m", 0.25, 9, "be kind", MOMENT, MOMENT, spell=plain)
    both.insert("chat_tags", chat, "work", MOMENT, spell=plain)
    both.insert("message_attachments", ONE.format(4), other, "a", "b/c", 2, "00", b"\x00\xff", MOMENT, spell=plain)
    return chat


@pytest.mark.parametrize(("table", "column"), CHANGES, ids=".".join)
def test_any_single_change_is_seen_at_depth_3(both, table, column):
    user = both.add_user()
    fill(both, user)
    assert both.here(user) == both.there(user)

    both.server.execute("SET session_replication_role = replica")  # a key may change without its parent
    changed = b"\x00\xfe" if (table, column) == ("message_attachments", "content") else OTHERS[column]
    where = {"completions": " WHERE message_id", "messages": " WHERE id"}.get(table)
    clause = f"{where} = '{ONE.format(3)}'" if where else ""
    both.server.execute(f"UPDATE {table} SET {column} = %s{clause}", (changed,))

    assert both.here(user) != both.there(user)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chats SET title = NULL",
        "UPDATE chats SET updated_at = updated_at + interval '1 microsecond'",
        "DELETE FROM messages WHERE role = 'user'",
        "DELETE FROM completions",
        "DELETE FROM chat_tags",
        "UPDATE chat_settings SET updated_at = now()",
        "DELETE FROM message_attachments",
        "DELETE FROM chats",
    ],
)
def test_what_is_there_and_what_a_chat_is_called_is_seen_at_depth_1(both, change):
    user = both.add_user()
    fill(both, user)

    both.server.execute(change)

    assert both.here(user, 1) != both.there(user, 1)


def test_depth_2_sees_lengths_and_depth_1_does_not(both):
    user = both.add_user()
    fill(both, user)

    both.server.execute("UPDATE messages SET content = content || 'é'")

    assert both.here(user, 1) == both.there(user, 1)
    assert both.here(user, 2) != both.there(user, 2)


def test_a_title_that_runs_into_the_next_field_is_another_title(both):
    user = both.add_user()
    both.insert("chats", ONE.format(1), user, "a|1:b", "c", MOMENT, MOMENT, spell=plain)

    both.server.execute("UPDATE chats SET title = 'a', model = 'b|1:c'")

    assert buckets_of(both.here(user)) != server_buckets(both.server, user, 3)


def test_only_the_users_chats_are_summed_up(both):
    user, stranger = both.add_user(), both.add_user()
    both.insert("chats", ONE.format(1), user, "mine", None, MOMENT, MOMENT, spell=plain)
    both.insert("chats", ONE.format(2), stranger, "theirs", None, MOMENT, MOMENT, spell=plain)

    assert list(both.here(user)) == list(both.there(user)) == [ONE.format(1)]


def test_some_chats_are_summed_up_as_among_all(both):
    user = both.add_user()
    chat = fill(both, user)
    both.insert("chats", ONE.format(7), user, "other", None, MOMENT, MOMENT, spell=plain)

    for depth in (1, 2, 3):
        some = {chat: both.there(user, depth)[chat]}
        assert local_digests(both.local, user, depth, chats=[chat]) == some
        assert server_digests(both.server, user, depth, chats=[chat]) == some
        assert server_digests(both.server, user, depth, buckets=[chat[-2:]]) == some


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
short = st.none() | texts
counts = st.none() | st.integers(-(2**31), 2**31 - 1)
numbers = st.none() | st.floats(allow_nan=False)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
identifiers = st.uuids().map(str)


@st.composite
def spelled_ids(draw, value: str) -> str:
    form = draw(st.sampled_from(["{0}", "{1}", "{2}", "{3}"]))
    return form.format(value, value.upper(), value.replace("-", ""), "{" + value + "}")


@st.composite
def spelled_moments(draw, value: datetime) -> str:
    offset = timezone(timedelta(minutes=draw(st.sampled_from([0, 0, 330, -300]))))
    shown = value.astimezone(offset)
    fraction = f"{value.microsecond:06}" + draw(st.sampled_from(["", "9", "999"]))
    fraction = fraction.rstrip("0") if draw(st.booleans()) else fraction
    zone = shown.isoformat()[-6:]
    if offset.utcoffset(None) == timedelta(0):
        zone = draw(st.sampled_from(["", "Z", "+00:00", " UTC", "+00"]))
    separator = draw(st.sampled_from(["T", " "]))
    clock = f"{shown:%H:%M:%S}" + (f".{fraction}" if fraction else "")
    return f"{shown.date().isoformat()}{separator}{clock}{zone}"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_same_content_has_the_same_digest_however_it_is_spelled(both, data):
    draw = data.draw
    both.clear()
    user = both.add_user()
    spellings: dict[str, str] = {}
    keys = st.uuids().map(str).filter(lambda key: key not in spellings)

    def spell(value):
        if isinstance(value, datetime):
            return draw(spelled_moments(value))
        is_key = isinstance(value, str) and value != user and canonical_id(value) is not None
        return spellings.setdefault(value, draw(spelled_ids(value))) if is_key else value

    for chat in draw(st.lists(keys, max_size=3, unique=True)):
        both.insert("chats", chat, user, draw(short), draw(short), draw(moments), draw(moments), spell=spell)
        both.insert(
            "chat_settings",
            *(chat, draw(short), draw(short), draw(numbers), draw(counts), draw(short)),
            *(draw(moments), draw(moments)),
            spell=spell,
        )
        for tag in draw(st.sets(texts, max_size=2)):
            both.insert("chat_tags", chat, tag, draw(moments), spell=spell)
        for message in draw(st.lists(keys, max_size=3, unique=True)):
            tokens = draw(st.integers(-(2**31), 2**31 - 1))
            both.insert("messages", message, chat, draw(texts), draw(texts), tokens, draw(moments), spell=spell)
            if draw(st.booleans()):
                both.insert(
                    "completions",
                    *(message, draw(short), draw(short), draw(counts), draw(counts), draw(numbers), draw(numbers)),
                    *(draw(short), draw(numbers), draw(st.none() | identifiers)),
                    spell=spell,
                )

    for depth in (1, 2, 3):
        here = both.here(user, depth)
        assert here == both.there(user, depth)
        assert buckets_of(here) == server_buckets(both.server, user, depth)


@given(value=st.uuids().map(str), data=st.data())
def test_every_spelling_of_an_identifier_has_one_canonical_spelling(value, data):
    assert canonical_id(data.draw(spelled_ids(value))) == value


@pytest.mark.parametrize("text", ["", "1", "g" * 32, "0190aaaa-0000-7000-8000-0000000000", "{" + "0" * 32, "é" * 32])
def test_what_is_no_identifier_has_no_canonical_spelling(text):
    assert canonical_id(text) is None


@given(value=moments, data=st.data())
def test_every_spelling_of_a_time_has_one_canonical_spelling(value, data):
    assert canonical_moment(data.draw(spelled_moments(value))) == value.isoformat(timespec="microseconds")


@pytest.mark.parametrize(
    "text", ["", "1712010312", "1712010312345", "20240101T000000", "yesterday", "2026-02-30 10:00"]
)
def test_what_is_no_time_has_no_canonical_spelling(text):
    assert canonical_moment(text) is None


def test_a_time_that_no_local_store_can_hold_differs_from_every_time(both):
    user = both.add_user()
    fill(both, user)

    both.server.execute("UPDATE chats SET updated_at = 'infinity'")

    assert both.there(user)[ONE.format(1)].updated_at == "?"


def test_minus_zero_is_zero_on_both_sides(both):
    user = both.add_user()
    fill(both, user)

    both.local.execute("UPDATE chat_settings SET temperature = ?", (0.0,))
    both.server.execute("UPDATE chat_settings SET temperature = %s", (-0.0,))

    assert both.here(user) == both.there(user)
