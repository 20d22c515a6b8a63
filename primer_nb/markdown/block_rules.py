"""Small additions to Markdown's blocks: task lists, line breaks in table cells, and a floor under deep nesting."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def add_blocks(parser: MarkdownIt) -> None:
    """Teach a parser task lists, line breaks and what to do with blocks too deep for it.

    Parameters
    ----------
    parser : MarkdownIt
        The parser.
    """
    parser.core.ruler.after("block", "too_deep", _show_deep_blocks)
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.core.ruler.push("task_items", _draw_boxes)


def _show_deep_blocks(state: StateCore) -> None:
    """Show a block that nests too deep as it was written: the parser leaves out what is inside, without a word."""
    deepest = int(state.md.options.maxNesting) - 1
    if not any(token.nesting == 1 and token.level >= deepest for token in state.tokens):
        return
    lines = state.src.split("\n")
    kept: list[Token] = []
    for block in _top_level_blocks(state.tokens):
        if any(token.nesting == 1 and token.level >= deepest for token in block):
            first, last = block[0].map or [0, 0]
            kept.append(Token("code_block", "code", 0, content="\n".join(lines[first:last]) + "\n"))
        else:
            kept.extend(block)
    state.tokens = kept


def _top_level_blocks(tokens: list[Token]) -> list[list[Token]]:
    """Group the tokens of a text by the outermost block they belong to."""
    blocks: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            blocks.append([])
        blocks[-1].append(token)
    return blocks


def _line_break(state: StateInline, silent: bool) -> bool:
    """Take ``<br>``, the only HTML there is: a table cell has no other way to a second line."""
    found = state.src[state.pos] == "<" and _BREAK.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _draw_boxes(state: StateCore) -> None:
    for before, _, token in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type == "list_item_open" and token.children and token.children[0].type == "text":
            text = token.children[0]
            text.content = _BOXES.get(text.content[:4], text.content[:4]) + text.content[4:]
