"""The characters of a text that came from a model: made usable before it is parsed, visible before it is shown.

A NUL or half a surrogate pair breaks parsers and encoders; a bidirectional control reorders what is read; a
zero-width character hides in a name or carries data. Joiners, direction marks and emoji selectors stay: languages
need them.
"""

from __future__ import annotations

import re

_LINE_END = re.compile("\r\n?")
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# The one use of tag characters: flags such as Scotland's, a black flag and the letters of a region.
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]{2,7}\U000e007f"
_BIDIRECTIONAL = "[\u202a-\u202e\u2066-\u2069]"
_INVISIBLE = (
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_HIDDEN = re.compile(f"({_FLAG})|({_BIDIRECTIONAL})|{_INVISIBLE}")


def normalise(text: str) -> str:
    """Give a text one kind of line end, and a replacement character for each character that no parser takes.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with ``\\n`` as its only line end, without C0 and C1 controls (but the tab) and lone surrogates.
    """
    return _UNUSABLE.sub("\ufffd", _LINE_END.sub("\n", text))


def show_hidden(text: str) -> str:
    """Make characters visible that hide text or change its order.

    Parameters
    ----------
    text : str
        Text or HTML.

    Returns
    -------
    str
        The same with ``⟦U+202E⟧`` in place of a bidirectional control, U+FFFD in place of an invisible character.
    """
    return _HIDDEN.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return f"⟦U+{ord(match[2]):04X}⟧" if match[2] else "\ufffd"
