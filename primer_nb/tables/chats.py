"""Chats and their messages: the documented tables of both systems.

Their keys are declared the way Primer declares them (a TEXT key of SQLite takes NULL). What only PostgreSQL has of
them is in ``primer_nb.tables.dialects``.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id, Moment, text_up_to
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
    tokens: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
