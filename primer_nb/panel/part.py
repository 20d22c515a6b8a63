"""What the three widgets of the panel share: custom messages both ways, and no text of anybody's in any trait.

A trait is saved with the notebook and sent to every front end; a message is neither. So the synced traits are the
module, the style sheet, the layout and the panel's own words, and whatever a person or a model wrote travels in
messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from primer_nb.errors import InvalidInputError
from primer_nb.panel.words import words_of
from primer_nb.secret import Secret

Message = dict[str, Any]
Handler = Callable[[Message], None]

_STATIC = files("primer_nb.panel") / "static"


def static(*names: str) -> str:
    """Read files of the folder ``static`` as one text.

    Parameters
    ----------
    *names : str
        File names; their texts are joined in this order.

    Returns
    -------
    str
        The text.
    """
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names)


def module(*names: str) -> str:
    """Read an ES module, in front of it what every part's module shares.

    Parameters
    ----------
    *names : str
        Its own files.

    Returns
    -------
    str
        One module without imports.
    """
    return static("language.js", "elements.js", "part.js", *names)


class Part(anywidget.AnyWidget):
    """A widget that is drawn from messages alone; it speaks English until it is told otherwise."""

    _esm = "export default {}"
    _section = "shared"  # of the catalogue of words
    words = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(words=words_of(self._section, language="en"))
        self._handlers: Mapping[str, Handler] = {}
        self.on_msg(self._receive)

    def handle(self, handlers: Mapping[str, Handler]) -> None:
        """Say what to do with the browser's messages.

        Parameters
        ----------
        handlers : mapping of str to callable
            By the message's ``type``; each must return at once.
        """
        self._handlers = handlers

    def speak(self, language: str) -> None:
        """Say everything in another language, at once in every view.

        Parameters
        ----------
        language : str
            Which one.
        """
        self.words = words_of(self._section, language=language)

    def _receive(self, _widget: object, content: object, buffers: list[memoryview]) -> None:
        if isinstance(content, dict) and (handler := self._handlers.get(str(content.get("type")))):
            handler(content | _secrets(content, buffers))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _secrets(content: Message, buffers: list[memoryview]) -> dict[str, Secret]:
    """Wrap what a form sends beside the text of its message, which a log of the kernel may show."""
    found = {}
    for name, buffer in zip(content.get("secrets", ()), buffers, strict=False):
        with contextlib.suppress(InvalidInputError, UnicodeDecodeError):  # blank: whoever needs it says so
            found[name] = Secret(bytes(buffer).decode())
    buffers.clear()  # the kernel keeps its last message until the next one comes
    return found
