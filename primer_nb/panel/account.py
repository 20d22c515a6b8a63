"""Who works here, and the dialog behind it, as a widget; what its forms set off is decided elsewhere.

Nothing of it is in a trait, not even an e-mail address. An answer goes to the view that asked, by the name that it
gave to its question; passwords and keys only ever come from the browser, and a recovery key goes there once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from primer_nb.panel.part import Message, Part, module, static
from primer_nb.use_cases.backup_state import can_back_up

if TYPE_CHECKING:
    from primer_nb.session import Session
    from primer_nb.use_cases.provider_keys import StoredKey
    from primer_nb.use_cases.settings import Settings


class Account(Part):
    """A row at the foot of the list of chats, and the dialog that it opens."""

    _esm = module("forms.js", "signing.js", "key_keeping.js", "account.js")
    _css = static("account.css")
    _section = "account"

    def show(self, session: Session, settings: Settings) -> None:
        """Show who works here and what they like.

        Parameters
        ----------
        session : Session
            Whose user it is.
        settings : Settings
            Of that user.
        """
        user = session.user
        who = {
            "email": None if session.is_local else user.email,
            "name": "" if session.is_local else user.name,
            "theme": settings.theme,
            "language": settings.language,
            "notifications": settings.notifications_enabled,
            "automatic": settings.automatic_backup,
            "backup": _backup(session),
        }
        self.send({"type": "who", "who": who})

    def show_keys(self, keys: Sequence[StoredKey], *, providers: Mapping[str, str | None]) -> None:
        """List for which providers there is a key, and where it comes from.

        Parameters
        ----------
        keys : sequence of StoredKey
            What is stored.
        providers : mapping of str to str or None
            The providers that take a key, with the variable of the environment that has one.
        """
        stored = [{"provider": key.provider, "at": key.created_at.timestamp() * 1000} for key in keys]
        offered = [{"name": name, "variable": variable} for name, variable in providers.items()]
        self.send({"type": "keys", "keys": stored, "providers": offered})

    def show_rules(self, *, minimum: int, is_open: bool) -> None:
        """Say what a new account must be like.

        Parameters
        ----------
        minimum : int
            The fewest characters of its password.
        is_open : bool
            Whether anybody may make one.
        """
        self.send({"type": "rules", "rules": {"minimum": minimum, "is_open": is_open}})

    def answer(self, question: str, answer: Message) -> None:
        """Answer the view that asked.

        Parameters
        ----------
        question : str
            The name that the view gave to what it asked.
        answer : dict
            What was done; with ``told`` when it was not.
        """
        self.send({"type": "answer", "ask": question, **answer})


def _backup(session: Session) -> str:
    """Say whether backups are possible, else what they need."""
    if can_back_up(session):
        return "possible"
    server = session.server
    has_a_place = server is not None and server.dialect == "postgresql" and session.store.dialect == "sqlite"
    return "needs_account" if has_a_place else "needs_server"
