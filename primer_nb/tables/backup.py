"""The bookkeeping of backups: what is new, what was deleted, how far each target is, what it refused.

Their identifiers are text where a row may name one that PostgreSQL would refuse.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Identity, Text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables import users  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Counter, Id, Moment, text_up_to
from primer_nb.times import now


class JournalEntry(Record, table=True):
    """Something that no backup may have yet, in the order it was written."""

    __tablename__ = "primer_journal"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice, also after a deletion

    seq: int | None = Field(default=None, sa_column=Column(Counter, Identity(), primary_key=True))
    kind: str = Field(sa_column=Column(text_up_to(limits.ENTITY_KIND), nullable=False))
    entity_id: str = Field(sa_column=Column(Text, nullable=False))


class Tombstone(Record, table=True):
    """A chat that was deleted here and must not come back from a backup."""

    __tablename__ = "primer_tombstones"

    chat_id: str = Field(sa_column=Column(Id, primary_key=True))
    deleted_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class BackupState(Record, table=True):
    """How far one target is, as this side knows it."""

    __tablename__ = "primer_backup_state"

    target: str = Field(sa_column=Column(Text, primary_key=True))
    device_id: str = Field(sa_column=Column(Id, nullable=False))
    token: str = Field(sa_column=Column(Id, nullable=False), repr=False)
    acked_seq: int = Field(default=0, sa_column=Column(Counter, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class SyncDevice(Record, table=True):
    """A local store that backs up to this one, as the target knows it."""

    __tablename__ = "primer_sync_device"

    device_id: str = Field(sa_column=Column(Id, primary_key=True))
    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    token: str = Field(sa_column=Column(Id, nullable=False), repr=False)
    prev_token: str | None = Field(default=None, sa_column=Column(Id), repr=False)
    acked_seq: int = Field(default=0, sa_column=Column(Counter, nullable=False))
    seen_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class QuarantinedRow(Record, table=True):
    """A row that a target refused, and why."""

    __tablename__ = "primer_quarantine"

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    target: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(text_up_to(limits.ENTITY_KIND), nullable=False))
    entity_id: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
