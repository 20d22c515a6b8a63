"""What a guesser tries first: common passwords, patterns, the e-mail address.

The list is the 30,000 most frequent passwords of the package ``zxcvbn``, loaded at the first check. Its estimate of
strength is not asked: a rule that can be said in a sentence is one a user can follow.
"""

from __future__ import annotations

from functools import cache
from itertools import product

_REPEATED = 8  # a repeated piece that is shorter than this is no password by itself either
_RUN = 3  # characters that make a run
_CORE = 4  # a shorter word among digits and symbols does not make them easier to guess
_PATHS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890" * 2,
    "1234567890-=",
    "1234567890qwertyuiopasdfghjklzxcvbnm" * 2,
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
)
_RUNS = tuple(path[::step] for path, step in product(_PATHS, (1, -1)))


def is_common(password: str) -> bool:
    """Tell whether many people use a password.

    Parameters
    ----------
    password : str
        The password in NFC.

    Returns
    -------
    bool
        Whether it is on the list, whatever its case: as it is, repeated, or with digits and symbols around it.
    """
    return not _cores(password).isdisjoint(_common_passwords())


def resembles_email(password: str, *, email: str) -> bool:
    """Tell whether a password is an e-mail address.

    Parameters
    ----------
    password : str
        The password in NFC.
    email : str
        The address of the account; empty if there is none.

    Returns
    -------
    bool
        Whether it is the address or what stands before its @: as it is, repeated, or with digits and symbols
        around it.
    """
    address = email.casefold()
    names = {address, address.partition("@")[0]}
    return not _cores(password).isdisjoint(names | {_bare(name) for name in names})


def is_pattern(password: str) -> bool:
    """Tell whether a password is a short piece again and again, or made of runs along alphabet and keyboard.

    Parameters
    ----------
    password : str
        The password in NFC.

    Returns
    -------
    bool
        Whether a piece of fewer than 8 characters fills it, or runs of at least 3 characters do.
    """
    folded = password.casefold()
    return len(_piece(folded)) < min(_REPEATED, len(folded)) or _is_made_of_runs(folded)


def _cores(password: str) -> set[str]:
    """Return what a password may have been before it was repeated and decorated."""
    folded = password.casefold()
    words = set("".join(character if character.isalpha() else " " for character in folded).split())
    texts = {folded, _piece(folded), _piece(_bare(folded)), *(words if len(words) == 1 else ())}
    cores = {core for text in texts for core in _undecorated(text)}
    return {core for core in cores if len(core) >= _CORE}


def _undecorated(text: str) -> set[str]:
    """Cut off what is not a letter: all of it or some, as "abc123!!" is "abc123" with symbols; at either end."""
    start, end = _letters(text)
    if start == end:
        return {text}
    ends, starts = range(end, len(text) + 1), range(start + 1)
    from_left = {text[first:last] for first in (0, start) for last in ends}
    return from_left | {text[first:last] for first in starts for last in (end, len(text))}


def _bare(text: str) -> str:
    start, end = _letters(text)
    return text[start:end]


def _letters(text: str) -> tuple[int, int]:
    """Return where the first letter is, and where the last one ends."""
    places = [place for place, character in enumerate(text) if character.isalpha()]
    return (places[0], places[-1] + 1) if places else (0, 0)


def _piece(text: str) -> str:
    """Return the shortest piece that fills a text when it is repeated, twice at least; else the text."""
    lengths = range(1, len(text) // 2 + 1)
    fills = (length for length in lengths if text[length:] == text[:-length])
    return text[: next(fills, len(text))]


def _is_made_of_runs(text: str) -> bool:
    place = 0
    while place < len(text):
        length = _run_length(text[place:])
        if length < _RUN:
            return False
        place += length
    return True


def _run_length(text: str) -> int:
    same = len(text) - len(text.lstrip(text[0]))
    length = max(same, _RUN - 1)
    while length < len(text) and any(text[: length + 1] in run for run in _RUNS):
        length += 1
    return length if length > _RUN - 1 else same


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 1.7 MB, 25 ms: only whoever chooses a password needs it

    return frozenset(word.casefold() for word in FREQUENCY_LISTS["passwords"])
