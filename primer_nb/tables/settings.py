"""What a user likes, and what an administrator decided for all."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Text, false, true
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables import users  # noqa: F401  the foreign keys point there
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import CurrentMoment, Flag, Id, Moment, text_up_to
from primer_nb.times import now


class UserSettings(Record, table=True):
    """The preferences of one user."""

    __tablename__ = "user_settings"

    user_id: str = Field(sa_column=Column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    theme: str = Field(
        default="light", sa_column=Column(text_up_to(limits.THEME), nullable=False, server_default="light")
    )
    language: str = Field(
        default="en", sa_column=Column(text_up_to(limits.LANGUAGE), nullable=False, server_default="en")
    )
    notifications_enabled: bool = Field(default=True, sa_column=Column(Flag, nullable=False, server_default=true()))
    automatic_backup: bool = Field(default=False, sa_column=Column(Flag, nullable=False, server_default=false()))
    created_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )
    updated_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )


class AdminSetting(Record, table=True):
    """A setting of the whole installation."""

    __tablename__ = "admin_settings"

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    key: str = Field(sa_column=Column(text_up_to(limits.SETTING_KEY), nullable=False, unique=True))
    value: str = Field(sa_column=Column(Text, nullable=False), repr=False)
    created_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )
    updated_at: datetime = Field(
        default_factory=now, sa_column=Column(Moment, nullable=False, server_default=CurrentMoment())
    )
