"""A hostile reply, drawn and put into a page, runs nothing, asks for nothing, holds nothing that is not allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile_markdown import vectors, wrapped

from primer_nb.markdown import render_markdown
from primer_nb.markdown.rendering import BlockRenderer
from primer_nb.markdown.sanitizer import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Route

ADDRESS = "https://page.example/"
AT_ONCE = 1_000

# What is in a page but not on this list is dangerous. Written out here, not taken from the cleaner that it checks.
BARE = """
p br hr strong em s pre blockquote ul li h1 h2 h3 h4 h5 h6 table thead tbody tr
mtable mtr munder mover mrow mn mtext msub msup msubsup mfrac
"""
ALLOWED = {
    **{tag: [] for tag in BARE.split()},
    "a": ["href", "title", "target", "rel"],
    "code": ["class"],
    "math": ["display"],
    "menclose": ["notation"],
    "mi": ["mathvariant"],
    "mo": ["stretchy", "fence", "form"],
    "mpadded": ["mathbackground", "voffset"],
    "mspace": ["mathbackground", "width", "height"],
    "mstyle": ["displaystyle", "scriptlevel", "mathcolor"],
    "mtd": ["style"],
    "mtext": ["mathvariant"],
    "ol": ["start"],
    "span": ["class"],
    "td": ["style"],
    "th": ["style"],
}
VALUES = {
    "href": r"^(https?://|mailto:)[^\s<>\"`\\]+$",
    "target": "^_blank$",
    "rel": "^noopener noreferrer nofollow$",
    "class": r"^(language-[\w+#.-]+|hl-[a-z])?$",
    "style": r"^text-align:\s?(left|right|center)$",
    "mathcolor": r"^(\w+|#\w+)$",
    "mathbackground": r"^(\w+|#\w+)$",
    "width": r"^[+-]?\d{0,2}(\.\d+)?(em|ex|px|pt|mu|width)?$",
}

# Three ways into a page: set; read out and set again (what mutates does so then); as a fragment, which runs scripts.
PUT = """
([pieces, allowed, values]) => {
    const dangers = [];
    const check = (root, html) => {
        for (const node of root.querySelectorAll("*")) {
            const names = allowed[node.localName];
            if (!names) dangers.push(`<${node.localName}> of ${html}`);
            for (const { name, value } of names ? node.attributes : []) {
                const isAllowed = names.includes(name) && (!values[name] || new RegExp(values[name]).test(value));
                if (!isAllowed) dangers.push(`${name}="${value}" of ${html}`);
            }
        }
    };
    const box = document.body.appendChild(document.createElement("div"));
    for (const html of pieces) {
        box.innerHTML = html;
        check(box, html);
        box.innerHTML = box.innerHTML;
        check(box, html);
        box.replaceChildren(document.createRange().createContextualFragment(html));
        check(box, html);
    }
    box.remove();
    return dangers;
}
"""
SETTLE = "() => new Promise(done => { const image = new Image(); image.onerror = done; image.src = '/last.png'; })"


class Trap:
    """A page that counts what runs in it and what it asks the network for."""

    def __init__(self, browser: Browser) -> None:
        self.requests: list[str] = []
        self.runs = 0
        self._context = browser.new_context()
        self._context.route("**/*", self._answer)
        self._page = self._context.new_page()
        self._page.expose_function("pwn", self._count)
        self._page.goto(ADDRESS)

    def put(self, pieces: list[str]) -> list[str]:
        """Put HTML into the page; return what is not allowed there."""
        dangers = []
        for start in range(0, len(pieces), AT_ONCE):
            dangers += self._page.evaluate(PUT, [pieces[start : start + AT_ONCE], ALLOWED, VALUES])
        self._page.evaluate(SETTLE)
        return dangers

    def close(self) -> None:
        self._context.close()

    def _count(self) -> None:
        self.runs += 1

    def _answer(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(body="<!doctype html><title>page</title>", content_type="text/html")
            return
        if not route.request.url.endswith("/last.png"):
            self.requests.append(route.request.url)
        route.abort()


@pytest.fixture
def trap(chromium: Browser) -> Iterator[Trap]:
    trap = Trap(chromium)
    yield trap
    trap.close()


def test_a_hostile_reply_is_inert_in_every_place_of_a_document(trap):
    pieces = list({render_markdown(text) for text in wrapped()})

    dangers = trap.put(pieces)

    assert dangers[:3] == []
    assert trap.runs == 0
    assert trap.requests == []
    assert len(pieces) > 10_000


def test_the_cleaner_alone_makes_hostile_html_inert(trap):
    pieces = [clean(vector) for vector in vectors()]

    dangers = trap.put(pieces)

    assert dangers[:3] == []
    assert trap.runs == 0
    assert trap.requests == []


def test_the_rules_of_the_renderer_alone_make_hostile_markdown_inert(trap):
    pieces = list({BlockRenderer().draw(text) for text in wrapped()})

    trap.put(pieces)

    assert trap.runs == 0
    assert trap.requests == []


def test_the_trap_snaps_at_hostile_html_that_is_not_cleaned(trap):
    leaving = ("refresh", "<base", "<form", "<frame", "plaintext")
    raw = [vector for vector in vectors() if not any(word in vector for word in leaving)]

    dangers = trap.put(raw)

    assert trap.runs > 100
    assert len(trap.requests) > 20
    assert len(dangers) > 1_000
