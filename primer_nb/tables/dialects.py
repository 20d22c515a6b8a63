"""Where the tables of one database differ from those of the other.

The classes hold what both have. Only PostgreSQL ties a chat to an existing user, and repeats the user in
``messages``: its foreign keys ignore row security, and the user is the natural distribution key.
"""

from functools import cache

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, UniqueConstraint

# each module puts its tables into the metadata of Record when it is imported
from primer_nb.tables import (  # noqa: F401
    access,
    attempts,
    backup,
    chat_details,
    chats,
    completions,
    keys,
    settings,
    users,
)
from primer_nb.tables.base import Record
from primer_nb.tables.column_types import Id


@cache
def metadata_for(dialect: str) -> MetaData:
    """Return all tables as one kind of database holds them.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.

    Returns
    -------
    MetaData
        Equal to what the migrations of that database make; do not change it.

    Raises
    ------
    ValueError
        If there are no migrations for such a database.
    """
    if dialect == "sqlite":
        return Record.metadata
    if dialect != "postgresql":
        raise ValueError(f"{dialect!r} is no database of ours; use 'sqlite' or 'postgresql'")
    return _postgresql()


def _postgresql() -> MetaData:
    metadata = MetaData()
    for table in Record.metadata.sorted_tables:
        table.to_metadata(metadata)
    parent, child = metadata.tables["chats"], metadata.tables["messages"]
    parent.append_constraint(ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"))
    parent.append_constraint(UniqueConstraint("id", "user_id"))
    child.append_column(Column("user_id", Id, nullable=False))
    child.append_constraint(
        ForeignKeyConstraint(
            ["chat_id", "user_id"], ["chats.id", "chats.user_id"], onupdate="CASCADE", ondelete="CASCADE"
        )
    )
    return metadata
