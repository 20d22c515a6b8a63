"""What hangs on a chat or a message and is rarely there: settings, tags, attachments."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables import chats  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id, Moment, Number, text_up_to
from primer_nb.times import now


class ChatSettings(Record, table=True):
    """What a chat asks of the model, where it differs from the user's settings."""

    __tablename__ = "chat_settings"

    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True))
    provider: str | None = Field(default=None, sa_column=Column(text_up_to(limits.PROVIDER)))
    model: str | None = Field(default=None, sa_column=Column(text_up_to(limits.MODEL)))
    temperature: float | None = Field(default=None, sa_column=Column(Number))
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


class ChatChange(Record, table=True):
    """What two machines may change of a chat: when it changed last, and to what; ``tag:NAME`` is ``on`` or NULL."""

    __tablename__ = "chat_changes"

    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True))
    name: str = Field(sa_column=Column(text_up_to(limits.CHANGED_NAME), primary_key=True))
    value: str | None = Field(default=None, sa_column=Column(text_up_to(limits.TITLE)), repr=False)
    changed_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


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
