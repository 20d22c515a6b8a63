"""Attempts to sign in that failed: what keeps a password from being guessed."""

from datetime import datetime

from sqlalchemy import Column, Integer
from sqlmodel import Field

from primer_nb import limits
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Moment, text_up_to


class SignInAttempts(Record, table=True):
    """How often signing in failed of late for one e-mail address, whether or not it has an account."""

    __tablename__ = "sign_in_attempts"

    email_digest: str = Field(sa_column=Column(text_up_to(limits.SHA256), primary_key=True))
    failures: int = Field(sa_column=Column(Integer, nullable=False))
    first_at: datetime = Field(sa_column=Column(Moment, nullable=False))
    locked_until: datetime | None = Field(default=None, sa_column=Column(Moment))
