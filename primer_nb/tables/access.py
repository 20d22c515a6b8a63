"""Who may come in, and what they did: refresh tokens, programmatic keys, the audit log."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Text, false
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables import users  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import CurrentMoment, Flag, Id, Moment, text_up_to
from primer_nb.times import now


class RefreshToken(Record, table=True):
    """A single-use token that keeps somebody signed in; only its digest is stored."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("idx_refresh_tokens_user_id", "user_id"),
        Index("idx_refresh_tokens_token", "token"),
    )

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    token: str = Field(sa_column=Column(text_up_to(limits.TOKEN), nullable=False), repr=False)
    family: str = Field(sa_column=Column(Id, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Moment, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(Moment))
    created_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )
    revoked: bool = Field(default=False, sa_column=Column(Flag, nullable=False, server_default=false()))


class ApiKey(Record, table=True):
    """A programmatic key of ours, for notebooks nobody sits at; only its digest is stored."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("idx_api_keys_user_id", "user_id"),)

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    key: str = Field(sa_column=Column(text_up_to(limits.TOKEN), nullable=False, unique=True), repr=False)
    prefix: str | None = Field(default=None, sa_column=Column(text_up_to(limits.KEY_PREFIX)))
    name: str = Field(sa_column=Column(text_up_to(limits.NAME), nullable=False))
    scopes: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )
    last_used_at: datetime | None = Field(default=None, sa_column=Column(Moment))
    expires_at: datetime | None = Field(default=None, sa_column=Column(Moment))
    revoked: bool = Field(default=False, sa_column=Column(Flag, nullable=False, server_default=false()))


class AuditLogEntry(Record, table=True):
    """A sensitive operation; it outlives the account it was done with."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("idx_audit_log_user_id_created_at", "user_id", "created_at"),
        Index("idx_audit_log_created_at", "created_at"),
    )

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    user_id: str | None = Field(default=None, sa_column=Column(Id, ForeignKey("users.id", ondelete="SET NULL")))
    action: str = Field(sa_column=Column(text_up_to(limits.ACTION), nullable=False))
    subject: str | None = Field(default=None, sa_column=Column(Text))
    details: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
