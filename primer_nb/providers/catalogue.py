"""The providers there are, by name, made when they are first asked for.

Making the catalogue reads and imports nothing. Keys are looked up at each use: first where the program keeps them,
then in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from primer_nb.errors import InvalidInputError, UnknownProviderError
from primer_nb.providers.base import Provider
from primer_nb.secret import Secret

KeyFor = Callable[[str], Secret | None]

_VARIABLES = {"openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY", "custom": "PRIMER_CUSTOM_API_KEY"}


class Providers:
    """Every provider that can be asked, by name.

    ``local``, ``openai`` and ``gemini`` are always there; the keys are ``$OPENAI_API_KEY`` and ``$GEMINI_API_KEY``,
    and ``$OPENAI_BASE_URL`` moves ``openai``. ``custom`` is there when ``$PRIMER_CUSTOM_BASE_URL`` names an
    OpenAI-compatible server, such as Ollama's, vLLM's or LM Studio's; ``$PRIMER_CUSTOM_API_KEY``,
    ``$PRIMER_CUSTOM_MODEL`` and ``$PRIMER_CUSTOM_CONTEXT_WINDOW`` (tokens) may say more about it.

    Parameters
    ----------
    key_for : callable, optional
        Returns the key kept for the provider of a name, or ``None``; asked before the environment.

    Examples
    --------
    >>> providers = Providers()
    >>> providers.default
    'local'
    >>> providers.get("openai").name
    'openai'
    """

    def __init__(self, *, key_for: KeyFor | None = None) -> None:
        self._key_for = key_for
        self._made: dict[str, Provider] = {}
        self._added: set[str] = set()

    @property
    def preferred(self) -> str | None:
        """Return the name of the provider that this machine prefers: ``$PRIMER_PROVIDER``, if it is set."""
        return _setting("PRIMER_PROVIDER") or None

    @property
    def default(self) -> str:
        """Return the name of the provider that answers when none is named: ``$PRIMER_PROVIDER``, else ``local``."""
        return self.preferred or "local"

    def names(self) -> tuple[str, ...]:
        """Return the names that ``get`` knows.

        Returns
        -------
        tuple of str
            Our own first, then what a program added.
        """
        ours = ("local", "openai", "gemini", *(("custom",) if _setting("PRIMER_CUSTOM_BASE_URL") else ()))
        return (*ours, *(name for name in tuple(self._made) if name not in ours))

    def get(self, name: str) -> Provider:
        """Return a provider.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Provider
            The same object each time.

        Raises
        ------
        UnknownProviderError
            If there is none of this name.
        InvalidInputError
            If the environment describes it in a way that cannot be used.
        """
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, self._make(name))

    def variable_of(self, name: str) -> str | None:
        """Say where the environment has a key for a provider.

        Parameters
        ----------
        name : str
            The provider's name.

        Returns
        -------
        str or None
            The variable, if it is set.
        """
        variable = _VARIABLES.get(name)
        return variable if variable and _setting(variable) else None

    def add(self, provider: Provider) -> None:
        """Add a provider of the program's own; it takes the place of one of the same name.

        Parameters
        ----------
        provider : Provider
            Any object with the methods of the protocol.
        """
        self._added.add(provider.name)
        self._made[provider.name] = provider

    def keyed(self, provider: Provider, key_for: KeyFor) -> Provider:
        """Have a provider look its key up elsewhere.

        Parameters
        ----------
        provider : Provider
            From `get`.
        key_for : callable
            Returns the key kept for the provider of a name, or ``None``; asked before the environment.

        Returns
        -------
        Provider
            A new object; the same one if no key is looked up here, as for the local model and for what a program
            added.
        """
        if provider.name in self._added or not hasattr(provider, "with_key"):
            return provider
        keyed: Provider = provider.with_key(self._key(provider.name, key_for))
        return keyed

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"Providers({', '.join(self.names())})"

    def _make(self, name: str) -> Provider:
        if name == "local":
            from primer_nb.providers.local import LocalProvider

            return LocalProvider()
        from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

        if name == "openai":
            return OpenAICompatibleProvider(
                name,
                base_url=_setting("OPENAI_BASE_URL") or "https://api.openai.com/v1",
                key=self._key(name, self._key_for),
                key_hint=_hint(name),
                needs_key=True,
                default_model="gpt-6-luna",
            )
        if name == "gemini":
            return OpenAICompatibleProvider(
                name,
                base_url="https://generativelanguage.googleapis.com/v1beta/openai/",
                key=self._key(name, self._key_for),
                key_hint=_hint(name),
                needs_key=True,
                default_model="gemini-3.8-flash",
            )
        if name == "custom" and (base_url := _setting("PRIMER_CUSTOM_BASE_URL")):
            return OpenAICompatibleProvider(
                name,
                base_url=base_url,
                key=self._key(name, self._key_for),
                key_hint=_hint(name),
                default_model=_setting("PRIMER_CUSTOM_MODEL") or "default",
                window=_window("PRIMER_CUSTOM_CONTEXT_WINDOW"),
            )
        raise UnknownProviderError(f"there is no provider {name!r}; {self._what_there_is(name)}")

    def _what_there_is(self, name: str) -> str:
        if name == "custom":
            return "set PRIMER_CUSTOM_BASE_URL to the base URL of an OpenAI-compatible server to have it"
        return f"choose one of {', '.join(self.names())}"

    @staticmethod
    def _key(name: str, key_for: KeyFor | None) -> Callable[[], Secret | None]:
        def find() -> Secret | None:
            kept = key_for(name) if key_for is not None else None
            return kept or (Secret(value) if (value := _setting(_VARIABLES[name])) else None)

        return find


def _setting(variable: str) -> str:
    return os.environ.get(variable, "").strip()


def _hint(name: str) -> str:
    # Not in a cell: IPython keeps what is typed there, and every "!command" inherits os.environ.
    return (
        f"store one with ws.api_keys.add({name!r}) or in the panel, or set {_VARIABLES[name]} in the environment "
        "that starts Jupyter and restart the kernel"
    )


def _window(variable: str) -> int | None:
    value = _setting(variable)
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise InvalidInputError(f"{variable}={value!r} is not a number of tokens; write it like 32768")
    return int(value)
