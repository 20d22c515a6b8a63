"""Highlighted code: the text stays the text, the classes are ours, and no code takes long to read."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import render_markdown
from primer_nb.markdown import highlight_css
from primer_nb.markdown.budget import Budget
from primer_nb.markdown.highlighting import CLASSES, highlight

LANGUAGES = [
    "python",
    "pycon",
    "bash",
    "console",
    "json",
    "yaml",
    "r",
    "sql",
    "html",
    "java",
    "c#",
    "make",
    "tex",
    "diff",
]


def text_of(html: str) -> str:
    return unescape(re.sub(r'</?span(?: class="hl-[a-z]")?>', "", html))


def test_the_words_of_code_get_classes():
    html = render_markdown("```python\n@memo\ndef f(x):\n    return 'a' + 1  # why\n```")

    assert html == (
        '<pre><code class="language-python"><span class="hl-m">@memo</span>\n'
        '<span class="hl-k">def</span> <span class="hl-d">f</span>(x):\n'
        '    <span class="hl-k">return</span> <span class="hl-s">\'a\'</span> <span class="hl-o">+</span> '
        '<span class="hl-n">1</span>  <span class="hl-c"># why</span>\n</code></pre>\n'
    )


@pytest.mark.parametrize("name", ["Python", "PY", "c++", "shell-session", "patch", "jsonc"])
def test_languages_have_other_names(name):
    assert "<span" in render_markdown(f"```{name}\nif x = 1; # true\n- y\n```") or name == "shell-session"


@given(
    code=st.text(st.sampled_from(" \n\t'\"#/*<>&$(){}[]=.:;@!%-+\\0aif\u00e9"), max_size=200),
    language=st.sampled_from(LANGUAGES),
)
def test_the_text_of_code_is_never_changed(code, language):
    assert text_of(highlight(code, language, Budget())) == code


@pytest.mark.parametrize(
    ("language", "unit"), [("java", "a\n b"), ("c#", "a\n"), ("make", "0x" * 100 + "\n"), ("tsx", "a." * 99 + "\n")]
)
def test_code_made_to_be_slow_stays_plain_from_where_the_time_is_over(language, unit):
    code, budget = unit * (100_000 // len(unit)), Budget(highlighting_seconds=0.02)

    html = highlight(code, language, budget)

    assert text_of(html) == code
    assert budget.highlighting_seconds == 0


def test_code_on_one_endless_line_stays_plain():
    code = "x = 1; " * 1_000

    assert highlight(code, "python", Budget()) == code


def test_every_class_has_a_colour_and_every_colour_a_class():
    styled = set(re.findall(r"\.(hl-[a-z])\b", highlight_css()))

    assert styled == CLASSES


@pytest.mark.parametrize(("background", "dark"), [("#f5f5f5", False), ("#1e1e1e", True)])
def test_our_own_colours_are_readable(background, dark):
    light_part, dark_part, _ = re.split(r"@media|body\.vscode-light", highlight_css())
    colours = re.findall(r"--hl-\w+: (#\w{6});", dark_part if dark else light_part)

    assert colours
    assert min(contrast(colour, background) for colour in colours) >= 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
