"""Attempts to sign in that failed: what keeps a password from being guessed."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field

from primer_nb import limits
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Moment, text_up_to


class SignInAttempts(Record, table=True):
    """When signing in failed of late for one e-mail address, whether or not it has an account.

    ``tried_at`` is a row of times, oldest first, in the spelling of ``times.to_text``. All are equally long, so that
    one statement can add a time and look at the oldest, in both databases.
    """

    __tablename__ = "sign_in_attempts"

    email_digest: str = Field(sa_column=Column(text_up_to(limits.SHA256), primary_key=True))
    tried_at: str = Field(sa_column=Column(Text, nullable=False))
    locked_until: datetime | None = Field(default=None, sa_column=Column(Moment))
