"""The secrets of an account: provider keys, and the slots that seal the data key which seals them."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables import users  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id, Moment, text_up_to
from primer_nb.times import now


class UserApiKey(Record, table=True):
    """A user's key for a provider, sealed."""

    __tablename__ = "user_api_keys"
    __table_args__ = (
        UniqueConstraint("user_id", "provider"),
        Index("idx_user_api_keys_user_id", "user_id"),
        Index("idx_user_api_keys_provider", "provider"),
    )

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    provider: str = Field(sa_column=Column(text_up_to(limits.PROVIDER), nullable=False))
    api_key: str = Field(sa_column=Column(text_up_to(limits.API_KEY), nullable=False), repr=False)
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))


class KeySlot(Record, table=True):
    """A user's data key, sealed by one of the things that open it."""

    __tablename__ = "key_slots"
    __table_args__ = (Index("idx_key_slots_user_id", "user_id"),)

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    kind: str = Field(sa_column=Column(text_up_to(limits.SLOT_KIND), nullable=False))
    kdf: str = Field(sa_column=Column(Text, nullable=False))
    sealed_key: str = Field(sa_column=Column(Text, nullable=False), repr=False)
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
