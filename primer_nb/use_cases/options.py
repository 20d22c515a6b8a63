"""Who answers, and how: the arguments of a message, else what its chat says, else the provider's own choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import limits
from primer_nb.errors import InvalidInputError
from primer_nb.use_cases.policy import allowed_provider, default_model, default_provider

if TYPE_CHECKING:
    from primer_nb.providers.base import Provider
    from primer_nb.session import Session
    from primer_nb.tables import ChatSettings
    from primer_nb.use_cases.policy import Policy


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What a message asks of its reply; ``None`` leaves it to the chat, then to the provider.

    Parameters
    ----------
    provider : str, optional
        Name of a provider.
    model : str, optional
        The provider's name of a model.
    temperature : float, optional
        From 0 to 2.
    max_tokens : int, optional
        The longest reply, in tokens, at least 1.
    system : str, optional
        A system prompt; it stays with the conversation.

    Raises
    ------
    InvalidInputError
        If a value has the wrong type or is out of range.
    """

    provider: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        """Check every value at the door."""
        if self.provider is not None:
            limits.check_text(self.provider, name="provider", longest=limits.PROVIDER)
        if self.model is not None:
            limits.check_text(self.model, name="model", longest=limits.MODEL)
        if self.system is not None:
            limits.check_text(self.system, name="system prompt", longest=limits.CONTENT)
        if self.temperature is not None and not (_is_number(self.temperature) and 0 <= self.temperature <= 2):
            raise InvalidInputError(f"temperature={self.temperature!r} is not a number from 0 to 2")
        if self.max_tokens is not None and not (type(self.max_tokens) is int and self.max_tokens >= 1):
            raise InvalidInputError(f"max_tokens={self.max_tokens!r} is not a whole number above 0")


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers, settled.

    Parameters
    ----------
    provider : Provider
        Who is asked.
    model : str
        The provider's name of the model.
    temperature : float or None
        ``None`` leaves it to the provider.
    max_tokens : int or None
        ``None`` leaves it to the provider.
    system : str or None
        The system prompt of this message or of its chat.
    new_system : str or None
        A system prompt that came with this message and that the chat does not have yet.
    """

    provider: Provider
    model: str
    temperature: float | None
    max_tokens: int | None
    system: str | None
    new_system: str | None


def choose(session: Session, options: SendOptions, settings: ChatSettings, policy: Policy) -> Choice:
    """Settle who answers a message.

    Parameters
    ----------
    session : Session
        Knows the providers.
    options : SendOptions
        What the message asks.
    settings : ChatSettings
        What its chat asks.
    policy : Policy
        What the administrator decided.

    Returns
    -------
    Choice
        A model of another provider than the chat's is never taken from the chat.

    Raises
    ------
    UnknownProviderError
        If no provider has the name.
    ProviderNotAllowedError
        If the administrator does not allow its address.
    """
    default = default_provider(session, policy)
    provider = allowed_provider(session, policy, options.provider or settings.provider or default)
    is_the_chats = settings.provider in {None, provider.name} and options.provider in {
        None,
        settings.provider or default,
    }
    model = options.model or (settings.model if is_the_chats else None) or default_model(session, policy, provider)
    return Choice(
        provider=provider,
        model=limits.check_text(model, name="model", longest=limits.MODEL),
        temperature=settings.temperature if options.temperature is None else options.temperature,
        max_tokens=settings.max_tokens if options.max_tokens is None else options.max_tokens,
        system=options.system or settings.system_prompt,
        new_system=None if options.system == settings.system_prompt else options.system,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
