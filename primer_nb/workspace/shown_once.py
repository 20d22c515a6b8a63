"""A secret that was made just now and is stored nowhere: its owner has to see it once, and nobody else at all.

It behaves like a `Secret`. In a notebook it shows itself through a widget that sends the text after a click, to one
view, in a message: nothing of it is saved with the notebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn, SupportsIndex, final

from primer_nb.errors import StoreError
from primer_nb.secret import Secret
from primer_nb.use_cases.settings import Settings, read_settings
from primer_nb.workspace.front_end import has_front_end

if TYPE_CHECKING:
    from primer_nb.session import Session

_MASK = "[hidden]"
_LABELS = {"recovery_key": "recovery key", "token": "token"}


@final
class ShownOnce:
    """A recovery key or a token, to be kept by whoever asked for it.

    Let it be the last line of a cell to get a button that shows it, with another one that copies it. Anything printed
    is saved with the notebook.

    Parameters
    ----------
    secret : Secret
        What to show.
    kind : str
        ``"recovery_key"`` or ``"token"``.
    language : str, default "en"
        What the widget speaks.

    Examples
    --------
    >>> key = ShownOnce(Secret("not-a-real-key"), kind="recovery_key")
    >>> key
    <recovery key [hidden]: kept nowhere, so keep it; .reveal() returns it>
    >>> key.reveal()
    'not-a-real-key'
    """

    __slots__ = ("_kind", "_language", "_secret")

    def __init__(self, secret: Secret, *, kind: Literal["recovery_key", "token"], language: str = "en") -> None:
        self._secret = secret
        self._kind = kind
        self._language = language

    @property
    def secret(self) -> Secret:
        """The same as a plain secret.

        Returns
        -------
        Secret
            For functions that take one.
        """
        return self._secret

    def reveal(self) -> str:
        """Return the text, as long as this object lives.

        Returns
        -------
        str
            As the last line of a cell, it would be saved with the notebook.
        """
        return self._secret.reveal()

    def __repr__(self) -> str:
        """Return one line without the text."""
        return f"<{_LABELS[self._kind]} {_MASK}: kept nowhere, so keep it; .reveal() returns it>"

    def __str__(self) -> str:
        """Return a mask."""
        return _MASK

    def __format__(self, specification: str) -> str:
        """Return a mask, as wide as asked."""
        return format(_MASK, specification)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("what is shown once is neither pickled nor copied; pass the object itself")

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        if not has_front_end():
            return {"text/plain": repr(self)}
        from primer_nb.panel.shown_once import ShownOnceView

        view = ShownOnceView(self._secret, kind=self._kind, language=self._language)
        return view.mimebundle(repr(self))


def language_of(session: Session) -> str:
    """Find the language in which to show something once.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Returns
    -------
    str
        English where the user's settings cannot be read: what is shown must not be lost for the words beside it.
    """
    try:
        return read_settings(session).language
    except StoreError:
        return Settings().language


Given = str | Secret | ShownOnce
"""How a program may pass a secret."""


def as_secret(value: Given) -> Secret:
    """Make a secret of what a program passed.

    Parameters
    ----------
    value : str, Secret or ShownOnce
        The password, key or token.

    Returns
    -------
    Secret
        The same.

    Raises
    ------
    InvalidInputError
        If it is empty or no text.
    """
    if isinstance(value, ShownOnce):
        return value.secret
    return value if isinstance(value, Secret) else Secret(value)
