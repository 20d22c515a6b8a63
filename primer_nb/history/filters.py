"""What a caller wants to see of the history, checked at the door.

A filter that is not given (``None``) lets everything pass; several given ones must all hold; of a list any value
will do. What the filters mean in SQL is in `primer_nb.history.selection`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from primer_nb import times
from primer_nb.errors import InvalidInputError
from primer_nb.limits import check_role, check_text

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_LONGEST_NEEDLE = 10_000  # SQLite refuses LIKE patterns of more than 50,000 bytes
_MOST_VALUES = 10_000  # SQLite takes 32,766 parameters in one statement

Moment = str | date | datetime
Names = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class ChatReference:
    """A chat as the caller named it.

    Parameters
    ----------
    name : str
        An id, or a title.
    is_id : bool
        Whether it can only be an id, since it came from a chat object.
    """

    name: str
    is_id: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """Checked filters; ``None`` lets everything pass.

    Parameters
    ----------
    since, until : datetime or None
        Aware, in UTC; both ends belong to the span.
    models, providers, roles : tuple of str or None
        Any of these.
    chats : tuple of ChatReference or None
        Any of these.
    contains : str or None
        A piece of the message's text.
    tags : tuple of str or None
        Any of these.
    """

    since: datetime | None = None
    until: datetime | None = None
    models: tuple[str, ...] | None = None
    providers: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    chats: tuple[ChatReference, ...] | None = None
    contains: str | None = None
    tags: tuple[str, ...] | None = None

    @property
    def choose_messages(self) -> bool:
        """Tell whether messages are chosen, not only chats.

        Returns
        -------
        bool
            False when every message of a chosen chat passes.
        """
        chosen = (self.since, self.until, self.models, self.providers, self.roles, self.contains)
        return any(value is not None for value in chosen)


def check_filters(
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    model: Names | None = None,
    provider: Names | None = None,
    role: Names | None = None,
    chat: Any = None,
    contains: str | None = None,
    tag: Names | None = None,
) -> Filters:
    """Check the filters that a user gave.

    Parameters
    ----------
    since, until : str, date or datetime, optional
        The first and the last moment; see `History.messages`.
    model, provider, role : str or iterable of str, optional
        One value or several.
    chat : str, object with an ``id``, or iterable of them, optional
        Ids, titles or chats.
    contains : str, optional
        What the text must hold.
    tag : str or iterable of str, optional
        One value or several.

    Returns
    -------
    Filters
        The same, checked and in one form.

    Raises
    ------
    InvalidInputError
        If a value is of the wrong kind, a role is unknown, or ``since`` is later than ``until``.
    """
    first, last = _moment(since, name="since"), _moment(until, name="until", is_last=True)
    if first is not None and last is not None and first > last:
        raise InvalidInputError(
            f"since ({times.to_text(first)}) is later than until ({times.to_text(last)}); swap them"
        )
    roles = _names(role, name="role")
    return Filters(
        since=first,
        until=last,
        models=_names(model, name="model"),
        providers=_names(provider, name="provider"),
        roles=None if roles is None else tuple(check_role(value) for value in roles),
        chats=_chats(chat),
        contains=_needle(contains),
        tags=_names(tag, name="tag"),
    )


def _moment(value: Moment | None, *, name: str, is_last: bool = False) -> datetime | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and _DAY.match(value.strip()):
            value = date.fromisoformat(value.strip())
        if isinstance(value, str):
            return times.parse(value)
        if isinstance(value, datetime):
            return _exact(value)
        if isinstance(value, date):
            return datetime.combine(value, time.max if is_last else time.min, UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{name}: {error}") from error
    raise InvalidInputError(
        f"{name} must be a datetime, a date or a text such as '2026-01-31', not {type(value).__name__}"
    )


def _exact(value: datetime) -> datetime:
    if value != value:  # noqa: PLR0124  pandas' NaT is a datetime that differs from itself
        raise ValueError("NaT is no time")
    if hasattr(value, "to_pydatetime"):  # a pandas Timestamp: Arrow and SQL want the plain class
        value = value.to_pydatetime(warn=False)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _names(value: Names | None, *, name: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    values = [value] if isinstance(value, str) else _listed(value, name=name)
    for item in values:
        if not isinstance(item, str):
            raise InvalidInputError(f"{name} must be a str or a list of them, not {type(item).__name__}")
    return tuple(dict.fromkeys(values))


def _chats(value: Any) -> tuple[ChatReference, ...] | None:
    if value is None:
        return None
    is_one = isinstance(value, str) or isinstance(getattr(value, "id", None), str)
    references = [_reference(item) for item in ([value] if is_one else _listed(value, name="chat"))]
    return tuple(dict.fromkeys(references))


def _reference(value: Any) -> ChatReference:
    if isinstance(value, str):
        return ChatReference(value, is_id=False)
    if isinstance(identifier := getattr(value, "id", None), str):
        return ChatReference(identifier, is_id=True)
    raise InvalidInputError(f"chat must be an id, a title or a chat, not {type(value).__name__}")


def _listed(value: Any, *, name: str) -> list[Any]:
    if not isinstance(value, Iterable):
        raise InvalidInputError(f"{name} must be one value or a list of values, not {type(value).__name__}")
    values = list(value)
    if len(values) > _MOST_VALUES:
        raise InvalidInputError(f"{name} has {len(values):,} values, {_MOST_VALUES:,} are the most; filter the frame")
    return values


def _needle(value: str | None) -> str | None:
    if value is None:
        return None
    if value == "":
        raise InvalidInputError("contains is empty; leave it out to see all messages")
    return check_text(value, name="text to look for", longest=_LONGEST_NEEDLE, allow_empty=True)
