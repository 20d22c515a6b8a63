"""From what a server says to the error a user sees: which class it is, and what to do next.

The rules stand in order, the first that fits decides. The errors are new objects, made of the server's words with the
keys taken out. Standard library only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from primer_nb.errors import (
    ContextTooLongError,
    InvalidKeyError,
    InvalidRequestError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnknownModelError,
)
from primer_nb.providers.complaints import Complaint
from primer_nb.providers.endpoint import Endpoint
from primer_nb.secret import redact

_TOO_LONG = re.compile(
    r"context.?(length|size|window)|maximum context|too many tokens|(prompt|input) is too long"
    r"|token count.*exceeds|input tokens exceed",
    re.IGNORECASE,
)
_NO_SUCH_MODEL = re.compile(
    r"\bmodel\b.*(not found|does not exist|doesn't exist|not exist|not a valid|unknown|not loaded)"
    r"|(unknown|invalid|no such|not a valid) model\b|models/\S+ is not found",
    re.IGNORECASE,
)
_RATE_CODES = {"rate_limit_exceeded", "rate_limit_error", "resource_exhausted"}
_KEY_CODES = {"invalid_api_key", "api_key_invalid", "authentication_error", "unauthenticated"}
_LENGTH_CODES = {"context_length_exceeded", "exceed_context_size_error"}
_TRANSIENT = {408, 409, 425}
_MODELS_NAMED = 8
_LONGEST = 300

_RULES: tuple[tuple[type[ProviderError], Callable[[Complaint], bool]], ...] = (
    (QuotaExceededError, lambda said: said.is_about_quota),
    (RateLimitError, lambda said: said.status == 429 or bool(said.codes & _RATE_CODES)),
    # Gemini answers 400 to a bad key, and its reason is sometimes missing.
    (
        InvalidKeyError,
        lambda said: (
            said.status == 401
            or bool(said.codes & _KEY_CODES)
            or (said.status == 400 and "api key" in said.words.lower())
        ),
    ),
    (
        UnknownModelError,
        lambda said: (
            "model_not_found" in said.codes
            or (said.status in {None, 400, 404} and bool(_NO_SUCH_MODEL.search(said.words)))
        ),
    ),
    (
        ContextTooLongError,
        lambda said: (
            bool(said.codes & _LENGTH_CODES)
            or (said.status in {None, 400, 413, 422} and bool(_TOO_LONG.search(said.words)))
        ),
    ),
    (InvalidKeyError, lambda said: said.status == 403 and not said.is_page),
    (ProviderUnavailableError, lambda said: said.is_page or said.status == 404 or said.status in _TRANSIENT),
    (InvalidRequestError, lambda said: said.status is not None and 400 <= said.status < 500),
)

_ADVICE: dict[type[ProviderError], str] = {
    QuotaExceededError: (
        "{who} gives no answer, because the account behind the key has no credit or quota left{said}; "
        "see the provider's billing page or choose another provider, waiting a little does not help"
    ),
    RateLimitError: "{who} asks to slow down{said}; ask again {when}",
    InvalidKeyError: "{who} refused the API key{said}; {hint}",
    UnknownModelError: "{who}: there is no such model{said}; choose another one",
    ContextTooLongError: (
        "the conversation is longer than {who} can read{said}; "
        "start a new chat, shorten the message, or choose a model with a larger window"
    ),
    ProviderUnavailableError: "{who} has a fault{status}{said}; ask again in a moment",
    InvalidRequestError: "{who} refused the request{status}{said}; change the request",
}
_LOST = (
    "{who}: {url} answered with {what}{status}{said}; "
    "if this stays, check the base URL, and the proxy if there is one"
)


def refuse(complaint: Complaint, *, endpoint: Endpoint, model: str) -> ProviderError:
    """Make an error of a refusal.

    Parameters
    ----------
    complaint : Complaint
        What the server said.
    endpoint : Endpoint
        Who said it.
    model : str
        The model that was asked for; empty for a request that is about none.

    Returns
    -------
    ProviderError
        A new error of the class that fits.
    """
    kind = next((kind for kind, fits in _RULES if fits(complaint)), ProviderUnavailableError)
    is_lost = kind is ProviderUnavailableError and (complaint.is_page or complaint.status == 404)
    seconds = complaint.retry_after
    message = (_LOST if is_lost else _ADVICE[kind]).format(
        who=described(endpoint, model),
        said=_quoted(complaint.words, endpoint),
        status="" if complaint.status is None else f" (HTTP {complaint.status})",
        what="a web page" if complaint.is_page else "an error",
        when="in a moment" if seconds is None else f"in {max(1, round(seconds))} seconds",
        hint=endpoint.key_hint,
        url=endpoint.base_url,
    )
    return RateLimitError(message, retry_after=seconds) if kind is RateLimitError else kind(message)


def described(endpoint: Endpoint, model: str) -> str:
    """Name a provider and the model asked for, for a message.

    Parameters
    ----------
    endpoint : Endpoint
        Who was asked.
    model : str
        The model; may be empty.

    Returns
    -------
    str
        ``"openai (gpt-6-luna)"``.
    """
    return f"{endpoint.name} ({model})" if model else endpoint.name


def with_models(error: UnknownModelError, *, model: str, models: Sequence[str]) -> UnknownModelError:
    """Add to the error the names that would have worked.

    Parameters
    ----------
    error : UnknownModelError
        The error.
    model : str
        The name that did not work.
    models : sequence of str
        Names the provider has, at least one.

    Returns
    -------
    UnknownModelError
        A new error that names eight models at most, the most similar ones first.
    """
    similar = difflib.get_close_matches(model, models, n=_MODELS_NAMED, cutoff=0.4)
    named = (similar + [name for name in models if name not in similar])[:_MODELS_NAMED]
    more = f" and {len(models) - len(named)} more" if len(models) > len(named) else ""
    return UnknownModelError(f"{error}: {', '.join(map(repr, named))}{more}")


def _quoted(words: str, endpoint: Endpoint) -> str:
    # Keys first: of a key that is cut in two, the first part would not be known as one.
    words = redact(words, endpoint.key).rstrip(" .")
    if len(words) > _LONGEST:
        words = words[: _LONGEST - 1] + "…"
    return f": {words}" if words else ""
