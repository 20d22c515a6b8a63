"""From the chunks of the wire, as plain JSON values, to the steps of a reply. Standard library only.

A chunk of the openai package is a pydantic object that costs 0.1 ms or more to build, several times what reading the
few values needed here costs.
"""

from __future__ import annotations

from typing import Any

from primer_nb.providers.base import Delta


class DeltaReader:
    """Reads the chunks of one reply, in order.

    It also mends the text: some servers cut between the two halves of a surrogate pair, and a hostile one may send
    half a pair or a NUL, which no database stores. A half waits for the other; what has none becomes U+FFFD.
    """

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def read(self, chunk: Any) -> Delta:
        """Read one chunk.

        Parameters
        ----------
        chunk : Any
            The JSON value of an event.

        Returns
        -------
        Delta
            What it tells.

        Raises
        ------
        AttributeError, TypeError, LookupError, ValueError
            If it has not the shape of a chunk.
        """
        delta = Delta(model=_name(chunk.get("model")))
        choices = chunk.get("choices")
        if choices:
            choice = choices[0]
            delta.finish_reason = choice.get("finish_reason")
            said = choice.get("delta")
            if said and (text := said.get("content")):
                delta.text = self._mended(text)
        usage = chunk.get("usage")
        if usage:
            delta.prompt_tokens = _count(usage.get("prompt_tokens"))
            delta.completion_tokens = _count(usage.get("completion_tokens"))
        return delta

    def _mended(self, text: str) -> str:
        if not self._half and text.isascii():
            return text.replace("\x00", "\ufffd")
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(model: object) -> str | None:
    return model.removeprefix("models/") if isinstance(model, str) else None


def _count(tokens: object) -> int | None:
    return tokens if isinstance(tokens, int) and tokens >= 0 else None
