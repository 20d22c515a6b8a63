"""What the panel says, in every language it speaks; ``{gaps}`` are filled in the browser.

A part of the panel gets its texts with its widget, so that they are there at the first drawing, and again when the
language changes. What Python has to tell is sent as the key of a text, so that it changes with the rest. The texts of
exceptions are no part of this: they stay English, in the panel as in a traceback.
"""

from __future__ import annotations

from typing import Any

from primer_nb.panel.words.english import ENGLISH
from primer_nb.panel.words.german import GERMAN

CATALOGUE = {"en": ENGLISH, "de": GERMAN}


def words_of(part: str, *, language: str) -> dict[str, str]:
    """Look up what a part of the panel says.

    Parameters
    ----------
    part : str
        Name of a section of the catalogue.
    language : str
        A key of ``CATALOGUE``; English stands in for any other.

    Returns
    -------
    dict of str to str
        Texts by key, those that every part shares included, and the language that it is.
    """
    known = language if language in CATALOGUE else "en"
    sections = CATALOGUE[known]
    return {"language": known, **sections["shared"], **sections[part]}


def say(key: str, **values: Any) -> dict[str, Any]:
    """Describe a text of the catalogue to the browser.

    Parameters
    ----------
    key : str
        Of the part that shows it, or shared.
    **values
        What its gaps are filled with.

    Returns
    -------
    dict
        For whatever tells something; a text that is in no catalogue is ``{"text": "..."}`` in its place.
    """
    return {"word": key, "values": values}
