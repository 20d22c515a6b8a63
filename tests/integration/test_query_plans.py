"""The documented queries, and those of our repositories, use an index and do not sort, in both databases."""

from __future__ import annotations

import pytest
from builders import add_chat, add_user
from sqlalchemy import event, text

from primer_nb import times
from primer_nb.database import open_store
from primer_nb.errors import NotFoundError

# As the two schema documents give them; :key is the value looked for.
DOCUMENTED = {
    "find user by email": ("SELECT * FROM users WHERE email = :key", "users"),
    "get user's API keys": ("SELECT * FROM user_api_keys WHERE user_id = :key", "user_api_keys"),
    "get API keys of a provider": ("SELECT * FROM user_api_keys WHERE provider = :key", "user_api_keys"),
    "get chat messages": ("SELECT * FROM messages WHERE chat_id = :key ORDER BY created_at", "messages"),
    "get chat messages in full order": (
        "SELECT * FROM messages WHERE chat_id = :key ORDER BY created_at, id",
        "messages",
    ),
    "list a user's chats": ("SELECT * FROM chats WHERE user_id = :key", "chats"),
    "list a user's chats, newest first": (
        "SELECT * FROM chats WHERE user_id = :key ORDER BY updated_at DESC",
        "chats",
    ),
    "newest messages of all": ("SELECT * FROM messages ORDER BY created_at DESC LIMIT 20", "messages"),
    "refresh tokens of a user": ("SELECT * FROM refresh_tokens WHERE user_id = :key", "refresh_tokens"),
    "programmatic keys of a user": ("SELECT * FROM api_keys WHERE user_id = :key", "api_keys"),
    "a programmatic key": ("SELECT * FROM api_keys WHERE key = :key", "api_keys"),
    "an admin setting": ("SELECT * FROM admin_settings WHERE key = :key", "admin_settings"),
}


@pytest.fixture(scope="module")
def stores(postgres_server, tmp_path_factory):
    """One store of each kind, with some thousand rows."""
    with postgres_server.database() as url:
        opened = {
            "postgresql": open_store(url),
            "sqlite": open_store(tmp_path_factory.mktemp("plans") / "store.db"),
        }
        for store in opened.values():
            _fill(store)
        yield opened
        for store in opened.values():
            store.close()


def _fill(store) -> None:
    users = [add_user(store, f"{number}@example.org") for number in range(50)]
    now = times.now()
    stamp = times.to_text(now) if store.dialect == "sqlite" else now
    chats = [add_chat(store, user, f"chat {number}") for user in users[:40] for number in range(5)]
    rows = []
    for number in range(4_000):
        user, chat = users[number % 50], chats[number % 200]
        key = f"00000000-0000-7000-8000-{number:012d}"
        rows.append({"id": key, "user": user.id, "chat": chat.id, "at": stamp, "text": f"text {number}"})
    statements = {
        "messages": "(id, chat_id, role, content, created_at) VALUES (:id, :chat, 'user', :text, :at)",
        "user_api_keys": "(id, user_id, provider, api_key, created_at) VALUES (:id, :user, :text, 'sealed', :at)",
        "refresh_tokens": "(id, user_id, token, family, expires_at, created_at) "
        "VALUES (:id, :user, :text, :id, :at, :at)",
        "api_keys": "(id, user_id, key, name, created_at) VALUES (:id, :user, :text, 'n', :at)",
        "admin_settings": "(id, key, value, created_at, updated_at) VALUES (:id, :text, 'v', :at, :at)",
    }
    with store.engine.begin() as connection:
        for name, statement in statements.items():
            connection.execute(text(f"INSERT INTO {name} {statement}"), rows)
        connection.exec_driver_sql("ANALYZE")


def _plan(store, statement: str, parameters) -> str:
    explain = "EXPLAIN QUERY PLAN " if store.dialect == "sqlite" else "EXPLAIN "
    with store.engine.connect() as connection:
        if store.dialect == "postgresql":
            # Small tables are read whole whatever indexes there are: ask what the indexes can do.
            for other_way in ("seqscan", "bitmapscan", "sort"):
                connection.exec_driver_sql(f"SET LOCAL enable_{other_way} = off")
        if isinstance(statement, str) and parameters is None:
            rows = connection.exec_driver_sql(explain + statement).all()
        elif isinstance(parameters, dict) and ":key" in statement:
            rows = connection.execute(text(explain + statement), parameters).all()
        else:
            rows = connection.exec_driver_sql(explain + statement, parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def _assert_served_by_index(plan: str) -> None:
    for line in plan.splitlines():
        assert "Seq Scan" not in line, plan
        assert "Sort" not in line, plan
        assert "TEMP B-TREE" not in line, plan
        assert not line.startswith(("SCAN", "SEARCH")) or " USING " in line, plan


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", list(DOCUMENTED))
def test_a_documented_query_uses_an_index_and_no_sort(stores, dialect, name):
    statement, table = DOCUMENTED[name]
    store = stores[dialect]
    if ":key" in statement:
        column = statement.split("WHERE ")[1].split(" ")[0]
        with store.engine.connect() as connection:
            key = connection.execute(text(f"SELECT {column} FROM {table} LIMIT 1")).scalar_one()
        parameters = {"key": key}
    else:
        parameters = None

    _assert_served_by_index(_plan(store, statement, parameters))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_queries_of_sending_and_reading_use_indexes_and_no_sort(stores, dialect):
    store = stores[dialect]
    with store.unit_of_work(read_only=True) as work:
        user = work.users.get_by_email("3@example.org")
    executed = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            executed.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        with store.unit_of_work(user.id, read_only=True) as work:
            chat = work.chats.newest(limit=10)[0]
            first, *_ = work.messages.newest_first(chat.id, step=5)
            work.messages.find(chat.id, first.id)
            work.messages.get(first.id)
            for name in ("chat_settings", "completions"):
                with pytest.raises(NotFoundError):
                    getattr(work, name).get(chat.id)
    finally:
        event.remove(store.engine, "before_cursor_execute", note)

    assert len(executed) > 6
    for statement, parameters in executed:
        plan = _plan(store, statement, parameters)
        _assert_served_by_index(plan)
