"""Make what tests need in one line: users, chats, messages, sessions."""

from __future__ import annotations

from datetime import datetime

from primer_nb import ids, times
from primer_nb.database import Store
from primer_nb.tables import Chat, Message, User
from primer_nb.workspace import ChatHandle


def add_user(store: Store, email: str = "ada@example.org") -> User:
    """Insert a user."""
    now = times.now()
    user = User(
        id=ids.new_id(), email=email, password_hash="!", name="", is_admin=False, created_at=now, updated_at=now
    )
    with store.unit_of_work() as work:
        work.users.add(user)
        work.commit()
    return user


def add_chat(store: Store, user: User, title: str | None = "Birds") -> Chat:
    """Insert a chat."""
    now = times.now()
    chat = Chat(id=ids.new_id(), user_id=user.id, title=title, model=None, created_at=now, updated_at=now)
    with store.unit_of_work(user.id) as work:
        work.chats.add(chat)
        work.commit()
    return chat


def make_message(chat: Chat, content: str = "hello", *, role: str = "user", at: datetime | None = None) -> Message:
    """Make a message without inserting it."""
    return Message(
        id=ids.new_id(), chat_id=chat.id, role=role, content=content, tokens=0, created_at=at or times.now()
    )


def add_messages(store: Store, user: User, chat: Chat, *contents: str) -> list[Message]:
    """Insert messages, questions and answers in turn."""
    messages = [
        make_message(chat, content, role=("user", "assistant")[number % 2]) for number, content in enumerate(contents)
    ]
    with store.unit_of_work(user.id) as work:
        for message in messages:
            work.messages.add(message)
        work.commit()
    return messages


def said(chat: ChatHandle) -> list[tuple[str, str]]:
    """Read who said what in the active branch of a chat."""
    return [(message.role, message.content) for message in chat.messages()]
