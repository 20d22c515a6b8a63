"""The panel's browser side as it is sent: whole in itself, asking nobody for anything."""

from __future__ import annotations

import re

import pytest

from primer_nb.markdown.highlighting import CLASSES
from primer_nb.panel.account import Account
from primer_nb.panel.chat_list import ChatList
from primer_nb.panel.composer import Composer
from primer_nb.panel.shown_once import ShownOnceView
from primer_nb.panel.transcript import Transcript

PARTS = [Account, ChatList, Composer, ShownOnceView, Transcript]


@pytest.mark.parametrize("part", PARTS)
def test_a_module_imports_nothing_and_knows_no_address(part):
    code = part._esm.replace("http://www.w3.org/2000/svg", "")

    assert re.findall(r"^\s*import\b|\bimport\(|https?://|//cdn", code, flags=re.MULTILINE) == []
    assert code.count("export default") == 1


@pytest.mark.parametrize("part", PARTS)
def test_only_the_one_function_for_safe_html_sets_html(part):
    sinks = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML\(|eval\(", part._esm)

    assert sinks == (["setHTML(", "innerHTML"] if part is Transcript else [])


@pytest.mark.parametrize("part", PARTS)
def test_no_dialog_of_the_browser_interrupts(part):
    assert re.findall(r"\b(?:alert|confirm|prompt)\(", part._esm) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_style_sheet_loads_nothing_and_stays_in_the_panel(part):
    selectors = [line for line in part._css.splitlines() if line.endswith("{") and not line.lstrip().startswith("@")]
    foreign = [line for line in selectors if "primer" not in line and line.strip() not in {"from {", "to {"}]

    assert "url(" not in part._css
    assert "@import" not in part._css
    assert foreign == []


def test_every_kind_of_highlighted_word_has_a_colour():
    assert [name for name in sorted(CLASSES) if not re.search(rf"\.{name}\b", Transcript._css)] == []
