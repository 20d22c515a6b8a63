"""What one text may cost, so that the most hostile one is drawn in about a second.

A parser in Python pays for each mark, not for each character: 200,000 times ``[`` take it seconds, as much prose a
fraction. So the marks are counted before anything is parsed, line by line and hence alike however a text arrives in
pieces, and a text too dear is shown as it was written from the line on where the budget ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

LONGEST = 200_000
# Microseconds of markdown-it-py 4.3 on Python 3.11, measured with texts made of one mark each. Replies and handbooks
# of 200,000 characters come to 280,000 at most.
_CHARACTER = 0.25
_MARKS = (
    ("\n", 20),
    ("|", 18),
    ("*", 10),
    ("_", 10),
    ("~", 8),
    ("[", 14),
    ("]", 10),
    ("![", 22),
    ("<", 18),
    ("- ", 20),
    (". ", 14),
    (") ", 14),
    (">", 6),
    ("`", 3),
    ("&", 4),
    ("\\", 4),
    ("$", 6),
    ("://", 15),
)
_MOST_WORK = 700_000


@dataclass(slots=True)
class Budget:
    """What the parts of one text that cost more than their marks may still use.

    Parameters
    ----------
    formula_characters : int, default 30,000
        Characters of LaTeX; the converter takes up to 15 microseconds for one.
    highlighting_seconds : float, default 0.4
        Processor time of the highlighter, which reads a megabyte of ordinary code in two seconds.
    link_characters : int, default 400,000
        Characters of the addresses and titles of links, each time they are used.
    """

    formula_characters: int = 30_000
    highlighting_seconds: float = 0.4
    link_characters: int = 400_000


class WorkMeter:
    """Counts what the lines of a text cost, and says from which one on it is too much."""

    def __init__(self) -> None:
        self._left: float = _MOST_WORK

    def takes(self, text: str) -> bool:
        """Count one line, or several at once.

        Parameters
        ----------
        text : str
            Whole lines.

        Returns
        -------
        bool
            False if they do not fit; then they are not counted, and no later line fits either.
        """
        cost = len(text) * _CHARACTER + sum(text.count(mark) * price for mark, price in _MARKS)
        if cost > self._left:
            self._left = -1
            return False
        self._left -= cost
        return True


@dataclass(frozen=True, slots=True)
class Shares:
    """A text in three shares.

    Parameters
    ----------
    markdown : str
        Its beginning, which is drawn.
    plain : str
        What follows and is shown as it was written.
    missing : int
        Number of characters at its end that are not shown.
    """

    markdown: str
    plain: str
    missing: int


def share_out(text: str) -> Shares:
    """Divide a text into what is drawn, what is shown as it was written, and what is left out.

    Parameters
    ----------
    text : str
        Normalised text of any length.

    Returns
    -------
    Shares
        Together with ``missing``, the number of characters left out, they make the text.
    """
    missing = max(0, len(text) - LONGEST)
    text = text[:LONGEST]
    if WorkMeter().takes(text):
        return Shares(text, "", missing)
    meter, end = WorkMeter(), 0
    while end < len(text):
        following = text.find("\n", end) + 1 or len(text)
        if not meter.takes(text[end:following]):
            break
        end = following
    return Shares(text[:end], text[end:], missing)


def unrendered(plain: str, missing: int) -> str:
    """Say in HTML what was not drawn as Markdown, and show it as far as it is shown at all.

    Parameters
    ----------
    plain : str
        Text that is shown as it was written.
    missing : int
        Number of characters that are not shown.

    Returns
    -------
    str
        HTML, escaped but not yet cleaned; empty when everything was drawn.
    """
    html = ""
    if plain:
        html += "<p><em>Too much markup to draw; from here on as it was written:</em></p>\n"
        html += f"<pre>{escape(plain)}</pre>\n"
    if missing:
        html += f"<p><em>Cut here: {missing:,} more characters are not shown.</em></p>\n"
    return html
