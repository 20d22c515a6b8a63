"""In PostgreSQL a message carries the user of its chat, whoever writes it."""

from __future__ import annotations

import pytest
from sample_rows import CHAT, FIRST, MESSAGE, OTHER_USER, ROWS, SECOND, TOKEN, USER, fill, insert
from schema_catalog import open_engine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from primer_nb.database import migrations

EVE = ROWS[FIRST]["users"] | {"id": OTHER_USER, "email": "eve@example.org"}


@pytest.fixture
def engine(postgres_url):
    opened = open_engine(postgres_url)
    migrations.upgrade(opened, to=SECOND)
    fill(opened, revision=FIRST)
    yield opened
    opened.dispose()


def users_of_messages(engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {
            str(message): str(user) for message, user in connection.execute(text("SELECT id, user_id FROM messages"))
        }


def test_older_messages_get_their_user(engine):
    migrations.upgrade(engine)

    assert users_of_messages(engine) == {MESSAGE: USER}


def test_a_message_from_a_writer_that_knows_no_user_gets_the_chats(engine):
    migrations.upgrade(engine)

    insert(engine, "messages", **ROWS[FIRST]["messages"] | {"id": TOKEN})

    assert users_of_messages(engine) == {MESSAGE: USER, TOKEN: USER}


def test_a_message_in_another_users_chat_is_refused(engine):
    migrations.upgrade(engine)
    insert(engine, "users", **EVE)

    with pytest.raises(IntegrityError, match="messages_chat_id_user_id_fkey"):
        insert(engine, "messages", **ROWS[FIRST]["messages"] | {"id": TOKEN, "user_id": OTHER_USER})


def test_a_message_without_a_chat_is_refused(engine):
    migrations.upgrade(engine)

    with pytest.raises(IntegrityError):
        insert(engine, "messages", **ROWS[FIRST]["messages"] | {"id": TOKEN, "chat_id": TOKEN})


def test_messages_move_with_their_chat_to_another_user(engine):
    migrations.upgrade(engine)
    insert(engine, "users", **EVE)

    with engine.begin() as connection:
        connection.execute(
            text("UPDATE chats SET user_id = :user WHERE id = :chat"), {"user": OTHER_USER, "chat": CHAT}
        )

    assert users_of_messages(engine) == {MESSAGE: OTHER_USER}
