"""The text form of an Argon2 hash (PHC string), read with bounds.

A stored text says how much work and memory checking a password takes. Whoever can write into the database could
ask for hours and for all memory, so larger numbers than any sensible hash has are no hash at all.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from argon2 import Parameters, Type

MOST_MEMORY = 1024 * 1024  # KiB
MOST_PASSES = 10
MOST_LANES = 16

_TYPES = {"i": Type.I, "d": Type.D, "id": Type.ID}
_VERSIONS = {None: 16, "v=16": 16, "v=19": 19}  # a hash without a version is of the first one
_FORM = re.compile(
    r"\$argon2(?P<type>id|i|d)(?:\$(?P<version>v=16|v=19))?"
    r"\$m=(?P<memory>[1-9][0-9]{0,6}),t=(?P<passes>[1-9][0-9]?),p=(?P<lanes>[1-9][0-9]?)"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})(?:\$(?P<tag>[A-Za-z0-9+/]{22,86}))?"
)
_TAG_LENGTH = 32  # of a text that holds none


@dataclass(frozen=True, slots=True)
class Argon2Text:
    """What an Argon2 text says.

    Parameters
    ----------
    parameters : argon2.Parameters
        The kind of Argon2, and how much work it is.
    salt : bytes
        8 to 64 bytes.
    tag : bytes, optional
        16 to 64 bytes; ``None`` in the text of a slot, where the tag is the key and stored nowhere.
    """

    parameters: Parameters
    salt: bytes
    tag: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        cost = self.parameters
        kind = f"$argon2{cost.type.name.lower()}$v={cost.version}"
        work = f"$m={cost.memory_cost},t={cost.time_cost},p={cost.parallelism}"
        return f"{kind}{work}${_to_base64(self.salt)}" + ("" if self.tag is None else f"${_to_base64(self.tag)}")


def parse(text: str) -> Argon2Text | None:
    """Read a text.

    Parameters
    ----------
    text : str
        Any text out of a database.

    Returns
    -------
    Argon2Text or None
        ``None`` if it is not an Argon2 text, or one beyond the bounds of this module.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    salt, tag = _from_base64(found["salt"]), _from_base64(found["tag"] or "")
    memory, passes, lanes = int(found["memory"]), int(found["passes"]), int(found["lanes"])
    is_bounded = 8 * lanes <= memory <= MOST_MEMORY and passes <= MOST_PASSES and lanes <= MOST_LANES
    if not is_bounded or salt is None or tag is None:
        return None
    parameters = Parameters(
        type=_TYPES[found["type"]],
        version=_VERSIONS[found["version"]],
        salt_len=len(salt),
        hash_len=len(tag) or _TAG_LENGTH,
        time_cost=passes,
        memory_cost=memory,
        parallelism=lanes,
    )
    return Argon2Text(parameters, salt=salt, tag=tag or None)


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _from_base64(text: str) -> bytes | None:
    """Decode without padding; ``None`` for a spelling that encoding would not give."""
    if len(text) % 4 == 1:
        return None
    value = base64.b64decode(text + "=" * (-len(text) % 4))
    return value if _to_base64(value) == text else None
