"""LaTeX formulas as MathML, which browsers draw themselves: no script, no font, also in an exported page.

latex2mathml writes the text of ``\\text{...}`` as markup. Here its tree is written out instead of its string, so that
text stays text; what attributes are allowed is for the cleaner to say.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from xml.etree.ElementTree import Element, tostring

from primer_nb.markdown.budget import Budget

LONGEST = 2_000
_CODE_POINT = re.compile(r"&#x([0-9A-Fa-f]{1,5});")
# A macro may double at each step and so ask for any amount of work.
_MACRO = re.compile(r"\\(?:\w*def|let|(?:re)?new|provide|Declare)(?![a-z]*line)")
_LABEL = re.compile(r"\\label\s*\{[^{}]*\}")
_ROW_GAP = re.compile(r"\\\\\s*\[[^\[\]]{0,12}\]")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]+)\*?\}")
# What models write, in terms of the environments the converter knows.
_KNOWN_AS = {
    **dict.fromkeys(("align", "aligned", "eqnarray", "split"), "align*"),
    **dict.fromkeys(("gather", "gathered", "multline"), "matrix"),
    "dcases": "cases",
}
_ARGUMENT = re.compile(r"\\arg(?![a-zA-Z])")
# What the converter leaves in the text of an element when it does not know a command or an environment.
_UNREAD = re.compile(r"\\[a-zA-Z]{2}|&\Z")


def formula(latex: str, *, display: bool, source: str, budget: Budget) -> str:
    """Draw a formula.

    Parameters
    ----------
    latex : str
        The formula without its delimiters.
    display : bool
        Whether it stands on lines of its own.
    source : str
        The formula as it was written, shown when it cannot be drawn.
    budget : Budget
        What formulas may still use in this text; the length of this one is taken off.

    Returns
    -------
    str
        A ``math`` element, or the escaped source in a ``code`` element.
    """
    if len(latex) <= LONGEST and len(latex) <= budget.formula_characters:
        budget.formula_characters -= len(latex)
        if drawn := _mathml(latex.strip(), display):
            return drawn
    return f'<code class="language-latex">{escape(source, quote=False)}</code>'


@lru_cache(maxsize=1_000)
def _mathml(latex: str, display: bool) -> str | None:
    """Convert, or return None for what the converter does not read."""
    if not latex or _MACRO.search(latex):
        return None
    # Reads its table of symbols when it is imported: 70 ms that a chat without formulas need not wait for.
    from latex2mathml.converter import convert_to_element

    try:
        root = convert_to_element(_simplify(latex), display="block" if display else "inline")
        if any(_UNREAD.match(element.text or "") for element in root.iter("mi")):
            return None
        for element in root.iter():
            _make_plain(element)
        return tostring(root, encoding="unicode")
    except Exception:  # noqa: BLE001 - the converter raises whatever its parser stumbles over, RecursionError included
        return None


def _simplify(latex: str) -> str:
    latex = _ROW_GAP.sub(r"\\\\", _LABEL.sub("", latex))
    latex = _ARGUMENT.sub(r"\\operatorname{arg}", latex)
    return _ENVIRONMENT.sub(lambda found: rf"\{found[1]}{{{_KNOWN_AS.get(found[2], found[2])}}}", latex)


def _make_plain(element: Element) -> None:
    element.attrib.pop("xmlns", None)
    if element.text:
        element.text = _CODE_POINT.sub(_character, element.text)
    # Browsers took the alignment of a cell out of MathML; CSS has it.
    if alignment := element.attrib.pop("columnalign", None):
        element.set("style", f"text-align: {alignment}")


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF else "\ufffd"
