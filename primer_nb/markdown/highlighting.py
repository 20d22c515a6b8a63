"""Fenced code with its words coloured: Pygments reads it, a handful of short classes say what it found.

Many of Pygments' lexers take quadratic time on lines made for it (a page of Java without a semicolon: seconds), so
only languages people write in notebooks are read, no line longer than a person's, and never longer than the budget.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Operator,
    Token,
    _TokenType,
)

from primer_nb.markdown.budget import Budget

LANGUAGE = re.compile(r"[A-Za-z0-9_+#.\-]{1,30}")
LANGUAGE_CLASS = re.compile(f"language-{LANGUAGE.pattern}")

_NAMES = """
awk bash c c# c++ clojure cmake console cpp cs csharp css cypher dart diff docker dockerfile elixir fortran go golang
graphql haskell hcl html http ini java javascript js json julia kotlin latex less lua make makefile markdown matlab md
nginx objective-c ocaml octave perl php postgresql powershell proto protobuf ps1 py py3 pycon pytb python python3 r rb
rs ruby rust scala scss sh shell shell-session sql sqlite3 stata swift terraform tex tf toml ts tsx typescript udiff
xml yaml yml zsh
"""
_LANGUAGES = frozenset(_NAMES.split())
_OTHER_NAMES = {"jsonc": "json", "ipython": "python", "kt": "kotlin", "patch": "diff", "svg": "xml"}
_LONGEST_LINE = 1_000
_TOKENS_BETWEEN_CHECKS = 4

_KINDS: dict[_TokenType, str] = {
    Comment: "hl-c",
    Comment.Preproc: "hl-m",
    Generic.Deleted: "hl-x",
    Generic.Heading: "hl-d",
    Generic.Inserted: "hl-i",
    Generic.Prompt: "hl-c",
    Generic.Subheading: "hl-m",
    Generic.Traceback: "hl-e",
    Generic.Error: "hl-e",
    Keyword: "hl-k",
    Keyword.Constant: "hl-a",
    Keyword.Type: "hl-b",
    Literal.Number: "hl-n",
    Literal.String: "hl-s",
    Literal.String.Doc: "hl-c",
    Literal.String.Escape: "hl-m",
    Literal.String.Interpol: "hl-m",
    Name.Attribute: "hl-r",
    Name.Builtin: "hl-b",
    Name.Class: "hl-d",
    Name.Constant: "hl-a",
    Name.Decorator: "hl-m",
    Name.Entity: "hl-a",
    Name.Exception: "hl-b",
    Name.Function: "hl-d",
    Name.Namespace: "hl-d",
    Name.Tag: "hl-t",
    Name.Variable: "hl-v",
    Operator: "hl-o",
    Operator.Word: "hl-k",
    Token: "",
}
CLASSES = frozenset(_KINDS.values()) - {""}


def highlight(code: str, language: str, budget: Budget) -> str:
    """Mark the words of a piece of code with classes.

    Parameters
    ----------
    code : str
        The code.
    language : str
        A name of its language; an unknown one leaves the code without marks.
    budget : Budget
        What highlighting may still use in this text; what this code used is taken off.

    Returns
    -------
    str
        HTML: the escaped code with ``span`` elements of `CLASSES`. Its text is always the code, to the character.
    """
    name = _OTHER_NAMES.get(language.lower(), language.lower())
    if name not in _LANGUAGES or _has_long_line(code):
        return escape(code, quote=False)
    spans, seen = [], 0
    for kind, text in _runs(code, name, budget):
        spans.append(
            f'<span class="{kind}">{escape(text, quote=False)}</span>' if kind else escape(text, quote=False)
        )
        seen += len(text)
    return "".join(spans) + escape(code[seen:], quote=False)


def highlight_css() -> str:
    """Return the style sheet of the highlighting classes.

    Returns
    -------
    str
        CSS that takes the colours of JupyterLab's editor, light or dark, and has its own where there are none.
    """
    return files("primer_nb.markdown").joinpath("highlight.css").read_text(encoding="utf-8")


def _has_long_line(code: str) -> bool:
    return len(code) > _LONGEST_LINE and max(map(len, code.split("\n"))) > _LONGEST_LINE


def _runs(code: str, language: str, budget: Budget) -> Iterator[tuple[str, str]]:
    """Iterate over stretches of one class, until the code or the budget ends."""
    start = time.thread_time()
    deadline = start + budget.highlighting_seconds
    lexer = get_lexer_by_name(language)
    run_kind, run_start, position = "", 0, 0
    for count, (at, token, _) in enumerate(lexer.get_tokens_unprocessed(code)):
        position = max(at, run_start)  # lexers that join two others go back
        kind = _class_of(token)
        if kind != run_kind:
            yield run_kind, code[run_start:position]
            run_kind, run_start = kind, position
        if count % _TOKENS_BETWEEN_CHECKS == 0 and time.thread_time() > deadline:
            break
    else:
        position = len(code)
    yield run_kind, code[run_start:position]
    budget.highlighting_seconds = max(0.0, deadline - time.thread_time())


@cache
def _class_of(token: _TokenType) -> str:
    return next(_KINDS[ancestor] for ancestor in reversed(token.split()) if ancestor in _KINDS)
