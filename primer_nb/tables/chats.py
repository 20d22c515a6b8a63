"""Chats and what hangs on them: messages, settings, tags, attachments.

``chats`` and ``messages`` are Primer's documented tables; their keys are declared the way Primer declares them
(a TEXT key of SQLite takes NULL). What only PostgreSQL has of them is in ``primer_nb.tables.dialects``.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id, Moment, Seconds, text_up_to
from primer_nb.times import now


class Chat(Record, table=True):
    """A conversation of one user."""

    __tablename__ = "chats"
    __table_args__ = (
        Index("idx_chats_user_id", "user_id"),
        Index("idx_chats_created_at", "created_at"),
        Index("idx_chats_user_id_updated_at", "user_id", "updated_at"),
    )

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True, nullable=True))
    user_id: str = Field(sa_column=Column(Id, nullable=False))
    title: str | None = Field(default=None, sa_column=Column(text_up_to(limits.TITLE)))
    model: str | None = Field(default=None, sa_column=Column(text_up_to(limits.MODEL)))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class Message(Record, table=True):
    """What somebody said in a chat; it never changes."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("idx_messages_chat_id", "chat_id"),
        Index("idx_messages_created_at", "created_at"),
        Index("idx_messages_chat_id_created_at_id", "chat_id", "created_at", "id"),
    )

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True, nullable=True))
    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False))
    role: str = Field(sa_column=Column(text_up_to(limits.ROLE), nullable=False))
    content: str = Field(sa_column=Column(Text, nullable=False), repr=False)
    tokens: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class ChatSettings(Record, table=True):
    """What a chat asks of the model, where it differs from the user's settings."""

    __tablename__ = "chat_settings"

    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True))
    provider: str | None = Field(default=None, sa_column=Column(text_up_to(limits.PROVIDER)))
    model: str | None = Field(default=None, sa_column=Column(text_up_to(limits.MODEL)))
    temperature: float | None = Field(default=None, sa_column=Column(Seconds))
    max_tokens: int | None = Field(default=None, sa_column=Column(Integer))
    system_prompt: str | None = Field(default=None, sa_column=Column(Text), repr=False)
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class ChatTag(Record, table=True):
    """A word the user put on a chat."""

    __tablename__ = "chat_tags"
    __table_args__ = (Index("idx_chat_tags_tag", "tag"),)

    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True))
    tag: str = Field(sa_column=Column(text_up_to(limits.TAG), primary_key=True))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class MessageAttachment(Record, table=True):
    """A file that came with a message."""

    __tablename__ = "message_attachments"
    __table_args__ = (Index("idx_message_attachments_message_id", "message_id"),)

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    message_id: str = Field(sa_column=Column(Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False))
    name: str = Field(sa_column=Column(text_up_to(limits.NAME), nullable=False))
    media_type: str = Field(sa_column=Column(text_up_to(limits.MEDIA_TYPE), nullable=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))
    sha256: str = Field(sa_column=Column(text_up_to(limits.SHA256), nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False), repr=False)
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
