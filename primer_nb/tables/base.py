"""The base class of all tables, with a metadata of its own.

SQLModel's is shared by everything in the process: a notebook that defines its own table ``users`` would collide
with ours.
"""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class Record(SQLModel, registry=registry(metadata=MetaData())):
    """A row of one of our tables."""

    # Rows are checked at the door, not by pydantic; building twenty validators nobody calls costs time at connect().
    model_config = {"defer_build": True}
