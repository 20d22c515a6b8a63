"""The catalogue of the panel's texts: whole in every language, and the only place where a text stands."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from primer_nb.panel import signing
from primer_nb.panel.account import Account
from primer_nb.panel.chat_list import ChatList
from primer_nb.panel.composer import Composer
from primer_nb.panel.shown_once import ShownOnceView
from primer_nb.panel.transcript import Transcript
from primer_nb.panel.words import CATALOGUE, words_of
from primer_nb.panel.words.english import ENGLISH

PARTS = [Account, ChatList, Composer, ShownOnceView, Transcript]
PANEL = files("primer_nb.panel")
PYTHON = "\n".join(path.read_text() for path in PANEL.iterdir() if path.name.endswith(".py"))
NAMES_OF_KEYS = {
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "Delete",
    "End",
    "Enter",
    "Escape",
    "F2",
    "Home",
    "Tab",
}
NO_TEXT = re.compile(r"M[\d ].*|F2 Delete|NFC")  # the shape of an icon, keys for a screen reader, a form of Unicode


def code_of(part) -> str:
    """Return a module without its comments."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", part._esm, flags=re.DOTALL)


def literals(code: str) -> list[str]:
    return [double or plain for double, plain in re.findall(r'"((?:[^"\\\n]|\\.)*)"|`([^`]*)`', code)]


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", CATALOGUE)
def test_every_language_has_the_same_texts_with_the_same_gaps(language):
    there = {
        (section, key): gaps(text) for section, texts in CATALOGUE[language].items() for key, text in texts.items()
    }

    assert there == {(section, key): gaps(text) for section, texts in ENGLISH.items() for key, text in texts.items()}


@pytest.mark.parametrize("language", CATALOGUE)
def test_no_text_is_empty_or_has_blanks_around_it(language):
    texts = [text for section in CATALOGUE[language].values() for text in section.values()]

    assert [text for text in texts if not text or text != text.strip()] == []


def test_german_addresses_nobody():
    texts = [text for section in CATALOGUE["de"].values() for text in section.values()]

    assert [
        text for text in texts if re.search(r"\b(Sie|Ihre?[nmrs]?|[Dd]u|[Dd]eine?[nmrs]?|[Dd]ir|[Dd]ich)\b", text)
    ] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_text_that_a_module_says_is_in_its_catalogue(part):
    said = set(re.findall(r'\b(?:say|text|word|dialog\.tell)\("(\w+)"', code_of(part)))

    assert said - set(words_of(part._section, language="en")) == set()


def test_every_text_that_python_says_is_in_the_catalogue():
    refusals = {key for _, key in signing._WORDS} | set(signing._WRONG.values())
    said = refusals | set(re.findall(r'\bsay\("(\w+)"', PYTHON))

    assert said - {key for section in ENGLISH.values() for key in section} == set()


@pytest.mark.parametrize("part", PARTS)
def test_every_text_of_a_part_is_said(part):
    said = {*literals(code_of(part)), *literals(PYTHON)}

    assert set(ENGLISH[part._section]) - said == set()


def test_every_shared_text_is_said():
    said = {text for part in PARTS for text in literals(code_of(part))} | set(re.findall(r'\bsay\("(\w+)"', PYTHON))

    assert set(ENGLISH["shared"]) - said == set()


@pytest.mark.parametrize("part", PARTS)
def test_no_text_stands_in_a_module(part):
    code = code_of(part)
    shown = re.findall(
        r'(?:\b(?:text|title|placeholder|alt)|"aria-(?:label|description)"): *(["`][^"`]*[A-Za-z][^"`]*["`])', code
    )
    set_later = re.findall(r'(?:textContent|title|placeholder) = (["`][^"`]*[A-Za-z][^"`]*["`])', code)
    words = [text for text in literals(code) if re.match(r"[A-Z]", text)]

    assert [text for text in words if text not in NAMES_OF_KEYS and not NO_TEXT.fullmatch(text)] == []
    assert shown + set_later == []


@pytest.mark.parametrize("part", PARTS)
def test_no_text_stands_in_a_style_sheet(part):
    assert re.findall(r'content: "[^"]*[A-Za-z][^"]*"', part._css) == []


def test_a_language_that_nobody_wrote_falls_back_to_english():
    assert words_of("composer", language="tlh") == words_of("composer", language="en")


def test_a_part_says_which_language_it_speaks():
    assert [words_of("transcript", language=name)["language"] for name in CATALOGUE] == list(CATALOGUE)
