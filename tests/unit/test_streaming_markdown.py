"""A reply that is drawn while it arrives: each block once, in the end as the whole, in linear bytes and work."""

from __future__ import annotations

import json
import math
from itertools import count, islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.parser_block import ParserBlock

from primer_nb import render_markdown
from primer_nb.markdown import StreamingMarkdown, Update
from primer_nb.markdown.budget import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADERS = 570  # bytes of Jupyter's headers in each message
TOKENS_A_MESSAGE = 20  # 200 tokens a second, ten messages a second

MARKS = r"""
a;b c;- ;* ;1. ;2) ;  ;    ;> ;```;````;~~~;```py¶;# ;---¶;===¶;**;_;`;$$;$;\[;\];\(;\);<br>;[ ] ;=;x^2;+;\;|;|a|b|¶;
|-|-|¶;[a]: http://x.y¶;[a]:;[a];[b][a];'t;t';";(t;[b]: <http://z.w> 'q¶;![i](http://h.i/x);https://q.r ;&amp;;~~;
- [x] q¶;$$¶;- ;1. ;¶;¶;¶¶;¶¶
"""
FRAGMENTS = [mark.replace("¶", "\n") for mark in MARKS.replace("\n", "").split(";")]
FRAGMENTS += ["\t", "\r", "\r\n", "\u202e", "\x00", "\ud800"]


class Reader:
    """What a page shows of a reply, and what it was sent for it."""

    def __init__(self) -> None:
        self.html = ""
        self.tail = ""
        self.bytes = 0
        self.messages = 0

    def read(self, pieces: Iterable[str], *, every: int = 1) -> Reader:
        """Let a reply arrive, drawn after each so many pieces."""
        reply = StreamingMarkdown()
        for number, piece in enumerate(pieces, start=1):
            reply.feed(piece)
            if number % every == 0:
                self._take(reply.flush())
        final = reply.finish()
        self._count([final.settled, final.whole])
        self.html = self.html + "".join(final.settled) if final.whole is None else final.whole
        return self

    def _take(self, update: Update) -> None:
        if update:
            self._count([update.settled, update.tail, update.replace_tail])
            self.html += "".join(update.settled)
            self.tail = update.tail if update.replace_tail else self.tail + update.tail

    def _count(self, content: object) -> None:
        self.bytes += len(json.dumps(content, ensure_ascii=False).encode())
        self.messages += 1


def pieces_of(text: str, size: int = 4) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def numbered(unit: str) -> Iterator[str]:
    return (unit.replace("#", str(number)) for number in count())


def mixed() -> Iterator[str]:
    yield from numbered(
        "## Step #\n\nThe *estimator* is **consistent**, see [the note](https://example.org/#).\n\n- load the table\n"
        "- group by `user`\n\nIf $n$ is large, $\\beta_{#}$ converges:\n\n```python\nx = t - #\n\nprint(x)\n```\n\n"
    )


SHAPES = {
    "mixed": mixed,
    "one list": lambda: numbered("- item # of the *list*, `x`\n"),
    "one loose list": lambda: numbered("- item #\n\n"),
    "one table": lambda: ("| a | b |\n|---|---|\n" if number == 0 else f"| r | {number} |\n" for number in count()),
    "one paragraph on a line": lambda: numbered("some words and **bold** ones "),
    "one paragraph": lambda: numbered("some words and **bold** ones\n"),
    "one fence": lambda: ("```python\n" if number == 0 else "# say\n\nprint(1)\n" for number in count()),
    "a fence in a paragraph": lambda: ("text\n```\n" if number == 0 else "# say\n\nx\n" for number in count()),
    "one quote": lambda: numbered("> quoted #\n"),
    "headings": lambda: numbered("# h\ntext\n"),
    "links and fences": lambda: numbered("[a]: http://x.y\n```\nq\n```\n"),
}


def text_of(shape: str, tokens: int) -> str:
    text = ""
    units = SHAPES[shape]()
    while len(text) < 4 * tokens:
        text += "".join(islice(units, 100))
    return text[: 4 * tokens]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.lists(st.integers(1, 20), min_size=1, max_size=8),
)
def test_the_parts_are_the_whole_however_a_text_arrives(text, sizes):
    pieces, start = [], 0
    for size in islice(iter(lambda: sizes[len(pieces) % len(sizes)], None), len(text)):
        pieces.append(text[start : start + size])
        start += size

    assert Reader().read(pieces).html == render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "see\n\n[a]: http://x.y\n'" + "a title\n" * 600 + "that ends'\n\n[a]",
        "a\n\n\\[x\n\\] b\n\n\\[y\n\\] c\n",
        "a\n\n```py``` is code\n\nb\n\nc",
        "- a\n  ```\n  x\n\nb\n```\ny\n\nz",
        "a\r\n\r\nb\rc",
        "a\n\n| b\n|-\n| c\n\nd",
        "1. a\n\n2. b\n\n\n- c\n\n  d\n\n* e",
        "a\n$$x\n\nb$$\n\nc",
    ],
)
@pytest.mark.parametrize("size", [1, 9, 1_000])
def test_a_text_that_misleads_ends_as_the_whole(text, size):
    assert Reader().read(pieces_of(text, size)).html == render_markdown(text)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 7, 300])
def test_every_shape_of_a_reply_ends_as_the_whole(shape, size):
    text = text_of(shape, 600)

    assert Reader().read(pieces_of(text, size)).html == render_markdown(text)


def test_the_open_end_of_a_reply_is_shown_as_it_was_written():
    reply = StreamingMarkdown()

    reply.feed("# Title\n\nsome *wo")

    assert reply.flush() == Update(("<h1>Title</h1>\n",), "some *wo", replace_tail=True)


def test_an_open_end_that_grows_is_sent_once():
    reply = StreamingMarkdown()
    reply.feed("some *wo")
    reply.flush()

    reply.feed("rds* and more")

    assert reply.flush() == Update((), "rds* and more", replace_tail=False)


def test_nothing_new_is_no_update():
    reply = StreamingMarkdown()
    reply.feed("some")
    reply.flush()

    assert not reply.flush()


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("a\n\nb", "<p>a</p>\n"),
        ("a\n\n1", ""),
        ("- a\n\n1. b", "<ul>\n<li>a</li>\n</ul>\n"),
        ("- a\n\n- b", ""),
        ("- a\n\n  b", ""),
        ("- a\n\nb", "<ul>\n<li>a</li>\n</ul>\n"),
        ("```\na\n\nb", ""),
        ("```\na\n```\n\nb", "<pre><code>a\n</code></pre>\n"),
        ("| a |\n|---|\n| b |\n\nc", render_markdown("| a |\n|---|\n| b |")),
        ("[a]: http://x.y\n'b", ""),
    ],
)
def test_a_block_settles_as_soon_as_it_is_sure_that_another_begins(text, settled):
    reply, html = StreamingMarkdown(), ""

    for character in text:
        reply.feed(character)
        html += "".join(reply.flush().settled)

    assert html == settled


def test_the_tail_hides_nothing_and_turns_nothing_around():
    reader = Reader().read(["a\u202eb", "\u200b\x00", "\r", "\nc"])

    assert reader.tail == "a⟦U+202E⟧b\ufffd\ufffd\nc"


def test_a_link_defined_below_its_use_is_drawn_in_the_end():
    reply = StreamingMarkdown()
    reply.feed("see [this][1]\n\nmore\n\n")
    before = reply.flush()

    reply.feed("[1]: https://example.org")
    final = reply.finish()

    assert "<a" not in "".join(before.settled)
    assert final.whole == render_markdown("see [this][1]\n\nmore\n\n[1]: https://example.org")


def test_a_definition_that_changes_nothing_sends_nothing_again():
    reply = StreamingMarkdown()
    reply.feed("plain\n\nmore\n\n")
    reply.flush()

    reply.feed("[1]: https://example.org")

    assert reply.finish().whole is None


@pytest.mark.parametrize("unit", ["a *b* ", "- a\n", "[", "a [b]\n\n"])
def test_a_reply_too_long_or_too_dear_ends_as_the_whole_does(unit):
    text = (unit * LONGEST)[: LONGEST + 1_000]

    reader = Reader().read(pieces_of(text, 5_000))

    assert reader.html == render_markdown(text)
    assert len(reader.tail) <= LONGEST


@pytest.mark.parametrize("shape", SHAPES)
def test_bytes_grow_with_the_length_of_a_reply(shape):
    short, long = (
        Reader().read(pieces_of(text_of(shape, tokens)), every=TOKENS_A_MESSAGE).bytes for tokens in (2_000, 8_000)
    )

    assert math.log(long / short, 4) <= 1.05


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reply_of_8000_tokens_sends_at_most_twenty_times_its_text(shape):
    text = text_of(shape, 8_000)

    reader = Reader().read(pieces_of(text), every=TOKENS_A_MESSAGE)

    assert reader.bytes + HEADERS * reader.messages <= 20 * len(text.encode())
    assert reader.messages <= 600


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reply_is_read_a_few_times_and_not_once_a_message(shape, monkeypatch):
    text, read, parse = text_of(shape, 4_000), [], ParserBlock.parse

    def counted(parser, source, *rest):
        read.append(len(source))
        return parse(parser, source, *rest)

    monkeypatch.setattr(ParserBlock, "parse", counted)
    Reader().read(pieces_of(text))

    assert sum(read) <= 4 * len(text)
