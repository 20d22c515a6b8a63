"""A small known history of two users, for the tests of the frames; the same rows in either kind of store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from builders import add_user

from primer_nb.database import Store
from primer_nb.history import History
from primer_nb.providers.catalogue import Providers
from primer_nb.session import Session
from primer_nb.tables import Chat, ChatTag, Completion, Message, User

START = datetime(2026, 1, 30, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Give the time so many minutes after the first message."""
    return START + timedelta(minutes=minutes)


def number(value: int) -> str:
    """Make an id that sorts like its number."""
    return f"01900000-0000-7000-8000-{value:012d}"


@dataclass
class Known:
    """What `fill` put into a store."""

    user: User
    stranger: User
    birds: Chat
    cooking: Chat
    empty: Chat
    messages: list[str] = field(default_factory=list)


def history_of(store: Store, user: User) -> History:
    """Make the history of a user."""
    return History(Session(store, user, Providers()))


def add(store: Store, user: User, *rows: Any) -> None:
    """Insert chats, messages, completions and tags."""
    places = {Chat: "chats", Message: "messages", Completion: "completions", ChatTag: "chat_tags"}
    with store.unit_of_work(user.id) as work:
        for row in rows:
            getattr(work, places[type(row)]).add(row)
        work.commit()


def chat(value: int, user: User, title: str | None, *, minutes: float = 0, model: str | None = None) -> Chat:
    """Make a chat without inserting it."""
    times = {"created_at": at(minutes), "updated_at": at(minutes + 1)}
    return Chat(id=number(value), user_id=user.id, title=title, model=model, **times)


def message(value: int, of: Chat, role: str, content: str, *, minutes: float, tokens: int = 0) -> Message:
    """Make a message without inserting it."""
    return Message(id=number(value), chat_id=of.id, role=role, content=content, tokens=tokens, created_at=at(minutes))


def fill(store: Store) -> Known:
    """Insert three chats of one user and one of another."""
    user, stranger = add_user(store), add_user(store, "eve@example.org")
    birds, cooking = chat(1, user, "Birds"), chat(2, user, "Cooking", minutes=5, model="chat-model")
    empty, foreign = chat(3, user, None, minutes=9), chat(4, stranger, "Birds")
    add(store, user, birds, cooking, empty, ChatTag(chat_id=birds.id, tag="nature"))
    add(
        store,
        user,
        message(10, birds, "system", "Be brief.", minutes=0),
        message(11, birds, "user", "Why do birds sing? 100%", minutes=1, tokens=7),
        message(12, birds, "assistant", "To court, and to warn.\nÄhnlich bei Fröschen.", minutes=3, tokens=9),
        message(13, birds, "user", "And owls?", minutes=10),
        message(14, birds, "assistant", "They hoot.", minutes=11, tokens=4),
        # written last, but earlier than most: the order of the rows is not the order of the times
        message(21, cooking, "user", "Boil_an EGG", minutes=2, tokens=3),
        message(22, cooking, "assistant", "Six minutes.", minutes=2, tokens=2),
        Completion(message_id=number(13), parent_id=number(12)),
        Completion(
            message_id=number(12),
            provider="openai",
            model="big",
            prompt_tokens=21,
            completion_tokens=9,
            time_to_first_token=0.1,
            duration=1 / 3,
            finish_reason="stop",
            parent_id=number(11),
        ),
        Completion(message_id=number(14), provider="local", model="small", finish_reason="stopped"),
    )
    add(store, stranger, foreign, message(90, foreign, "user", "mine: birds", minutes=1))
    return Known(user, stranger, birds, cooking, empty, [number(n) for n in (10, 11, 21, 22, 12, 13, 14)])
