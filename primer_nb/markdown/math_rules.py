"""Where formulas are in Markdown: ``$$..$$``, ``\\[..\\]``, ``\\(..\\)``, and ``$..$`` when it is not money.

A formula on lines of its own is a block: its lines may begin with ``-`` or ``=`` and are no list and no heading.
Where one begins is decided by its first line alone, and it ends at a blank line at the latest, as in TeX: so a text
that is still arriving is divided into the same blocks as the whole.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from primer_nb.markdown.mathml import LONGEST

_CLOSING = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_FORMULA_SIGN = re.compile(r"[\\=^_{}]")
_DOLLARS = re.compile(r"\$((?:[^$\\`]|\\.)++)\$(?![A-Za-z0-9$])", re.DOTALL)
# "$5 per item ... US$": an amount, then words. A formula that begins with a number goes on with a sign.
_AMOUNT = re.compile(r"\d[\d.,]*[a-zA-Z]?\s+[^\W\d_]{2}")


def add_math(parser: MarkdownIt) -> None:
    """Teach a parser formulas.

    Parameters
    ----------
    parser : MarkdownIt
        The parser; its tokens get the types ``math_inline`` and ``math_block``, the delimiters as ``markup``.
    """
    stops = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "math_block", _math_block, {"alt": stops})
    parser.inline.ruler.before("escape", "math_inline", _math_inline)


def _math_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    opening = first[:2]
    if opening not in ("$$", r"\[") or not _begins_block(opening, first[2:].rstrip()):
        return False
    if silent:
        return True
    latex, after, line = _collect(state, start_line, end_line, _CLOSING[opening])
    state.line = line
    if latex is None:
        _push_paragraph(state, state.getLines(start_line, line, state.blkIndent, False), start_line)
        return True
    token = state.push("math_block", "math", 0)
    token.content, token.markup, token.map = latex, opening, [start_line, line]
    if after:
        _push_paragraph(state, after, line - 1)
    return True


def _begins_block(opening: str, rest: str) -> bool:
    closing = _CLOSING[opening]
    if closing in rest:
        return rest.index(closing) == len(rest) - 2 > 0
    return not rest or opening != "$$" or _FORMULA_SIGN.search(rest) is not None


def _collect(state: StateBlock, start_line: int, end_line: int, closing: str) -> tuple[str | None, str, int]:
    """Read to the closing delimiter: the formula (None if there is no end), the text after it, the next line."""
    rows = []
    for line in range(start_line, end_line):
        if line > start_line and (state.isEmpty(line) or state.sCount[line] < state.blkIndent):
            return None, "", line
        row = _line(state, line)[2 if line == start_line else 0 :]
        before, found, after = row.partition(closing)
        rows.append(before)
        if found:
            return "\n".join(rows), after.strip(), line + 1
    return None, "", end_line


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _push_paragraph(state: StateBlock, content: str, start_line: int) -> None:
    state.push("paragraph_open", "p", 1).map = [start_line, state.line]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = content.strip(), [start_line, state.line], []
    state.push("paragraph_close", "p", -1)


def _math_inline(state: StateInline, silent: bool) -> bool:
    sign = state.src[state.pos]
    if sign not in "$\\":
        return False
    opening = state.src[state.pos : state.pos + 2]
    if opening in _CLOSING:
        end = state.src.find(_CLOSING[opening], state.pos + 2, min(state.pos + 4 + LONGEST, state.posMax))
        latex = state.src[state.pos + 2 : end] if end > 0 else ""
    elif sign == "$":
        opening, latex = "$", _between_dollars(state.src, state.pos, state.posMax)
    else:
        return False
    if not latex.strip():
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = latex, opening
    state.pos += len(latex) + 2 * len(opening)
    return True


def _between_dollars(text: str, start: int, end: int) -> str:
    if start and (text[start - 1].isalnum() or text[start - 1] == "$"):
        return ""
    found = _DOLLARS.match(text, start, min(end, start + LONGEST))
    latex = found[1] if found else ""
    return "" if latex.strip() != latex or _AMOUNT.match(latex) else latex
