"""The columns of the frames: their names, their order and the kind of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from primer_nb import limits
from primer_nb.errors import InvalidInputError

Kind = Literal["text", "category", "integer", "float", "moment"]

MESSAGE_COLUMNS = (
    "id",
    "chat_id",
    "chat_title",
    "role",
    "content",
    "tokens",
    "provider",
    "model",
    "created_at",
    "prompt_tokens",
    "completion_tokens",
    "time_to_first_token",
    "duration",
    "finish_reason",
    "parent_id",
)
ON_REQUEST = ("characters",)
"""Columns of `messages` that come only when they are asked for."""

KINDS: dict[str, Kind] = {
    "id": "text",
    "chat_id": "text",
    "chat_title": "text",
    "role": "category",
    "content": "text",
    "tokens": "integer",
    "provider": "category",
    "model": "category",
    "created_at": "moment",
    "prompt_tokens": "integer",
    "completion_tokens": "integer",
    "time_to_first_token": "float",
    "duration": "float",
    "finish_reason": "category",
    "parent_id": "text",
    "characters": "integer",
    "is_chosen": "integer",
    "settled_model": "category",
    "title": "text",
    "updated_at": "moment",
}

KNOWN_CATEGORIES: dict[str, tuple[str, ...]] = {
    "role": limits.ROLES,
    "finish_reason": ("stop", "length", "stopped", "error"),
}
"""Categories that are there even when no row has them; what other writers used comes after these, sorted."""


def check_columns(columns: str | Iterable[str] | None) -> tuple[str, ...]:
    """Check which columns of `messages` are wanted.

    Parameters
    ----------
    columns : str or iterable of str, optional
        Names; ``None`` means all that come by default.

    Returns
    -------
    tuple of str
        The names in the order asked for, each once.

    Raises
    ------
    InvalidInputError
        If there is none, or one is unknown.
    """
    if columns is None:
        return MESSAGE_COLUMNS
    wanted = tuple(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    known = MESSAGE_COLUMNS + ON_REQUEST
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        problem = f"there is no column {unknown[0]!r}" if unknown else "no column is asked for"
        raise InvalidInputError(f"{problem}; columns are {', '.join(known)}")
    return wanted
