"""A provider behind an OpenAI-compatible endpoint: OpenAI, Gemini, the local model's server, Ollama, vLLM, LM Studio.

Nothing heavy is imported here; the openai package is loaded when the first reply is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy

from primer_nb.errors import MissingKeyError, ProviderError
from primer_nb.providers.base import ChatRequest
from primer_nb.providers.context_windows import context_window
from primer_nb.providers.endpoint import Endpoint, check_base_url
from primer_nb.providers.reply import HttpReply
from primer_nb.secret import Secret

# What OpenAI and Google list beside their chat models.
_NOT_FOR_CHAT = re.compile(
    r"embed|whisper|tts|dall-e|image|moderation|realtime|transcribe|audio|sora|babbage|davinci|instruct"
    r"|imagen|veo|aqa|lyria|robotics|-live"
)


class OpenAICompatibleProvider:
    """Answers by the chat completions of an OpenAI-compatible server.

    Time-outs are 5 seconds to connect and ``timeout`` seconds of silence afterwards. Before the first byte, lost
    connections, silence, 408, 409, 429 and 5xx are tried again, twice at most, after the pause the server asks for;
    a pause of more than 30 seconds is told rather than waited.

    Parameters
    ----------
    name : str
        The name kept with each reply, at most 50 characters.
    base_url : str
        Where the API lives, without ``/chat/completions``.
    key : Secret or callable, optional
        The API key, or what returns it at each use, so that a key added later is noticed; none sends none.
    needs_key : bool, default False
        Whether to refuse at once without a key.
    key_hint : str, optional
        What to do about a missing or wrong key, for messages.
    default_model : str, default "default"
        The model that answers when none is named. A server that knows no ``default`` answers with the list of what it
        has.
    window : int, optional
        Tokens every model of this provider takes; by default what is known of the model.
    timeout : float, default 60.0
        Seconds of silence after which the server is given up.

    Raises
    ------
    InvalidInputError
        If the base URL cannot be used.

    Examples
    --------
    >>> ollama = OpenAICompatibleProvider("custom", base_url="http://localhost:11434/v1", default_model="llama3.2")
    >>> ollama
    OpenAICompatibleProvider('custom', base_url='http://localhost:11434/v1')
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        key: Secret | Callable[[], Secret | None] | None = None,
        needs_key: bool = False,
        key_hint: str = "check the key",
        default_model: str = "default",
        window: int | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.name = name
        self.default_model = default_model
        self._base_url = check_base_url(base_url, name=name)
        self._key = key
        self._needs_key = needs_key
        self._key_hint = key_hint
        self._window = window
        self._timeout = timeout

    @property
    def base_url(self) -> str:
        """Where the API lives."""
        return self._base_url

    def with_key(self, key: Secret | Callable[[], Secret | None]) -> OpenAICompatibleProvider:
        """Make the same provider with another key.

        Parameters
        ----------
        key : Secret or callable
            The other key, or what returns it at each use.

        Returns
        -------
        OpenAICompatibleProvider
            A new object.
        """
        other = copy(self)
        other._key = key
        return other

    def stream(self, request: ChatRequest) -> HttpReply:
        """Prepare a reply; nothing is sent before its first step is asked for.

        Parameters
        ----------
        request : ChatRequest
            What to ask.

        Returns
        -------
        HttpReply
            The reply, to be read once; its ``close`` ends it at once from any thread.

        Raises
        ------
        MissingKeyError
            If the provider needs a key and has none.
        InvalidKeyError
            If the key holds characters that no key has.
        """
        return HttpReply(self._endpoint(), request)

    def models(self) -> list[str]:
        """Ask the server for its models.

        Returns
        -------
        list of str
            Names, sorted; of OpenAI's and Google's long lists only what chats.

        Raises
        ------
        ProviderError
            If the list cannot be had.
        """
        endpoint = self._endpoint()
        from primer_nb.providers.wire import Wire

        wire = Wire(endpoint)
        try:
            names = wire.names()
        finally:
            wire.close()
        if isinstance(names, ProviderError):
            raise names
        if self.name in ("openai", "gemini"):
            return [name for name in names if not _NOT_FOR_CHAT.search(name)]
        return names

    def context_window(self, model: str) -> int:
        """Return how many tokens a model takes, without asking the server.

        Parameters
        ----------
        model : str
            The provider's name of the model.

        Returns
        -------
        int
            Tokens; 8,192 for an unknown model.
        """
        return self._window if self._window is not None else context_window(model)

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"{type(self).__name__}({self.name!r}, base_url={self._base_url!r})"

    def _endpoint(self) -> Endpoint:
        key = self._key() if callable(self._key) else self._key
        if key is None and self._needs_key:
            raise MissingKeyError(f"{self.name} needs an API key and has none; {self._key_hint}")
        endpoint = Endpoint(
            name=self.name, base_url=self._base_url, key=key, key_hint=self._key_hint, timeout=self._timeout
        )
        endpoint.check_key()
        return endpoint
