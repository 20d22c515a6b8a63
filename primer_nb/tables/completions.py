"""What an analyst asks of a reply, kept out of the documented tables, and the replies that are still arriving."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.tables import chats  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id, Moment, Number, text_up_to
from primer_nb.times import now


class Completion(Record, table=True):
    """How a message came to be; ``parent_id`` is the message it follows (none: it opens the chat).

    ``time_to_first_token`` and ``duration`` are in seconds. ``parent_id`` is no foreign key: an import may bring a
    reply before its question.
    """

    __tablename__ = "completions"
    __table_args__ = (Index("idx_completions_parent_id", "parent_id"),)

    message_id: str = Field(sa_column=Column(Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True))
    provider: str | None = Field(default=None, sa_column=Column(text_up_to(limits.PROVIDER)))
    model: str | None = Field(default=None, sa_column=Column(text_up_to(limits.MODEL)))
    prompt_tokens: int | None = Field(default=None, sa_column=Column(Integer))
    completion_tokens: int | None = Field(default=None, sa_column=Column(Integer))
    time_to_first_token: float | None = Field(default=None, sa_column=Column(Number))
    duration: float | None = Field(default=None, sa_column=Column(Number))
    finish_reason: str | None = Field(default=None, sa_column=Column(text_up_to(limits.FINISH_REASON)))
    temperature: float | None = Field(default=None, sa_column=Column(Number))
    parent_id: str | None = Field(default=None, sa_column=Column(Id))


class Draft(Record, table=True):
    """A reply that is still arriving; one whose ``owner`` is gone becomes a message on the next open."""

    __tablename__ = "drafts"
    __table_args__ = (Index("idx_drafts_chat_id", "chat_id"),)

    message_id: str = Field(sa_column=Column(Id, primary_key=True))
    chat_id: str = Field(sa_column=Column(Id, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False))
    user_message_id: str | None = Field(default=None, sa_column=Column(Id))
    provider: str | None = Field(default=None, sa_column=Column(text_up_to(limits.PROVIDER)))
    model: str | None = Field(default=None, sa_column=Column(text_up_to(limits.MODEL)))
    content: str = Field(sa_column=Column(Text, nullable=False), repr=False)
    owner: str = Field(sa_column=Column(Text, nullable=False))
    temperature: float | None = Field(default=None, sa_column=Column(Number))
    started_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
