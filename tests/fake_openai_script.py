"""What a scripted provider may answer, and what it keeps of a request; see ``fake_openai``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Say:
    """An answer. Counts are pieces of text: ``drop_after=2`` lets two of them out."""

    text: str | list[str] = ""  # a str is cut before each blank
    finish: str | None = "stop"
    usage: bool = True  # False: ignores include_usage
    done: bool = True  # False: no [DONE] at the end
    delay: float = 0.0  # seconds before each piece
    first_delay: float = 0.0  # seconds before the head of the answer
    stall_after: int | None = None  # silence
    stall: float = float("inf")  # seconds of it, unless released
    drop_after: int | None = None  # connection reset
    end_after: int | None = None  # a clean end of the stream
    error_after: int | None = None  # an error event
    error: Mapping[str, Any] = field(default_factory=lambda: {"message": "The server had an error"})
    raw_after: int | None = None  # an event as it stands, by default half a chunk
    raw: bytes = b'{"id": "chatcmpl-1", "choices": [{"delta": {"content": "tru'
    ping_every: int = 0  # a comment line
    crlf: bool = False
    split_utf8: bool = False  # one byte a TCP segment

    def pieces(self) -> list[str]:
        """Return the text as it is streamed."""
        if isinstance(self.text, list):
            return self.text
        first, *others = self.text.split(" ")
        return [first, *(" " + word for word in others)]


@dataclass
class Fail:
    """A refusal; with ``body``, that body as it stands."""

    status: int = 500
    message: str = "scripted failure"
    code: str | None = None
    retry_after: float | None = None
    body: bytes | None = None
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    details: list[dict[str, Any]] = field(default_factory=list)  # Gemini's


@dataclass
class Reset:
    """The connection is reset without an answer."""


Step = Say | Fail | Reset


@dataclass
class Call:
    """A chat request, and how far its answer came."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: dict[str, Any]
    sent: int = 0  # pieces
    ended: str = ""  # "done", "failed", "reset", "dropped", "ended early", "client gone", "server stopped"
