"""Repositories: each adds, reads, changes and deletes for its owner only, in both databases."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages, add_user, make_message

from primer_nb import ids, times
from primer_nb.errors import (
    ChatNotFoundError,
    MessageNotFoundError,
    NotFoundError,
)
from primer_nb.tables import (
    ApiKey,
    AuditLogEntry,
    ChatSettings,
    ChatTag,
    Completion,
    Draft,
    KeySlot,
    MessageAttachment,
    RefreshToken,
    UserApiKey,
    UserSettings,
)


def test_messages_come_back_as_they_were_written(store):
    user = add_user(store)
    chat = add_chat(store, user)

    written = add_messages(
        store, user, chat, "Wie heißt der Vogel?", "日本語 🎉", "'; DROP TABLE messages; --", "\r\n\t"
    )

    with store.unit_of_work(user.id, read_only=True) as work:
        read = list(work.messages.newest_first(chat.id, step=3))
    assert [(m.id, m.content, m.created_at) for m in reversed(read)] == [
        (m.id, m.content, m.created_at) for m in written
    ]


def test_a_message_cannot_go_into_another_users_chat(store):
    ada, eve = add_user(store), add_user(store, "eve@example.org")
    chat = add_chat(store, ada)

    with pytest.raises(ChatNotFoundError), store.unit_of_work(eve.id) as work:
        work.messages.add(make_message(chat))


@pytest.mark.parametrize("key", ["", "no such chat", "00000000-0000-7000-8000-000000000000", "x" * 10_000])
def test_an_unknown_id_is_not_found_in_either_database(store, key):
    user = add_user(store)

    with pytest.raises(ChatNotFoundError), store.unit_of_work(user.id, read_only=True) as work:
        work.chats.get(key)
    with pytest.raises(MessageNotFoundError), store.unit_of_work(user.id, read_only=True) as work:
        work.messages.get(key)


def _one_of_each(user, chat, message):
    now = times.now()
    owner = {"id": ids.new_id(), "user_id": user.id, "created_at": now}
    return {
        "user_api_keys": UserApiKey(**owner, provider="openai", api_key="sealed"),
        "user_settings": UserSettings(user_id=user.id, created_at=now, updated_at=now),
        "refresh_tokens": RefreshToken(**owner, token="digest", family=ids.new_id(), expires_at=now),
        "api_keys": ApiKey(**owner, key="digest", name="nightly"),
        "key_slots": KeySlot(**owner, kind="password", kdf="argon2id", sealed_key="sealed"),
        "audit_log": AuditLogEntry(**owner, action="sign-in"),
        "completions": Completion(message_id=message.id, provider="openai", model="gpt"),
        "chat_settings": ChatSettings(chat_id=chat.id, created_at=now, updated_at=now),
        "chat_tags": ChatTag(chat_id=chat.id, tag="birds", created_at=now),
        "message_attachments": MessageAttachment(
            id=ids.new_id(), message_id=message.id, name="a.txt", media_type="text/plain", size=1, sha256="0" * 64,
            content=b"a", created_at=now,
        ),
        "drafts": Draft(
            message_id=ids.new_id(), chat_id=chat.id, content="so far", owner="x", started_at=now, updated_at=now
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(_one_of_each(*[type("", (), {"id": ids.new_id()})] * 3)))
def test_every_repository_adds_reads_updates_and_deletes_for_its_owner_only(store, name):
    ada, eve = add_user(store), add_user(store, "eve@example.org")
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    row = _one_of_each(ada, chat, message)[name]
    key = next(getattr(row, column.name) for column in type(row).__table__.primary_key.columns)

    with store.unit_of_work(eve.id) as work, pytest.raises(NotFoundError):
        getattr(work, name).add(row)
    with store.unit_of_work(ada.id) as work:
        getattr(work, name).add(row)
        work.commit()
    with store.unit_of_work(eve.id) as work:
        assert getattr(work, name).list() == []
        for attempt in ("get", "delete"):
            with pytest.raises(NotFoundError):
                getattr(getattr(work, name), attempt)(key)
        with pytest.raises(NotFoundError):
            getattr(work, name).update(row)
    with store.unit_of_work(ada.id) as work:
        assert getattr(work, name).get(key).model_dump() == row.model_dump()
        getattr(work, name).update(row)
        getattr(work, name).delete(key)
        assert getattr(work, name).list() == []
        work.commit()


def test_deleting_a_user_deletes_what_is_theirs(store):
    ada = add_user(store)
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    with store.unit_of_work() as work:
        for name, row in _one_of_each(ada, chat, message).items():
            getattr(work, name).add(row)
        work.commit()

    with store.unit_of_work() as work:
        work.users.delete(ada.id)
        work.commit()

    with store.unit_of_work(read_only=True) as work:
        assert work.user_api_keys.list() == work.refresh_tokens.list() == work.api_keys.list() == []
        assert [entry.user_id for entry in work.audit_log.list()] == [None]
        # in SQLite chats have no foreign key to users: the file may hold chats only
        assert (work.chats.list() == []) == (store.dialect == "postgresql")


def test_deleting_a_chat_deletes_what_hangs_on_it(store):
    ada = add_user(store)
    chat = add_chat(store, ada)
    (message,) = add_messages(store, ada, chat, "hello")
    with store.unit_of_work() as work:
        for name, row in _one_of_each(ada, chat, message).items():
            getattr(work, name).add(row)
        work.commit()

    with store.unit_of_work(ada.id) as work:
        work.chats.delete(chat.id)
        work.commit()

    with store.unit_of_work(read_only=True) as work:
        for name in ("messages", "completions", "chat_settings", "chat_tags", "message_attachments", "drafts"):
            assert getattr(work, name).list() == [], name


def test_a_message_is_stored_in_one_statement(store):
    user = add_user(store)
    chat = add_chat(store, user)
    statements = []
    from sqlalchemy import event

    with store.unit_of_work(user.id) as work:
        event.listen(store.engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
        work.messages.add(make_message(chat))

    assert [text.split()[0] for text in statements] == ["INSERT"]
