"""What may be stored: the documented column widths, and the characters no database takes.

PostgreSQL refuses longer values, NUL characters and lone surrogates; SQLite takes them all. They are refused at
the door, so that the local store never holds what a backup must refuse.
"""

from __future__ import annotations

from primer_nb.errors import InvalidInputError

ROLE = 20
TITLE = 255
PROVIDER = 50
MODEL = 50
API_KEY = 500
EMAIL = 255
NAME = 255
PASSWORD_HASH = 255
SETTING_KEY = 255
THEME = 50
LANGUAGE = 10
TOKEN = 255
KEY_PREFIX = 20
SLOT_KIND = 20
FINISH_REASON = 20
TAG = 50
CHANGED_NAME = 54  # a tag with four characters before it
ACTION = 50
MEDIA_TYPE = 100
SHA256 = 64
ENTITY_KIND = 10

ROLES = ("system", "user", "assistant")
# A billion bytes is SQLite's default limit of a value, 1 GB PostgreSQL's; a browser and a model give up long before.
CONTENT = 20_000_000


def check_text(value: object, *, name: str, longest: int, allow_empty: bool = False) -> str:
    """Check a text before it is stored or sent.

    Parameters
    ----------
    value : object
        The value given by the user.
    name : str
        What it is, for the message: ``"title"``, ``"message"``.
    longest : int
        The most characters the column takes.
    allow_empty : bool, default False
        Whether a text without any visible character may be stored.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    InvalidInputError
        If it is not a string, is empty, too long, or holds a NUL character or half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"the {name} must be a str, not {type(value).__name__}")
    if not allow_empty and not value.strip():
        raise InvalidInputError(f"the {name} is empty; write something first")
    if len(value) > longest:
        raise InvalidInputError(
            f"the {name} has {len(value):,} characters, {longest:,} are the most; shorten it (begins {value[:20]!r})"
        )
    if (at := value.find("\x00")) >= 0:
        raise InvalidInputError(
            f"the {name} holds a NUL character at position {at}; no database stores it, remove it"
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"the {name} holds half of a surrogate pair (U+{ord(value[error.start]):04X}) at position {error.start}; "
            "it is not a character, remove it"
        ) from None
    return value


def check_role(value: str) -> str:
    """Check the role of a message.

    Parameters
    ----------
    value : str
        One of ``"system"``, ``"user"``, ``"assistant"``.

    Returns
    -------
    str
        The same role.

    Raises
    ------
    InvalidInputError
        If it is none of them.
    """
    if value not in ROLES:
        raise InvalidInputError(f"{value!r} is not a role; use one of {', '.join(ROLES)}")
    return value
