"""A session: who works, on which store, with which providers. Passed to every use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.providers.catalogue import Providers
    from primer_nb.tables import User


@dataclass(frozen=True)
class Session:
    """What a use case needs to know.

    Parameters
    ----------
    store : Store
        Where chats and messages are kept.
    user : User
        On whose behalf.
    providers : Providers
        Who may answer.
    """

    store: Store
    user: User
    providers: Providers

    def read(self) -> UnitOfWork:
        """Make a unit of work that only reads.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user.
        """
        return self.store.unit_of_work(self.user.id, read_only=True)

    def write(self) -> UnitOfWork:
        """Make a unit of work that writes.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user.
        """
        return self.store.unit_of_work(self.user.id)

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"Session({self.store!r})"
