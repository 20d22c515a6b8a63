"""A request to a provider, and what it failed with."""

from __future__ import annotations

from primer_nb.errors import (
    ProviderError,
)
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

HI = ChatRequest("fake-1", (Turn("user", "hi"),))


KEY = "sk-proj-NotARealKey0123456789"


def failure_of(provider: OpenAICompatibleProvider, request: ChatRequest = HI) -> tuple[ProviderError, str]:
    """Read a reply that must fail; return the error and the text that came before it."""
    text = ""
    try:
        for delta in provider.stream(request):
            text += delta.text
    except ProviderError as error:
        return error, text
    raise AssertionError(f"no error; the reply was {text!r}")
