"""Values nobody may see by accident: API keys, tokens, passwords.

A ``Secret`` shows a mask wherever Python, IPython or a logger would show the value, and refuses to be pickled or
copied. ``redact`` takes what looks like a key out of a text that somebody else wrote, such as a provider's error.
"""

from __future__ import annotations

import re
from typing import NoReturn, SupportsIndex, final

from primer_nb.errors import InvalidInputError

_MASK = "[hidden]"
# Servers without keys are given "none", "ollama": taking such words out would only garble the text.
_SHORTEST = 8
# The shapes of keys in use: OpenAI and its many imitators, Google, our own tokens, Groq, xAI, Hugging Face; and any
# bearer token. Providers echo keys whole or starred out in the middle.
_KEY = re.compile(r"\b(?:sk-|AIza|pnb[kar]_|gsk_|xai-|hf_)[\w.*-]{6,}|\b(?i:bearer) +[\w.~+/*-]{6,}=*")


@final
class Secret:
    """A text that is only seen when asked for.

    It compares by identity, so that neither equality nor a hash tells anything about the value.

    Parameters
    ----------
    value : str
        The secret text, not empty.

    Raises
    ------
    InvalidInputError
        If it is not a string or has no visible character.

    Examples
    --------
    >>> key = Secret("not-a-real-key")
    >>> key
    Secret([hidden])
    >>> f"the key is {key}"
    'the key is [hidden]'
    >>> key.reveal()
    'not-a-real-key'
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str) or not value.strip():
            raise InvalidInputError("a secret must be a str with at least one visible character")
        self.__value = value

    def reveal(self) -> str:
        """Return the text; call it inside the very expression that needs it, so that no variable holds it.

        Returns
        -------
        str
            The secret text.
        """
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, specification: str) -> str:
        return format(_MASK, specification)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied; pass the object itself")


def redact(text: str, *secrets: Secret | None) -> str:
    """Take keys out of a text.

    Parameters
    ----------
    text : str
        A text from outside.
    *secrets : Secret or None
        Secrets of 8 characters or more to look for by value, beside everything that has the shape of a key.

    Returns
    -------
    str
        The text with a mask in place of each.

    Examples
    --------
    >>> redact("Incorrect API key provided: sk-proj-abcdef123456.")
    'Incorrect API key provided: [hidden]'
    """
    for secret in secrets:
        if secret is not None and len(secret.reveal()) >= _SHORTEST:
            text = text.replace(secret.reveal(), _MASK)
    return _KEY.sub(_MASK, text)
