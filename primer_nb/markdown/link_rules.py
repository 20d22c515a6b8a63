"""Markdown's links as we want them: bare addresses become links, images too, and deceiving links say their host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from primer_nb.markdown.links import host_of, undisclosed_host

_SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?|mailto)\Z", re.IGNORECASE)
# Brackets, quotes and the punctuation of Chinese and Japanese end an address that stands in running text.
_BARE = re.compile(
    r"(?:https?://|mailto:(?=[\w.+-]{1,64}@[\w-]))[^\s<>\[\]\"'`{}|\\^“”‘’«»\u3000-\u303f\uff00-\uff65]+",
    re.IGNORECASE,
)
_LONGEST = 2_000
_NOT_AT_THE_END = ".,:;!?*_~…"


def add_links(parser: MarkdownIt) -> None:
    """Teach a parser our links.

    Parameters
    ----------
    parser : MarkdownIt
        The parser; its ``validateLink`` decides about all addresses.
    """
    parser.inline.ruler.before("newline", "bare_address", _bare_address)
    parser.core.ruler.push("links", _revise)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """Make a link of an address in running text; called at each ``:``.

    Written here because linkify-it takes a minute for 200,000 characters of ``http://a.b``.
    """
    at = state.pos
    if state.src[at] != ":" or state.linkLevel:
        return False
    scheme = _SCHEME.search(state.src, max(0, at - 7), at)
    found = scheme and _BARE.match(state.src, scheme.start(), min(state.posMax, scheme.start() + _LONGEST + 1))
    if not scheme or not found or found.end() - found.start() > _LONGEST:
        return False
    written = _without_punctuation(found[0])
    url = state.md.normalizeLink(written)
    if not state.md.validateLink(url) or not (silent or state.pending.endswith(scheme[0])):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": url}
        state.push("text", "", 0).content = written
        state.push("link_close", "a", -1)
    state.pos += len(written) - len(scheme[0])
    return True


def _without_punctuation(url: str) -> str:
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in _NOT_AT_THE_END or (url[end - 1] == ")" and surplus > 0)):
        surplus -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def _revise(state: StateCore) -> None:
    for token in state.tokens:
        if token.children and any(child.type in ("image", "link_open") for child in token.children):
            token.children = list(_revised(token.children))


def _revised(tokens: list[Token]) -> Iterator[Token]:
    """Put links in place of images, and hosts after links that do not show theirs."""
    address, shown = None, ""
    for token in tokens:
        if token.type == "image":
            label = f"[image: {_plain(token.children or [])}]"
            yield from (_text(label),) if address is not None else _image_link(str(token.attrs.get("src", "")), label)
            shown += label
            continue
        yield token
        if token.type == "link_open":
            address, shown = str(token.attrs.get("href", "")), f"{token.attrs.get('title', '')} "
        elif token.type == "link_close":
            if host := undisclosed_host(address or "", shown):
                yield _text(f" ({host})")
            address = None
        else:
            shown += _plain([token])


def _image_link(source: str, label: str) -> Iterator[Token]:
    """An image is never loaded: the request would carry out whatever the model put into its address."""
    opening = Token("link_open", "a", 1, attrs={"href": source})
    yield from (opening, _text(label), Token("link_close", "a", -1), _text(f" ({host_of(source)})"))


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _plain(tokens: list[Token]) -> str:
    return "".join(
        _plain(token.children or []) if token.type == "image" else token.content or " " * token.type.endswith("break")
        for token in tokens
    )
