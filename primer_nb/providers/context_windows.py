"""How many tokens the models of hosted providers take, by the beginning of their name.

From the providers' own model pages (developers.openai.com/api/docs/models, ai.google.dev/gemini-api/docs/models),
read in November 2026. A number is for the request and the reply together, or for the request alone where the provider
limits it further (400,000 is 272,000 to read and 128,000 to write). A model that is not here is taken for a small
one: cutting too much of a long conversation is better than a refusal.
"""

from __future__ import annotations

UNKNOWN = 8_192

_WINDOWS = {
    "gpt-6": 922_000,
    "gpt-5.6": 922_000,
    "gpt-5.5": 922_000,
    "gpt-5.4-mini": 272_000,
    "gpt-5.4-nano": 272_000,
    "gpt-5.4": 922_000,
    "gpt-5.3-chat": 128_000,
    "gpt-5.2-chat": 128_000,
    "gpt-5.1-chat": 128_000,
    "gpt-5-chat": 128_000,
    "gpt-5": 272_000,
    "gpt-4.1": 1_047_576,
    "gpt-4o": 128_000,
    "chatgpt-4o": 128_000,
    "gpt-4-turbo": 128_000,
    "gpt-4": 8_192,
    "gpt-3.5-turbo": 16_385,
    "o4-mini": 200_000,
    "o3": 200_000,
    "o1": 200_000,
    "gemini-3": 1_048_576,
    "gemini-2.5": 1_048_576,
    "gemini-2.0": 1_048_576,
    "gemini-1.5-pro": 2_097_152,
    "gemini-1.5": 1_048_576,
}


def context_window(model: str) -> int:
    """Return how many tokens a model takes.

    Parameters
    ----------
    model : str
        The provider's name of the model; a leading ``vendor/`` is passed over.

    Returns
    -------
    int
        Tokens; 8,192 for an unknown model.

    Examples
    --------
    >>> context_window("gpt-4o-mini-2024-07-18")
    128000
    >>> context_window("my-own-model")
    8192
    """
    name = model.rpartition("/")[2].lower()
    known = [beginning for beginning in _WINDOWS if name.startswith(beginning)]
    return _WINDOWS[max(known, key=len)] if known else UNKNOWN
