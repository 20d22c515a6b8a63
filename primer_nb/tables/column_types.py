"""Column types that mean the same in Python whichever database holds them.

SQLite keeps identifiers, times and strings as TEXT and truth values as 0 or 1; PostgreSQL has a type for each.
The rows of other writers are read too: the spellings of a time are those that ``primer_nb.times.parse`` takes.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import REAL, BigInteger, Boolean, DateTime, Dialect, Double, Integer, String, Text, Uuid
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from primer_nb.times import parse, to_text

Id: TypeEngine[str] = Text().with_variant(Uuid(as_uuid=False), "postgresql")
"""A UUID as hyphenated text in Python; a SQLite file that another program made may hold any text."""

Number: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")
"""A number of double precision."""

Counter: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""A number that only grows; SQLite numbers rows by itself only in a column declared INTEGER."""


def text_up_to(length: int) -> TypeEngine[str]:
    """Make the type of a text with a documented width.

    Parameters
    ----------
    length : int
        The most characters. PostgreSQL holds it; for SQLite ``primer_nb.limits`` does, before anything is stored.

    Returns
    -------
    TypeEngine
        VARCHAR in PostgreSQL, TEXT in SQLite.
    """
    return Text().with_variant(String(length), "postgresql")


class Moment(TypeDecorator[datetime]):
    """A point in time: an aware datetime in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep times as text where the database has no type for them."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write one spelling only, so that the order of the texts is the order of the times."""
        if value is None:
            return None
        if value.tzinfo is None:  # PostgreSQL would shift it by the session's zone
            raise ValueError(f"{value!r} has no time zone; pass an aware datetime such as datetime.now(UTC)")
        return to_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Read any spelling, and PostgreSQL's times in whatever zone its session is."""
        if value is None:
            return None
        return parse(value) if dialect.name == "sqlite" else value.astimezone(UTC)


class Flag(TypeDecorator[bool]):
    """A truth value."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use SQLite's integers; a column declared BOOLEAN has no type there."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_result_value(self, value: Any | None, dialect: Dialect) -> bool | None:
        """Turn SQLite's 0 and 1 into truth values."""
        return None if value is None else bool(value)


class CurrentMoment(FunctionElement[datetime]):
    """The default of a time column for rows that other programs insert."""

    type = Moment()
    inherit_cache = True


@compiles(CurrentMoment)
def _now(_element: CurrentMoment, _compiler: Any, **_options: Any) -> str:
    return "now()"


@compiles(CurrentMoment, "sqlite")
def _now_as_text(_element: CurrentMoment, _compiler: Any, **_options: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')"
