"""Markdown that arrives in pieces: each block is drawn once, when it is finished; until then its text is shown raw.

What is sent for a reply so grows with its length and not with its square: the raw text once (after a block ends, what
follows it once more), the HTML once. The whole is sent again only if a link was defined below its use.
"""

from __future__ import annotations

from dataclasses import dataclass

from primer_nb.markdown.budget import LONGEST, WorkMeter, unrendered
from primer_nb.markdown.characters import normalise, show_hidden
from primer_nb.markdown.open_text import OpenText
from primer_nb.markdown.rendering import BlockRenderer, render_markdown, safe

_BEGINNING = 80


@dataclass(frozen=True, slots=True)
class Update:
    """What changed since the last one.

    Parameters
    ----------
    settled : tuple of str
        Safe HTML of the blocks that are finished now, in order, to be put before the tail. Never sent twice.
    tail : str
        Text (not HTML) of what is still open: to be added to the tail that is shown, or to replace it.
    replace_tail : bool
        Whether ``tail`` is the whole tail. True whenever something settled.
    """

    settled: tuple[str, ...] = ()
    tail: str = ""
    replace_tail: bool = False

    def __bool__(self) -> bool:
        return bool(self.settled or self.tail or self.replace_tail)


@dataclass(frozen=True, slots=True)
class FinalUpdate:
    """What is left at the end; the tail is empty after it.

    Parameters
    ----------
    settled : tuple of str
        Safe HTML of the blocks that were still open.
    whole : str or None
        Safe HTML in place of all that was settled before and now, when later text changed earlier blocks; else None.
    """

    settled: tuple[str, ...]
    whole: str | None


class StreamingMarkdown:
    """Draws a reply while it arrives, in time and bytes linear in its length.

    Feed it pieces of any size; flush it as often as the screen should change. It belongs to one thread at a time.

    Examples
    --------
    >>> from primer_nb.markdown import StreamingMarkdown
    >>> reply = StreamingMarkdown()
    >>> reply.feed("# Title\\n\\nsome *te")
    >>> reply.flush()
    Update(settled=('<h1>Title</h1>\\n',), tail='some *te', replace_tail=True)
    >>> reply.feed("xt*")
    >>> reply.flush()
    Update(settled=(), tail='xt*', replace_tail=False)
    >>> reply.finish()
    FinalUpdate(settled=('<p>some <em>text</em></p>\\n',), whole=None)
    """

    def __init__(self) -> None:
        self._arrived: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._line: list[str] = []
        self._open = OpenText()
        self._plain: list[str] = []
        self._meter = WorkMeter()
        self._renderer = BlockRenderer()
        self._settled: list[str] = []
        self._references = 0

    def feed(self, piece: str) -> None:
        """Take the next piece of the text.

        Parameters
        ----------
        piece : str
            Any number of characters.
        """
        self._arrived.append(piece)

    def flush(self) -> Update:
        """Tell what changed since the last flush.

        Returns
        -------
        Update
            Falsy when nothing did.
        """
        arrived = self._take_arrived()
        if arrived and arrived[-1] == "\r":  # half of a line end, perhaps
            self._arrived.append("\r")
            arrived = arrived[:-1]
        new = self._read(arrived)
        if not self._plain and (finished := self._open.take_finished(self._beginning())):
            tail = f"{self._open}{''.join(self._plain)}{''.join(self._line)}"
            return Update((self._settle(finished),), show_hidden(tail), replace_tail=True)
        return Update((), show_hidden(new))

    def finish(self) -> FinalUpdate:
        """Draw what is left; to be called once, after the last piece.

        Returns
        -------
        FinalUpdate
            The remaining blocks, and the whole if it is not the sum of what was settled.
        """
        self._read(self._take_arrived())
        self._add_line()
        rest = self._open.take_rest()
        missing = max(0, self._length - LONGEST)
        settled = self._settle(rest, unrendered("".join(self._plain), missing))
        whole = None
        if self._renderer.count_references() > self._references:
            whole = render_markdown("".join(self._text))
            whole = None if whole == "".join(self._settled) else whole
        return FinalUpdate((settled,) if settled else (), whole)

    def _take_arrived(self) -> str:
        arrived = "".join(self._arrived)
        self._arrived.clear()
        return arrived

    def _read(self, arrived: str) -> str:
        """Take in new text line by line, and return what of it is shown."""
        new = normalise(arrived)
        self._text.append(new)
        shown = new[: max(0, LONGEST - self._length)]
        self._length += len(new)
        *lines, rest = shown.split("\n")
        for line in lines:
            self._line.append(f"{line}\n")
            self._add_line()
        if rest:
            self._line.append(rest)
        return shown

    def _add_line(self) -> None:
        line = "".join(self._line)
        self._line.clear()
        if not line:
            return
        if self._meter.takes(line):
            self._open.add(line)
        else:
            self._plain.append(line)

    def _beginning(self) -> str:
        """Return the beginning of the arriving line; to join the whole of it at each flush would be quadratic."""
        return "".join(self._line[:_BEGINNING])[:_BEGINNING]

    def _settle(self, markdown: str, more: str = "") -> str:
        html = safe(self._renderer.draw(markdown) + more)
        if not self._settled:
            self._references = self._renderer.count_references()
        self._settled.append(html)
        return html
