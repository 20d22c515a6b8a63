"""How the browser says the texts of the catalogue: gaps, numbers, dates, and again in another language."""

from __future__ import annotations

import pytest

from primer_nb.panel.part import static
from primer_nb.panel.words import words_of


@pytest.fixture
def page(chromium):
    """A blank page with the code that every part of the panel shares."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.add_script_tag(content=static("language.js", "elements.js"))
    yield page
    context.close()


def say(page, language, what):
    """Run an expression over `language`, a Language that speaks as it is told."""
    words = {**words_of("transcript", language=language)}
    script = "([words, what]) => { const language = Object.assign(new Language(), { words }); return eval(what); }"
    return page.evaluate(script, [words, what])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 token", "1,234 tokens", "0.9 s", "61.0 s"]),
        ("de", ["1 Token", "1.234 Tokens", "0,9 s", "61,0 s"]),
    ],
)
def test_numbers_are_written_as_in_the_language(page, language, said):
    assert [
        say(page, language, 'language.text("token", { count: 1 })'),
        say(page, language, 'language.text("tokens", { count: 1234 })'),
        say(page, language, 'language.text("seconds", { count: language.number(0.9, 1) })'),
        say(page, language, 'language.text("seconds", { count: language.number(61, 1) })'),
    ] == said


def test_dates_follow_the_browsers_own_kind_of_the_language(page):
    assert say(page, "en", "language.locale") == "en-GB"
    assert say(page, "de", "language.locale") == "de"


def test_what_python_tells_is_said_or_shown_as_it_is(page):
    assert say(page, "de", 'language.told({ word: "token", values: { count: 2 } })()') == "2 Token"
    assert say(page, "de", 'language.told({ text: "no such chat" })()') == "no such chat"
    assert say(page, "de", "language.told(null)()") == ""


def test_nodes_say_again_what_they_said_and_keep_the_rest(page):
    german = words_of("transcript", language="de")

    said = page.evaluate(
        """([english, german]) => {
            const language = Object.assign(new Language(), { words: english });
            const button = make("button", { title: language.say("retry"), text: () => language.text("you") });
            const box = make("input", { placeholder: language.say("retry") });
            const root = make("div", {}, button, box, make("p", { text: "as it is" }));
            box.value = "typed";
            const before = root.textContent;
            language.words = german;
            retell(root);
            return [before, root.textContent, button.title, box.placeholder, box.value];
        }""",
        [words_of("transcript", language="en"), german],
    )

    assert said == ["Youas it is", f"{german['you']}as it is", german["retry"], german["retry"], "typed"]
