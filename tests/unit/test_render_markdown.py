"""Markdown as safe HTML: what is drawn, what is shown as it was written, and that no text is too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import render_markdown
from primer_nb.markdown.budget import LONGEST, WorkMeter, share_out

DRAWN = {
    "heading": ("# A *b*", "<h1>A <em>b</em></h1>\n"),
    "emphasis": ("**a** _b_ ~~c~~ `d<e`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d&lt;e</code></p>\n"),
    "two paragraphs": ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
    "line breaks": ("a  \nb\\\nc", "<p>a<br>\nb<br>\nc</p>\n"),
    "list": ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
    "numbered list": ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
    "task list": ("- [ ] a\n- [x] b", "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>\n"),
    "quote": ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
    "rule": ("a\n\n---", "<p>a</p>\n<hr>\n"),
    "fence without a language": ("```\n<a> & b\n```", "<pre><code>&lt;a&gt; &amp; b\n</code></pre>\n"),
    "fence in an unknown language": ("```klingon\nx\n```", '<pre><code class="language-klingon">x\n</code></pre>\n'),
    "indented code": ("    a\n    b", "<pre><code>a\nb\n</code></pre>\n"),
    "HTML is text": ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
    "entities": ("&copy; &lt;b&gt; &amp;amp;", "<p>© &lt;b&gt; &amp;amp;</p>\n"),
    "an unfinished fence": ("```\na", "<pre><code>a</code></pre>\n"),
    "joiners and emoji": ("می\u200cخواهم 👩\u200d💻 ✔\ufe0f",) * 2,
    "right to left": ("שלום \u200f(world)",) * 2,
    "a flag made of tags": ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",) * 2,
    "nothing": ("", ""),
}

TABLE = "| a | b |\n|:--|--:|\n| x<br>y | `z` |"
TABLE_HTML = """\
<table>
<thead>
<tr>
<th style="text-align:left">a</th>
<th style="text-align:right">b</th>
</tr>
</thead>
<tbody>
<tr>
<td style="text-align:left">x<br>
y</td>
<td style="text-align:right"><code>z</code></td>
</tr>
</tbody>
</table>
"""


@pytest.mark.parametrize(("text", "html"), DRAWN.values(), ids=DRAWN.keys())
def test_what_people_write_is_drawn(text, html):
    drawn = render_markdown(text)

    assert drawn in (html, f"<p>{html}</p>\n")


def test_a_table_keeps_its_alignment_and_its_line_breaks():
    assert render_markdown(TABLE) == TABLE_HTML


def test_old_line_ends_are_line_ends():
    assert render_markdown("# a\r\n\r\nb\rc") == "<h1>a</h1>\n<p>b\nc</p>\n"


@pytest.mark.parametrize("text", ["a\u202eb", "a&#x202e;b", "`a\u202eb`", "```\na\u202eb\n```", "| a\u202eb |\n|-|"])
def test_a_character_that_turns_text_around_is_named(text):
    html = render_markdown(text)

    assert "a⟦U+202E⟧b" in html
    assert "\u202e" not in html


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\ufeff", "\u2060", "\U000e0041", "\x00", "\x1b", "\ud800"])
def test_a_hidden_character_is_shown_as_one_that_is_missing(hidden):
    assert render_markdown(f"a{hidden}b") == "<p>a\ufffdb</p>\n"


def test_what_nests_too_deep_is_shown_as_it_was_written():
    deep = ">" * 30 + " deep"

    html = render_markdown(f"a\n\n{deep}\n\nb")

    assert html == f"<p>a</p>\n<pre><code>{deep.replace('>', '&gt;')}\n</code></pre>\n<p>b</p>\n"


def test_nine_levels_of_lists_are_drawn():
    text = "".join("  " * level + f"- level {level}\n" for level in range(9))

    assert render_markdown(text).count("<li>") == 9


def test_a_long_text_is_cut_and_says_so():
    html = render_markdown("word " * 100_000)

    assert html.count("word") == LONGEST / 5
    assert html.endswith("<p><em>Cut here: 300,000 more characters are not shown.</em></p>\n")


@pytest.mark.parametrize(
    "mark", ["[", "![", "*a", "**a** ", "- a\n", "1. a\n", "|a", "> a\n\n", "<http://a>", "`a`*"]
)
def test_a_text_of_nothing_but_marks_is_shown_as_it_was_written_from_where_it_gets_too_dear(mark):
    text = (mark * LONGEST)[:LONGEST]

    shares = share_out(text)

    assert shares.markdown + shares.plain == text
    assert "Too much markup" in render_markdown(text) or not shares.plain
    assert WorkMeter().takes(shares.markdown)


def test_a_long_ordinary_reply_is_drawn_to_its_end():
    paragraph = "Some *words* that say little, `code`, and [a link](https://example.org) to more of them.\n\n"
    part = f"## Step\n\n{paragraph * 3}- one item\n- another item\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    text = (part * 2_000)[: LONGEST - 10] + "\n\n**end**"

    html = render_markdown(text)

    assert html.endswith("<p><strong>end</strong></p>\n")


def test_one_long_reference_used_often_does_not_blow_up_the_page():
    text = f"[x]: https://example.org/{'y' * 1_900}\n\n" + "[x] [x] [x]\n\n" * 5_000

    html = render_markdown(text)

    assert len(html) < 15 * LONGEST


@given(
    st.text(st.sampled_from(" \n\t#*_-+`~[]()<>|\\$&!:;./\"'=^{}0123456789aAxX\r\u202e\ud800\x00é中"), max_size=400)
)
def test_no_text_makes_it_raise(text):
    html = render_markdown(text)

    assert "<script" not in html
    html.encode()


@pytest.mark.parametrize("text", ["$" + "{" * 1_999 + "$", "[" * 5_000, "> " * 5_000, "(" * 5_000, "_" * 5_001 + "a"])
def test_no_nesting_is_too_deep(text):
    assert render_markdown(text)
