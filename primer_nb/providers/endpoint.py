"""Where requests go and with which key: what the parts of the OpenAI-compatible client pass to each other."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from primer_nb.errors import InvalidInputError, InvalidKeyError
from primer_nb.secret import Secret

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One provider's server, and how to be let in.

    Parameters
    ----------
    name : str
        The provider's name, for messages.
    base_url : str
        Its base URL, checked by ``check_base_url``.
    key : Secret, optional
        The API key; none for servers that want none.
    key_hint : str
        What to do about a missing or wrong key.
    timeout : float
        Seconds of silence after which the server is given up.
    """

    name: str
    base_url: str
    key: Secret | None
    key_hint: str
    timeout: float

    @property
    def is_loopback(self) -> bool:
        """Return whether the server is on this machine; then no proxy is asked."""
        return urlsplit(self.base_url).hostname in _LOOPBACK

    def check_key(self) -> None:
        """Check that the key can travel in a header; the error of the HTTP client would show it.

        Raises
        ------
        InvalidKeyError
            If it holds a blank or a character outside ASCII.
        """
        if self.key is not None and not all("!" <= character <= "~" for character in self.key.reveal().strip()):
            raise InvalidKeyError(
                f"the API key of {self.name} holds a blank or a character outside ASCII, which no key has; "
                f"{self.key_hint}"
            )

    def authorization(self) -> str | None:
        """Return the value of the Authorization header; call it inside the very expression that sends it.

        Returns
        -------
        str or None
            The header's value, ``None`` without a key.
        """
        return None if self.key is None else f"Bearer {self.key.reveal().strip()}"


def check_base_url(url: str, *, name: str) -> str:
    """Check a base URL.

    Parameters
    ----------
    url : str
        The URL of an OpenAI-compatible API, up to and without ``/chat/completions``.
    name : str
        The provider's name, for messages.

    Returns
    -------
    str
        The same URL.

    Raises
    ------
    InvalidInputError
        If it is not an http or https URL, or carries a user, a password, a query or a fragment.
    """
    try:
        parts = urlsplit(url.strip())
        is_usable = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInputError(
            f"the base URL of {name} is not an http or https URL; write it like http://localhost:11434/v1"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInputError(
            f"the base URL of {name} may not carry a user, a password, a query or a fragment, "
            "which would show in logs and messages; give the key by itself"
        )
    return url.strip()
