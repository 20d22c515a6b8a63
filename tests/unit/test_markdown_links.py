"""Links in Markdown: only absolute ones, none that loads, and each says where it goes when its text does not."""

from __future__ import annotations

import pytest

from primer_nb import render_markdown
from primer_nb.markdown.links import is_allowed


def link(url: str, text: str) -> str:
    return f'<a href="{url}" target="_blank" rel="noopener noreferrer nofollow">{text}</a>'


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://localhost:8888/lab?x=1#y",
        "HTTPS://EXAMPLE.ORG/",
        "https://[::1]/",
        "https://de.wikipedia.org/wiki/Bayes'scher_Satz_(x)",
        "https://user@example.org/",
        "mailto:someone@example.org?subject=x",
    ],
)
def test_absolute_web_and_mail_addresses_are_links(url):
    assert is_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org",
        "vscode://x",
        "/relative",
        "//example.org",
        "#top",
        "?q",
        "https:example.org",
        "https:///example.org",
        "https://good.example\\@evil.example",
        "https://good.example%2f@evil.example%2e",
        "https://exämple.org",
        "https://example.org/\x00",
        "https://example.org/ x",
        "https://example.org/\n",
        "mailto:",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_nothing_else_is_a_link(url):
    assert not is_allowed(url)


def test_a_link_opens_a_new_page_and_tells_nothing_about_this_one():
    assert render_markdown("[a](https://example.org)") == f"<p>{link('https://example.org', 'a')}</p>\n"


@pytest.mark.parametrize(
    "text", ["[a](/b)", "[a](javascript:b)", "<ftp://a.example>", "![a](data:image/png;base64,AA)"]
)
def test_what_is_no_link_is_shown_as_it_was_written(text):
    html = render_markdown(text)

    assert "<a" not in html
    assert text.replace("<", "&lt;").replace(">", "&gt;") in html


@pytest.mark.parametrize(
    ("text", "url", "rest"),
    [
        ("see https://example.org/a_b__c.", "https://example.org/a_b__c", "."),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)", ")"),
        ("https://example.org/?a=1&b=2!", "https://example.org/?a=1&amp;b=2", "!"),
        ("**https://example.org**", "https://example.org", "</strong>"),
        ("访问https://example.org/a。", "https://example.org/a", "。"),
        ("mailto:someone@example.org,", "mailto:someone@example.org", ","),
    ],
)
def test_a_bare_address_is_a_link_without_the_punctuation_after_it(text, url, rest):
    assert f"{link(url, url)}{rest}" in render_markdown(text)


@pytest.mark.parametrize(
    "text", ["example.org", "someone@example.org", "xhttps://example.org", "`https://example.org`"]
)
def test_what_only_looks_like_an_address_stays_text(text):
    assert "<a" not in render_markdown(text)


def test_an_image_becomes_a_link_that_says_where_it_goes():
    html = render_markdown("![a *chart*](https://example.org/x.png)")

    assert html == f"<p>{link('https://example.org/x.png', '[image: a chart]')} (example.org)</p>\n"


def test_an_image_in_a_link_is_text_in_that_link():
    html = render_markdown("[![badge](https://example.com/b.svg)](https://example.org)")

    assert html == f"<p>{link('https://example.org', '[image: badge]')}</p>\n"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("[https://bank.example](https://evil.example)", "evil.example"),
        ("[bank.example](https://evil.example/bank.example)", "evil.example"),
        ("[**bank**.example](https://evil.example)", "evil.example"),
        ("[www.bank.example](https://www.bank.example.evil.example)", "www.bank.example.evil.example"),
        ("[bank](https://bank.example@evil.example)", "evil.example"),
        ("[bank](https://bаnk.example)", "xn--bnk-6cd.example"),
        ("[bank](https://evil.example 'https://bank.example')", "evil.example"),
        ("[help@bank.example](mailto:help@evil.example)", "help@evil.example"),
    ],
)
def test_a_link_that_names_another_place_or_hides_its_own_says_its_host(text, host):
    assert render_markdown(text).endswith(f"</a> ({host})</p>\n")


@pytest.mark.parametrize(
    "text",
    [
        "[the docs](https://example.org)",
        "[example.org](https://www.example.org/x)",
        "[https://example.org/x.html](https://example.org/x.html)",
        "[data.csv](https://example.org/data.csv)",
        "[e.g. this](https://example.org)",
        "<https://example.org/?to=data.org#part.two>",
        "[someone@example.org](mailto:someone@example.org)",
        "[write to us](mailto:someone@example.org)",
    ],
)
def test_an_honest_link_says_no_more_than_its_text(text):
    assert render_markdown(text).endswith("</a></p>\n")
