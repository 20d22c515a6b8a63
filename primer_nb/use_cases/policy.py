"""What an administrator decided for all who use a store, read in the transaction that depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from primer_nb import limits
from primer_nb.errors import InvalidInputError, ProviderNotAllowedError

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.providers.base import Provider
    from primer_nb.session import Session

MINIMUM_PASSWORD_LENGTH = 15  # characters: NIST SP 800-63B-4, for a password that is the only factor
LOWEST_MINIMUM = 8  # OWASP ASVS 5.0, 6.2.1
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that change what the package does.

    Parameters
    ----------
    minimum_password_length : int
        Characters a new password must have.
    allowed_base_urls : tuple of str
        Where providers may live; empty allows every address. The local model is always allowed.
    registration : str
        ``"open"``, or ``"closed"`` after the first account.
    default_provider, default_model : str or None
        Who answers where nobody has chosen.
    """

    minimum_password_length: int = MINIMUM_PASSWORD_LENGTH
    allowed_base_urls: tuple[str, ...] = ()
    registration: str = "open"
    default_provider: str | None = None
    default_model: str | None = None

    def allows(self, base_url: str) -> bool:
        """Tell whether a provider may live at an address.

        Parameters
        ----------
        base_url : str
            Of the provider's API.

        Returns
        -------
        bool
            Same scheme, host and port as an allowed one, and a path at or below its path.
        """
        if not self.allowed_base_urls:
            return True
        asked = urlsplit(base_url)
        return any(_covers(urlsplit(allowed), asked) for allowed in self.allowed_base_urls)


def read_policy(work: UnitOfWork) -> Policy:
    """Read the policy of a store.

    Parameters
    ----------
    work : UnitOfWork
        Open, on behalf of anybody.

    Returns
    -------
    Policy
        What nobody decided has its default.
    """
    return policy_of(work.admin_settings.values())


def policy_here(session: Session, work: UnitOfWork) -> Policy:
    """Read the policy that binds who works in a session, without asking the server.

    Parameters
    ----------
    session : Session
        With a server its administrator decides, as far as this machine knows.
    work : UnitOfWork
        Open on the local store, whose own administrator decides otherwise.

    Returns
    -------
    Policy
        What nobody decided has its default.
    """
    if not session.stores.has_local_copy:
        return read_policy(work)
    with session.local_copy.unit_of_work(read_only=True) as known:
        return read_policy(known)


def policy_of(values: dict[str, str]) -> Policy:
    """Make a policy of settings.

    Parameters
    ----------
    values : dict of str to str
        As stored; what another program stored in a form of its own is left out.

    Returns
    -------
    Policy
        What nobody decided has its default.
    """
    known = {}
    for key, value in values.items():
        try:
            known[key] = checked_setting(key, value)
        except InvalidInputError:
            continue
    urls = tuple(known.get("allowed_base_urls", "").split())
    return Policy(
        minimum_password_length=int(known.get("minimum_password_length", MINIMUM_PASSWORD_LENGTH)),
        allowed_base_urls=urls,
        registration=known.get("registration", "open"),
        default_provider=known.get("default_provider"),
        default_model=known.get("default_model"),
    )


def checked_setting(key: str, value: object) -> str:
    """Check a setting before it is stored.

    Parameters
    ----------
    key : str
        Any name; those of `Policy` have rules.
    value : object
        A text or a number; for ``allowed_base_urls`` also a list of addresses.

    Returns
    -------
    str
        As it is stored; addresses are parted by line ends.

    Raises
    ------
    InvalidInputError
        If the value breaks the rule of its key.
    """
    limits.check_text(key, name="setting", longest=limits.SETTING_KEY)
    if key == "allowed_base_urls":
        parts = value.split() if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise InvalidInputError(f"allowed_base_urls={value!r} is not a list of addresses")
        return "\n".join(_checked_url(part) for part in parts)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    text = limits.check_text(text, name=f"value of {key}", longest=limits.CONTENT, allow_empty=True)
    if key == "minimum_password_length" and not (text.isdecimal() and LOWEST_MINIMUM <= int(text) <= 64):
        raise InvalidInputError(f"minimum_password_length={text!r} is not a number from {LOWEST_MINIMUM} to 64")
    if key == "registration" and text not in ("open", "closed"):
        raise InvalidInputError(f"registration={text!r} is neither 'open' nor 'closed'")
    if key in ("default_provider", "default_model"):
        longest = limits.PROVIDER if key == "default_provider" else limits.MODEL
        limits.check_text(text, name=key, longest=longest)
    return text


def allowed_provider(session: Session, policy: Policy, name: str) -> Provider:
    """Find a provider that the policy allows.

    Parameters
    ----------
    session : Session
        Knows the providers.
    policy : Policy
        Of the store.
    name : str
        The provider's name.

    Returns
    -------
    Provider
        Ready to be asked.

    Raises
    ------
    UnknownProviderError
        If there is none of this name.
    ProviderNotAllowedError
        If it lives where the policy does not allow it.
    """
    provider = session.providers.get(name)
    base_url = getattr(provider, "base_url", None)
    if base_url is not None and not policy.allows(base_url):
        raise ProviderNotAllowedError(
            f"the provider {name!r} lives at {base_url}, which the administrator of this store does not allow; "
            f"allowed: {', '.join(policy.allowed_base_urls)}"
        )
    return provider


def default_provider(session: Session, policy: Policy) -> str:
    """Say who answers where nobody has chosen.

    Parameters
    ----------
    session : Session
        Knows what this machine prefers.
    policy : Policy
        Knows what the administrator prefers.

    Returns
    -------
    str
        ``$PRIMER_PROVIDER``, else the administrator's choice, else the local model.
    """
    return session.providers.preferred or policy.default_provider or session.providers.default


def default_model(session: Session, policy: Policy, provider: Provider) -> str:
    """Say which of a provider's models answers where nobody has chosen.

    Parameters
    ----------
    session : Session
        Knows what this machine prefers.
    policy : Policy
        Knows what the administrator prefers.
    provider : Provider
        Whose models.

    Returns
    -------
    str
        The administrator's choice for the default provider, else the provider's own.
    """
    is_default = provider.name == default_provider(session, policy)
    return (policy.default_model if is_default else None) or provider.default_model


def _checked_url(value: object) -> str:
    text = limits.check_text(value, name="base URL", longest=2_000)
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InvalidInputError(f"{text[:200]!r} is not a base URL; write it like https://api.openai.com/v1")
    return text


def _covers(allowed: SplitResult, asked: SplitResult) -> bool:
    path, below = (parts.path.rstrip("/") + "/" for parts in (allowed, asked))
    return _origin(allowed) == _origin(asked) and below.startswith(path) and "/../" not in below


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
