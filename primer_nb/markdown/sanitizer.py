"""The last step to HTML: an allow-list that nothing passes by, whatever the steps before it did.

Not allowed are, besides all that runs: ``id`` and ``name`` (DOM clobbering), every ``data-*`` (JupyterLab runs
commands from ``data-commandlinker-command``), images and relative links (a request is a channel out), foreign classes
and styles (they can cover the page).
"""

from __future__ import annotations

import re

import nh3

from primer_nb.markdown.highlighting import CLASSES, LANGUAGE_CLASS
from primer_nb.markdown.links import is_allowed

_TEXT = "a p br hr strong em s code pre span blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td"
_MATH = (
    "math mrow mi mn mo ms mtext mspace msqrt mroot mfrac msub msup msubsup munder mover munderover mtable mtr mtd "
    "mpadded mphantom mstyle menclose"
)
_SWITCHES = (
    "accent accentunder columnlines displaystyle fence form largeop mathvariant movablelimits notation rowlines "
    "scriptlevel separator stretchy symmetric"
)
_LENGTHS = "columnspacing depth height linethickness lspace maxsize minsize rowspacing rspace voffset width"
_COLOURS = ("mathcolor", "mathbackground")

_WORDS = re.compile(r"[a-z0-9 -]{1,60}")
# Two digits at most: a formula may not be moved over the rest of the page.
_LENGTH = r"(?:[+-]?\d{0,2}(?:\.\d{1,4})?(?:em|ex|px|pt|mu|width)?|(?:negative)?[a-z]{1,20}mathspace)"
_LENGTHS_IN_ROW = re.compile(rf"{_LENGTH}(?: {_LENGTH}){{0,30}}")
_COLOUR = re.compile(r"[a-zA-Z]{1,30}|#[0-9a-fA-F]{3,8}")
_ALIGNMENT = re.compile(r"text-align:\s?(?:left|right|center)")
_START = re.compile(r"\d{1,9}")
_DISPLAY = re.compile(r"block|inline")
_REL = "noopener noreferrer nofollow"

_VALUES = {
    **dict.fromkeys(_SWITCHES.split(), _WORDS),
    **dict.fromkeys(_LENGTHS.split(), _LENGTHS_IN_ROW),
    **dict.fromkeys(_COLOURS, _COLOUR),
    "class": LANGUAGE_CLASS,
    "display": _DISPLAY,
    "rel": re.compile(_REL),
    "start": _START,
    "style": _ALIGNMENT,
    "target": re.compile("_blank"),
}


def clean(html: str) -> str:
    """Reduce HTML to what may be shown.

    Parameters
    ----------
    html : str
        Any HTML.

    Returns
    -------
    str
        HTML whose tags and attributes are all on the allow-list, with every element closed.
    """
    return _CLEANER.clean(html)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """Say what of an attribute is kept; asked about every attribute, also those of elements that go."""
    if attribute == "href":
        return value if is_allowed(value) else None
    if attribute == "title" or (tag, attribute) == ("span", "class"):  # the cleaner itself compares span's classes
        return value
    pattern = _VALUES.get(attribute)
    return value if pattern and pattern.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags={*_TEXT.split(), *_MATH.split()},
    clean_content_tags={"script", "style"},
    attributes={
        **{tag: {*_SWITCHES.split(), *_LENGTHS.split(), *_COLOURS} for tag in _MATH.split()},
        "a": {"href", "title"},
        "code": {"class"},
        "math": {"display"},
        "mtd": {"style"},
        "ol": {"start"},
        "td": {"style"},
        "th": {"style"},
    },
    allowed_classes={"span": set(CLASSES)},
    attribute_filter=_keep,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=_REL,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    strip_comments=True,
)
