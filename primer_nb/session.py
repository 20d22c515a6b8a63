"""A session: who works now, on which stores, with which providers. Passed to every use case.

There is one a workspace. Signing in and out changes its user, so that every handle on the workspace speaks for who
works now; what outlives that, such as a reply on its way, takes a copy that stays with its user.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.database import open_store
from primer_nb.database.addresses import parse_address
from primer_nb.database.copies import has_copy, open_copy
from primer_nb.watchers import Watchers

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.backup.kept import KeptServer
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.database.addresses import Place
    from primer_nb.providers.catalogue import Providers
    from primer_nb.tables import User

LOCAL_EMAIL = "local@localhost"  # of the passwordless local user; nobody can register it


@dataclass(slots=True)
class _Who:
    """Who works, and what opens their keys: one object, so that no other thread finds one user's with another's."""

    user: User
    data_key: DataKey | None = None
    by_token: bool = False


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
    server : str, Path, Secret or Address, optional
        Of the store that holds the accounts; without one it is ``store``.

    Attributes
    ----------
    server : Address or None
        Where the accounts live, if it is a store of its own.
    sent_alone : dict of str to int
        The chats that were backed up by themselves in this process, each with the last entry of the journal from
        before it was: what one backup of everything notes in the store, this notes here.
    """

    def __init__(self, store: Store, user: User, providers: Providers, *, server: Place | None = None) -> None:
        self.store = store
        self.providers = providers
        self._who = _Who(user)
        self.server = None if server is None else parse_address(server)
        self._accounts: Store | None = None
        self._copy: Store | None = None
        self._opening = threading.Lock()
        self._keeping = threading.Lock()  # apart from the one above, which may be held until a server is given up
        self._kept: KeptServer | None = None
        self._backed_up: dict[str, datetime] = {}
        self.sent_alone: dict[str, int] = {}
        self._watchers = Watchers()
        self._backup_watchers = Watchers()

    @property
    def user(self) -> User:
        """On whose behalf."""
        return self._who.user

    @property
    def data_key(self) -> DataKey | None:
        """What opens the user's provider keys, if it is there."""
        return self._who.data_key

    @data_key.setter
    def data_key(self, data_key: DataKey | None) -> None:
        self._who.data_key = data_key

    @property
    def by_token(self) -> bool:
        """Whether a token let the user in, not a person."""
        return self._who.by_token

    @property
    def has_server(self) -> bool:
        """Whether accounts live in a store of their own."""
        return self.server is not None

    @property
    def accounts(self) -> Store:
        """The store that holds the accounts, opened at first use.

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
            return self.store
        with self._opening:
            if self._accounts is None:
                self._accounts = open_store(self.server)
            return self._accounts

    @property
    def is_local(self) -> bool:
        """Whether the passwordless local user works here: nobody is signed in."""
        return self.user.email == LOCAL_EMAIL

    @property
    def account_store(self) -> Store:
        """The store that has the user's account: for the local user, and without a server, the local one."""
        return self.store if self.is_local else self.accounts

    @property
    def local_copy(self) -> Store:
        """The store that answers for `accounts` without a connection, opened at first use.

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
            return self.store
        with self._keeping:
            if self._copy is None:
                self._copy = open_copy(self.place)
            return self._copy

    @property
    def has_local_copy(self) -> bool:
        """Whether this machine knows something of the server's accounts."""
        return self._copy is not None or (self.has_server and has_copy(self.place))

    @property
    def place(self) -> str | None:
        """What the two stores are called together, for what is kept on this machine; ``None``: nothing is kept."""
        if self.store.address.is_in_memory:
            return None
        return f"{self.store.address}|{self.server or ''}"

    def backup_server(self) -> KeptServer:
        """Return the server that the user's backups go to, with the one connection that is kept to it.

        Returns
        -------
        KeptServer
            Connected when it is used, by one thread at a time; closed five minutes later, when another user works
            here, and by `close`. There is a server.
        """
        from primer_nb.backup.kept import KeptServer  # loads psycopg

        assert self.server is not None
        with self._keeping:
            if self._kept is None or not self._kept.is_for(self.user.id):
                self._kept = KeptServer(self.server, self.user.id)
            return self._kept

    @property
    def backed_up_at(self) -> datetime | None:
        """When a backup of the user was last found complete, in this process."""
        return self._backed_up.get(self.user.id)

    def read(self) -> UnitOfWork:
        """Make a unit of work on the local store that only reads.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user.
        """
        return self.store.unit_of_work(self.user.id, read_only=True)

    def read_keys(self) -> UnitOfWork:
        """Make a unit of work that only reads, where the user's provider keys are on this machine.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user.
        """
        store = self.store if self.is_local else self.local_copy
        return store.unit_of_work(self.user.id, read_only=True)

    def write(self) -> UnitOfWork:
        """Make a unit of work on the local store that writes.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user.
        """
        return self.store.unit_of_work(self.user.id)

    def become(self, user: User, *, data_key: DataKey | None = None, by_token: bool = False) -> None:
        """Let somebody work from now on, and tell who watches.

        Parameters
        ----------
        user : User
            Who.
        data_key : DataKey, optional
            Opens the user's provider keys; the one held before is wiped unless it is the same object.
        by_token : bool, default False
            Whether a token let them in, not a person.
        """
        if self.data_key is not None and self.data_key is not data_key:
            self.data_key.wipe()
            self.data_key = None  # also where a session stays with this user
        is_another = user.id != self.user.id
        self._who = _Who(user, data_key, by_token)
        if is_another:
            self.hang_up()
        self.tell()

    def watch(self, method: Callable[[], None]) -> None:
        """Have a method called after each change of user or settings.

        Parameters
        ----------
        method : callable
            A bound method without parameters; held weakly, called in the thread that makes the change.
        """
        self._watchers.add(method)

    def tell(self) -> None:
        """Call every method that watches."""
        self._watchers.tell()

    def watch_backups(self, method: Callable[[], None]) -> None:
        """Have a method called after each change of what is backed up: a backup, a pull, a chat that is forgotten.

        Parameters
        ----------
        method : callable
            A bound method without parameters; held weakly, called in the thread that makes the change.
        """
        self._backup_watchers.add(method)

    def tell_of_backup(self, user_id: str | None = None) -> None:
        """Call every method that watches backups.

        Parameters
        ----------
        user_id : str, optional
            Whose backup has just been found complete.
        """
        if user_id is not None:
            self._backed_up[user_id] = times.now()
        self._backup_watchers.tell()

    def as_now(self) -> Session:
        """Return a session that stays with the present user.

        Returns
        -------
        Session
            On the same local store, for work that outlives a change of user. Its data key is wiped by that change:
            what has to be opened is opened before.
        """
        stays = Session(self.store, self.user, self.providers)
        stays._who = self._who
        return stays

    def hang_up(self) -> None:
        """Close the connection for backups, also in the middle of one; what was committed stays."""
        with self._keeping:
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.retire()

    def close(self) -> None:
        """Close the stores and forget the data key; may be called again."""
        if self.data_key is not None:
            self.data_key.wipe()
            self.data_key = None
        self.hang_up()
        for store in (self._accounts, self._copy):
            if store is not None:
                store.close()
        self.store.close()

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"Session({self.store!r})"
