"""The end of a text that is still arriving: its open blocks, and where the finished ones among them end.

The parser alone decides what is finished: a block before the last one, which no further text can change. What is
here says when asking it is worth the time. Asked at every line it would read a long list or table again and again, so
it is asked where a new block seems to begin, and after a vain question only when the text is four times as long: all
questions together read no more than a few times the text.
"""

from __future__ import annotations

import re

from markdown_it.token import Token

from primer_nb.markdown.rendering import parse_blocks

_LIST_ITEM = re.compile(r" {0,3}(?:\d{1,9}(?=[.)]))?([-+*.)])(?:[ \t]|\Z)")
_BEGINS_BLOCK = re.compile(r"#{1,6}(?:[ \t]|\Z)|```|~~~|\$\$|\\\[")
_LONG = 4_000


class OpenText:
    """Takes whole lines and gives them back, first those of finished blocks, at the end the rest."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._ask_from = 0
        self._seems_over = False
        self._after_blank = True
        self._list = ""  # the mark of the list that may still grow
        self._beginning = ""
        self._closing: re.Pattern[str] | None = None
        self._fence_is_over = False

    def add(self, line: str) -> None:
        """Take the next line.

        Parameters
        ----------
        line : str
            One line, with its end if it has one.
        """
        if self._closing:
            if self._closing.fullmatch(line.rstrip("\n")):
                self._closing, self._after_blank, self._fence_is_over = None, True, True
        elif not line.strip():
            self._after_blank = True
        else:
            self._notice(line)
        self._lines.append(line)
        self._size += len(line)
        self._beginning = ""

    def take_finished(self, beginning: str = "") -> str:
        """Give away the lines of the blocks that are finished.

        Parameters
        ----------
        beginning : str
            The beginning of the line that is now arriving. After a blank line its first letter tells that a block
            begins there, whatever follows; before that, half of ``3. item`` would look like the end of a list.

        Returns
        -------
        str
            Whole blocks; empty when none is finished, or when it is too early to ask.
        """
        self._notice_beginning(beginning)
        if not self._is_worth_asking():
            return ""
        lines = [*self._lines, self._beginning]
        blocks = [token for token in parse_blocks("".join(lines)) if token.level == 0 and token.nesting >= 0]
        boundary = _last_boundary(lines, blocks)
        finished, self._lines = "".join(self._lines[:boundary]), self._lines[boundary:]
        self._size -= len(finished)
        self._ask_from = 0 if finished else 4 * self._size
        self._seems_over = self._fence_is_over = False
        self._remember(blocks[-1] if blocks else None, boundary)
        return finished

    def take_rest(self) -> str:
        """Give away all lines that are left.

        Returns
        -------
        str
            The blocks that end with the text.
        """
        rest, self._lines, self._size = "".join(self._lines), [], 0
        return rest

    def __str__(self) -> str:
        return "".join(self._lines)

    def _notice(self, line: str) -> None:
        """Guess from a line that is not blank whether a block begins with it."""
        if (self._after_blank and self._stands_alone(line)) or _BEGINS_BLOCK.match(line):
            self._seems_over = True
        item = _LIST_ITEM.match(line)
        if item and (line[0] != " " or not self._list):
            self._list = item[1]
        self._after_blank = False

    def _stands_alone(self, line: str) -> bool:
        """Guess whether a line after a blank one is outside of what is above it."""
        item = _LIST_ITEM.match(line)
        return self._size > 0 and line[0] not in " \t" and not (item and item[1] == self._list)

    def _notice_beginning(self, beginning: str) -> None:
        is_clear = self._after_blank and any(character.isalpha() for character in beginning)
        if is_clear and not self._beginning and not self._closing:
            self._beginning = beginning
            self._seems_over = self._seems_over or self._stands_alone(beginning)

    def _is_worth_asking(self) -> bool:
        if self._closing:
            return False
        if self._seems_over and (self._fence_is_over or self._size >= self._ask_from):
            return True
        return self._size >= max(_LONG, self._ask_from)

    def _remember(self, last: Token | None, boundary: int) -> None:
        """Keep what the parser said about the last block."""
        self._list = last.markup if last and last.type.endswith("_list_open") else ""
        # Only of a fence that the text now begins with is its end awaited: then what it costs to ask is its own.
        if self._lines and last and last.type == "fence" and last.map and last.map[0] == boundary:
            self._closing = _closing_of(last.markup, self._lines)


def _last_boundary(lines: list[str], blocks: list[Token]) -> int:
    """Find the first line of the last block that nothing before it may still draw into itself.

    A definition of a link leaves no token, and its title may go on in the lines below it. What follows a formula on
    its last line is a block of its own.
    """
    for previous, block in zip(blocks[-2::-1], blocks[:0:-1], strict=True):
        (_, end), (start, _) = previous.map or (0, 0), block.map or (0, 0)
        if start == end or (start > end and not lines[start - 1].strip()):
            return start
    return 0


def _closing_of(marker: str, lines: list[str]) -> re.Pattern[str] | None:
    """Describe the line that closes a fence which begins with the first line; None if it is there."""
    closing = re.compile(rf" {{0,3}}{re.escape(marker[0])}{{{len(marker)},}}[ \t]*")
    return None if any(closing.fullmatch(line.rstrip("\n")) for line in lines[1:]) else closing
