"""People: the users of a store."""

from datetime import datetime

from sqlalchemy import Column, Index, false
from sqlmodel import Field

from primer_nb import limits
from primer_nb.ids import new_id
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Flag, Id, Moment, text_up_to
from primer_nb.times import now

NO_PASSWORD = "!"  # noqa: S105  as in shadow(5): no password hashes to it


class User(Record, table=True):
    """Somebody with an account, the passwordless local user, or whose chats are here and account on a server."""

    __tablename__ = "users"
    __table_args__ = (Index("idx_users_email", "email"),)

    id: str = Field(default_factory=new_id, sa_column=Column(Id, primary_key=True))
    email: str = Field(sa_column=Column(text_up_to(limits.EMAIL), nullable=False, unique=True))
    name: str = Field(default="", sa_column=Column(text_up_to(limits.NAME), nullable=False, server_default=""))
    password_hash: str = Field(sa_column=Column(text_up_to(limits.PASSWORD_HASH), nullable=False), repr=False)
    is_admin: bool = Field(default=False, sa_column=Column(Flag, nullable=False, server_default=false()))
    created_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_column=Column(Moment, nullable=False))

    @property
    def is_account(self) -> bool:
        """Whether somebody can sign in here: not as the local user, nor where only chats of an account are."""
        return self.password_hash != NO_PASSWORD
