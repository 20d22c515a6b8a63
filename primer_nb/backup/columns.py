"""What travels: the tables, their columns, and how the values of each are spelled for PostgreSQL.

A value leaves here as the text that PostgreSQL reads, or not at all: what it would refuse is refused first, since one
bad value would stop all rows of a statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from primer_nb import limits
from primer_nb.backup.spelling import canonical_id, canonical_moment

Value = str | None
Row = tuple[Value, ...]

_INTEGER = 2**31


class RefusedError(ValueError):
    """A value that PostgreSQL would refuse; its text says why, without the value."""


class Column(NamedTuple):
    """One column of a table that travels.

    Parameters
    ----------
    name : str
        The same in both databases.
    type : str
        Of PostgreSQL.
    longest : int, optional
        The most characters of a text that has a width.
    is_optional : bool, default False
        Whether it may be NULL.
    """

    name: str
    type: str
    longest: int | None = None
    is_optional: bool = False

    @property
    def spell(self) -> Callable[[object], Value]:
        """Make the function that spells a value of this column, or raises `RefusedError`."""
        function = _SPELLERS[self.type] if self.longest is None else _text_up_to(self.longest)
        return _optional(function) if self.is_optional else function


@dataclass(frozen=True, eq=False)
class Table:
    """One table that travels.

    Parameters
    ----------
    name : str
        The same in both databases.
    kind : str
        The letter that the journal and the quarantine call it by.
    columns : tuple of Column
        The first is the key, or the chat or message that the row hangs on.
    """

    name: str
    kind: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def spellers(self) -> tuple[Callable[[object], Value], ...]:
        """What spells the value of each column."""
        return tuple(column.spell for column in self.columns)


def _uuid(value: object) -> str:
    found = canonical_id(value) if isinstance(value, str) else None
    if found is None:
        raise RefusedError("is no UUID" if value is not None else "is missing")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RefusedError("is missing" if value is None else "is not UTF-8 text")
    if "\x00" in value:
        raise RefusedError("holds a NUL character")
    return value


def _text_up_to(longest: int) -> Callable[[object], str]:
    def spell(value: object) -> str:
        text = _text(value)
        if len(text) > longest:
            raise RefusedError(f"has {len(text):,} characters, {longest:,} are the most")
        return text

    return spell


def _moment(value: object) -> str:
    found = canonical_moment(value) if isinstance(value, str) else None
    if found is None:
        raise RefusedError("is no time" if value is not None else "is missing")
    return found


def _integer(value: object) -> str:
    if not isinstance(value, int):
        raise RefusedError("is missing" if value is None else "is no whole number")
    if not -_INTEGER <= value < _INTEGER:
        raise RefusedError("is beyond the numbers that PostgreSQL's integer takes")
    return str(value)


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        raise RefusedError("is missing" if value is None else "is no number")
    return repr(float(value))


def _flag(value: object) -> str:
    if value not in (0, 1):
        raise RefusedError("is neither true nor false")
    return "t" if value else "f"


def _bytes(value: object) -> str:
    if not isinstance(value, bytes):
        raise RefusedError("is missing" if value is None else "is no bytes")
    return f"\\x{value.hex()}"


def _optional(spell: Callable[[object], Value]) -> Callable[[object], Value]:
    return lambda value: None if value is None else spell(value)


_SPELLERS: dict[str, Callable[[object], Value]] = {
    "uuid": _uuid,
    "text": _text,
    "timestamptz": _moment,
    "integer": _integer,
    "float8": _number,
    "boolean": _flag,
    "bytea": _bytes,
}

_CREATED = Column("created_at", "timestamptz")
_UPDATED = Column("updated_at", "timestamptz")

CHATS = Table(
    "chats",
    "c",
    (
        Column("id", "uuid"),
        Column("user_id", "uuid"),
        Column("title", "text", limits.TITLE, is_optional=True),
        Column("model", "text", limits.MODEL, is_optional=True),
        _CREATED,
        _UPDATED,
    ),
)
MESSAGES = Table(
    "messages",
    "m",
    (
        Column("id", "uuid"),
        Column("chat_id", "uuid"),
        Column("role", "text", limits.ROLE),
        Column("content", "text"),
        Column("tokens", "integer"),
        _CREATED,
    ),
)
COMPLETIONS = Table(
    "completions",
    "k",
    (
        Column("message_id", "uuid"),
        Column("provider", "text", limits.PROVIDER, is_optional=True),
        Column("model", "text", limits.MODEL, is_optional=True),
        Column("prompt_tokens", "integer", is_optional=True),
        Column("completion_tokens", "integer", is_optional=True),
        Column("time_to_first_token", "float8", is_optional=True),
        Column("duration", "float8", is_optional=True),
        Column("finish_reason", "text", limits.FINISH_REASON, is_optional=True),
        Column("temperature", "float8", is_optional=True),
        Column("parent_id", "uuid", is_optional=True),
    ),
)
CHAT_SETTINGS = Table(
    "chat_settings",
    "d",
    (
        Column("chat_id", "uuid"),
        Column("provider", "text", limits.PROVIDER, is_optional=True),
        Column("model", "text", limits.MODEL, is_optional=True),
        Column("temperature", "float8", is_optional=True),
        Column("max_tokens", "integer", is_optional=True),
        Column("system_prompt", "text", is_optional=True),
        _CREATED,
        _UPDATED,
    ),
)
CHAT_TAGS = Table("chat_tags", "d", (Column("chat_id", "uuid"), Column("tag", "text", limits.TAG), _CREATED))
CHAT_CHANGES = Table(
    "chat_changes",
    "d",
    (
        Column("chat_id", "uuid"),
        Column("name", "text", limits.CHANGED_NAME),
        Column("value", "text", limits.TITLE, is_optional=True),
        Column("changed_at", "timestamptz"),
    ),
)
ATTACHMENTS = Table(
    "message_attachments",
    "a",
    (
        Column("id", "uuid"),
        Column("message_id", "uuid"),
        Column("name", "text", limits.NAME),
        Column("media_type", "text", limits.MEDIA_TYPE),
        Column("size", "integer"),
        Column("sha256", "text", limits.SHA256),
        Column("content", "bytea"),
        _CREATED,
    ),
)
USER_SETTINGS = Table(
    "user_settings",
    "s",
    (
        Column("user_id", "uuid"),
        Column("theme", "text", limits.THEME),
        Column("language", "text", limits.LANGUAGE),
        Column("notifications_enabled", "boolean"),
        Column("automatic_backup", "boolean"),
        _CREATED,
        _UPDATED,
    ),
)
