"""Sessions and accounts for tests: who signs up, with which password, where."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import primer_nb
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from primer_nb import Workspace
    from primer_nb.database import Store
    from primer_nb.session import Session

ADA, BOB = "ada@example.org", "bob@example.org"
PASSWORD = "purple otter reads maps"
OTHER_PASSWORD = "seven quiet lanterns sing"


class World:
    """Where a workspace keeps things: a local store, and a server for accounts or none."""

    def __init__(self, database_url: str, server_url: str | None = None) -> None:
        self.database_url = database_url
        self.server_url = server_url
        self._open: list[Workspace] = []

    def connect(self, *, database_url: str | None = None, token: Secret | None = None) -> Workspace:
        """Open a workspace, as a kernel does that has just started; it is closed after the test."""
        ws = primer_nb.connect(database_url or self.database_url, server_url=self.server_url, token=token)
        self._open.append(ws)
        return ws

    def session(self, *, database_url: str | None = None, token: Secret | None = None) -> Session:
        """Open a workspace and return its session."""
        return self.connect(database_url=database_url, token=token)._session

    def sign_up(self, email: str = ADA, *, password: str = PASSWORD, stay: bool = False) -> Session:
        """Open a session and make an account in it."""
        session = self.session()
        accounts.register(session, email, password=Secret(password), stay=stay)
        return session

    def sign_in(self, email: str = ADA, *, password: str = PASSWORD, stay: bool = False) -> Session:
        """Open a session and sign in."""
        session = self.session()
        accounts.sign_in(session, email, password=Secret(password), stay=stay)
        return session

    def close(self) -> None:
        """Close what was opened."""
        for ws in self._open:
            ws.close()


@contextmanager
def world(database_url: str, server_url: str | None = None) -> Iterator[World]:
    """Make a world and close what was opened in it."""
    made = World(database_url, server_url)
    try:
        yield made
    finally:
        made.close()


def damage_slot(store: Store) -> None:
    """Let the slot of the one refresh token of a store be no slot any more."""
    with store.unit_of_work() as work:
        (slot,) = work.key_slots.where(kind="refresh")
        slot.sealed_key = f"{slot.sealed_key[:-8]}AAAAAAAA"
        work.key_slots.update(slot)
        work.commit()


def actions(session: Session) -> list[str]:
    """Read what the audit log of the accounts says was done, oldest first."""
    with session.accounts.unit_of_work(read_only=True) as work:
        return [entry.action for entry in reversed(work.audit_log.latest(1_000))]
