"""The seam to whatever answers: what a request is, what comes back piece by piece, what a provider must offer.

Standard library only, so that a program can bring its own provider without any client library. The failures of a
provider are the ``ProviderError`` classes of ``primer_nb.errors``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Turn(NamedTuple):
    """One message of a request.

    Parameters
    ----------
    role : str
        ``"system"``, ``"user"`` or ``"assistant"``.
    content : str
        The text.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a provider is asked.

    Parameters
    ----------
    model : str
        The provider's name of the model.
    messages : tuple of Turn
        The conversation, oldest first; the last turn is the one to answer.
    temperature : float, optional
        0 (nearly deterministic) to 2; ``None`` leaves it to the provider.
    max_tokens : int, optional
        The longest reply, in tokens; ``None`` leaves it to the provider.
    """

    model: str
    messages: tuple[Turn, ...]
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(slots=True)
class Delta:
    """One step of a reply; what a step does not tell is ``None``.

    Parameters
    ----------
    text : str
        What to append to the reply; often empty in the first and the last step.
    finish_reason : str, optional
        Why the reply ended: ``"stop"``, ``"length"``, or another word of the provider's.
    prompt_tokens : int, optional
        Tokens of the request. Providers may send growing numbers: the last one counts, never the sum.
    completion_tokens : int, optional
        Tokens of the reply so far; the last one counts.
    model : str, optional
        The model that really answers, which may be a dated version of the one asked for.
    status : str, optional
        What the provider is doing before the first word, for people to read.
    """

    text: str = ""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    status: str | None = None


class ReplyStream(Protocol):
    """A reply on its way; read by one thread, closed by any."""

    def __iter__(self) -> Iterator[Delta]:
        """Iterate over the steps of the reply.

        The request leaves with the first step asked for. After ``close`` the iteration ends without an exception.

        Yields
        ------
        Delta
            The next step.

        Raises
        ------
        ProviderError
            For every failure, also in mid-stream; ``ReplyCutError`` if the stream ends without a finish reason.
        """
        ...

    def close(self) -> None:
        """Stop the reply, from any thread and at any time; a blocked read ends at once. Idempotent."""
        ...


class Provider(Protocol):
    """Something that answers: an endpoint with a key, a local model, a program's own object."""

    @property
    def name(self) -> str:
        """Return the name kept with each reply: ``"openai"``, ``"local"``; at most 50 characters."""
        ...

    @property
    def default_model(self) -> str:
        """Return the model that answers when none is named."""
        ...

    def stream(self, request: ChatRequest) -> ReplyStream:
        """Prepare a reply; returns at once, nothing is sent before the first step is asked for.

        Parameters
        ----------
        request : ChatRequest
            What to ask.

        Returns
        -------
        ReplyStream
            The reply.

        Raises
        ------
        MissingKeyError
            If the provider needs an API key and has none.
        """
        ...

    def models(self) -> list[str]:
        """List the models that can be asked for, by a request to the provider.

        Returns
        -------
        list of str
            Names, sorted.

        Raises
        ------
        ProviderError
            If the list cannot be had.
        """
        ...

    def context_window(self, model: str) -> int:
        """Return how many tokens a request and its reply may have together; asks nobody.

        Parameters
        ----------
        model : str
            The provider's name of the model.

        Returns
        -------
        int
            Tokens; a careful guess for an unknown model.
        """
        ...
