"""The unit of work: it commits, rolls back by default, and rolls back on error."""

from __future__ import annotations

import pytest
from builders import add_chat, add_user, make_message
from sqlalchemy import event

from primer_nb import times
from primer_nb.errors import StoreError
from primer_nb.tables import Chat


def test_what_is_committed_is_there(store):
    user = add_user(store)

    chat = add_chat(store, user)

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.chats.get(chat.id).title == "Birds"


def test_what_is_not_committed_never_happened(store):
    user = add_user(store)
    chat = add_chat(store, user)

    with store.unit_of_work(user.id) as work:
        work.messages.add(make_message(chat))

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.messages.list() == []


def test_an_error_undoes_everything(store):
    user = add_user(store)
    chat = add_chat(store, user)

    with pytest.raises(RuntimeError, match="on purpose"), store.unit_of_work(user.id) as work:
        work.messages.add(make_message(chat))
        raise RuntimeError("on purpose")

    with store.unit_of_work(user.id, read_only=True) as work:
        assert work.messages.list() == []


def test_a_row_that_a_rule_refuses_is_a_store_error_without_its_values(store):
    user = add_user(store)
    chat = add_chat(store, user)
    message = make_message(chat, "a secret text")

    with pytest.raises(StoreError) as caught, store.unit_of_work(user.id) as work:
        work.messages.add(message)
        work.messages.add(message)

    assert "a secret text" not in f"{caught.value} {caught.value.__cause__}"


def test_a_commit_that_fails_keeps_nobody_waiting(store):
    user = add_user(store)
    event.listen(store.engine, "commit", _fail)
    with pytest.raises(RuntimeError, match="on purpose"), store.unit_of_work(user.id) as work:
        work.users.lock(user.id)
        work.commit()
    event.remove(store.engine, "commit", _fail)

    with store.unit_of_work(user.id) as work:
        if store.dialect == "postgresql":
            work.connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        work.users.lock(user.id)
        work.chats.add(Chat(user_id=user.id, title="Birds", created_at=times.now(), updated_at=times.now()))
        work.commit()


def _fail(_connection):
    raise RuntimeError("on purpose")
