"""What a server says when it refuses, read from the dialects in use.

OpenAI wraps an object in ``error``; Gemini wraps that in a list and names the seconds to wait in the body; Ollama
sends a bare text, FastAPI a ``detail``, vLLM the object itself; a proxy sends a page of HTML.
Standard library only; what to make of it is decided in ``failures.py``.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_IN_WORDS = re.compile(r"\b(?:retry|try again) in ((?:\d+(?:\.\d+)?(?:ms|[smh]) ?)+)", re.IGNORECASE)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[smh])", re.IGNORECASE)
# Gemini says so of models that its free tier does not give, and names seconds to wait nevertheless.
_NOTHING_GRANTED = re.compile(r"\blimit: 0\b")
_QUOTA_CODES = {"insufficient_quota", "insufficient_balance", "billing_hard_limit_reached", "billing_not_active"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal, in one shape for all dialects.

    Parameters
    ----------
    status : int, optional
        HTTP status, or the number an error event in a stream carries.
    words : str
        What the server says, on one line; empty for a page of HTML.
    codes : frozenset of str
        Every machine-readable word of it, in lower case: code, type, status, reasons.
    retry_after : float, optional
        Seconds the server asks to wait.
    is_page : bool
        Whether a page of HTML came instead, which some machine between here and the provider must have sent.
    """

    status: int | None
    words: str
    codes: frozenset[str] = frozenset()
    retry_after: float | None = None
    is_page: bool = False

    @property
    def is_about_quota(self) -> bool:
        """Return whether waiting some seconds cannot help: no credit, or the day's quota is used up."""
        return self.status == 402 or bool(self.codes & _QUOTA_CODES) or any("perday" in code for code in self.codes)


def read_complaint(status: int | None, headers: Mapping[str, str], body: bytes | object) -> Complaint:
    """Read a refusal.

    Parameters
    ----------
    status : int, optional
        HTTP status; ``None`` for an error event inside a stream.
    headers : mapping of str to str
        Response headers, names in lower case.
    body : bytes or object
        The body as it came, or what its JSON held.

    Returns
    -------
    Complaint
        What it says.
    """
    said = _parsed(body) if isinstance(body, bytes) else body
    if isinstance(said, str) and said.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<head", "<?xml")):
        return Complaint(status, "", retry_after=_seconds(headers, "", []), is_page=True)
    error = _unwrapped(said)
    words = " ".join(_words(error).split())
    details = _details(error)
    codes = set(_codes(error, details))
    if _NOTHING_GRANTED.search(words):
        codes.add("insufficient_quota")
    number = error.get("code") if isinstance(error, Mapping) else None
    return Complaint(
        status=status if status is not None or not isinstance(number, int) else number,
        words=words,
        codes=frozenset(codes),
        retry_after=_seconds(headers, words, details),
    )


def _parsed(body: bytes) -> object:
    text = body.decode("utf-8", "replace")
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return parsed


def _unwrapped(said: object) -> object:
    if isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, Mapping) and said.get("error"):
        said = said["error"]
    return said


def _words(error: object) -> str:
    if isinstance(error, str):
        return error
    if isinstance(error, Mapping):
        for name in ("message", "detail", "msg", "error_description"):
            if isinstance(found := error.get(name), str):
                return found
            if isinstance(found, list) and found:
                return _words(found[0])
    return ""


def _details(error: object) -> list[Mapping[str, object]]:
    found = error.get("details") if isinstance(error, Mapping) else None
    return [detail for detail in found if isinstance(detail, Mapping)] if isinstance(found, list) else []


def _codes(error: object, details: list[Mapping[str, object]]) -> Iterator[str]:
    for holder in [error, *details]:
        if isinstance(holder, Mapping):
            for name in ("code", "type", "status", "reason"):
                if isinstance(holder.get(name), str):
                    yield holder[name].lower()
            violations = holder.get("violations")
            for violation in violations if isinstance(violations, list) else ():
                if isinstance(violation, Mapping) and isinstance(violation.get("quotaId"), str):
                    yield violation["quotaId"].lower()


def _seconds(headers: Mapping[str, str], words: str, details: list[Mapping[str, object]]) -> float | None:
    """Return the wait the server asks for: by header, by Gemini's RetryInfo, or only in its sentence."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (seconds := _number(headers.get(name))) is not None:
            return seconds * unit
    date = parsedate_tz(headers.get("retry-after"))
    if date is not None:
        return max(0.0, mktime_tz(date) - time.time())
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and (seconds := _number(delay.removesuffix("s"))) is not None:
            return seconds
    spoken = _IN_WORDS.search(words)
    return sum(float(n) * _UNITS[unit.lower()] for n, unit in _SPAN.findall(spoken[1])) if spoken else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
