"""The stores that a session works with: the local one, the server of the accounts, and what is known of it here."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.copies import has_copy, open_copy

if TYPE_CHECKING:
    from primer_nb.database import Store
    from primer_nb.database.addresses import Place


class Stores:
    """Stores that are opened at first use, by whichever thread comes first.

    Parameters
    ----------
    local : Store
        Where chats and messages are kept.
    server : str, Path, Secret or Address, optional
        Of the store that holds the accounts; without one it is ``local``.

    Attributes
    ----------
    local : Store
        As it was given.
    server : Address or None
        Where the accounts live, if it is a store of its own.
    """

    def __init__(self, local: Store, *, server: Place | None = None) -> None:
        self.local = local
        self.server = None if server is None else parse_address(server)
        self._accounts: Store | None = None
        self._copy: Store | None = None
        self._opening = threading.Lock()
        self._copying = threading.Lock()  # apart from the one above, which may be held until a server is given up

    @property
    def accounts(self) -> Store:
        """The store that holds the accounts.

        Returns
        -------
        Store
            The local one when there is no server.

        Raises
        ------
        StoreError
            If the server cannot be reached or has another schema.
        """
        if self.server is None:
            return self.local
        with self._opening:
            if self._accounts is None:
                self._accounts = open_store(self.server)
            return self._accounts

    @property
    def local_copy(self) -> Store:
        """The store that answers for `accounts` without a connection.

        Returns
        -------
        Store
            What this machine keeps of the server's accounts; without a server the local store.

        Raises
        ------
        StoreError
            If it cannot be opened.
        """
        if self.server is None:
            return self.local
        with self._copying:
            if self._copy is None:
                self._copy = open_copy(self.place)
            return self._copy

    @property
    def has_local_copy(self) -> bool:
        """Whether this machine knows something of the server's accounts."""
        return self._copy is not None or (self.server is not None and has_copy(self.place))

    @property
    def place(self) -> str | None:
        """What the stores are called together, for what is kept on this machine; ``None``: nothing is kept."""
        if self.local.address.is_in_memory:
            return None
        return f"{self.local.address}|{self.server or ''}"

    def close(self) -> None:
        """Close what was opened; may be called again."""
        for store in (self._accounts, self._copy, self.local):
            if store is not None:
                store.close()
