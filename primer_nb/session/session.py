"""A session: who works now, on which stores, with which providers. Passed to every use case.

There is one a workspace. Signing in and out changes its user, so that every handle on the workspace speaks for who
works now; what outlives that, such as a reply on its way, takes a copy that stays with its user.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.errors import NotSignedInError
from primer_nb.session.standing import Who, why_over
from primer_nb.session.stores import Stores
from primer_nb.session.users import LOCAL_EMAIL, local_user
from primer_nb.watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from primer_nb.backup.kept import KeptServer
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.database import Store, UnitOfWork
    from primer_nb.database.addresses import Address, Place
    from primer_nb.providers.catalogue import Providers
    from primer_nb.tables import User


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
    stores : Stores
        The local one, the server of the accounts, and what is known of it here.
    sent_alone : dict of str to int
        The chats that were backed up by themselves in this process, each with the last entry of the journal from
        before it was: what one backup of everything notes in the store, this notes here.
    """

    def __init__(self, store: Store, user: User, providers: Providers, *, server: Place | None = None) -> None:
        self.store, self.providers = store, providers
        self.stores = Stores(store, server=server)
        self._who = Who(user)
        self._outlives_its_user = False
        self._changing, self._keeping = threading.Lock(), threading.Lock()
        self._kept: KeptServer | None = None
        self._backed_up: dict[str, datetime] = {}
        self.sent_alone: dict[str, int] = {}
        self._watchers, self._backup_watchers = Watchers(), Watchers()

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
        return self._who.token_id is not None

    @property
    def server(self) -> Address | None:
        """Where the accounts live, if it is a store of its own."""
        return self.stores.server

    @property
    def has_server(self) -> bool:
        """Whether accounts live in a store of their own."""
        return self.server is not None

    @property
    def accounts(self) -> Store:
        """The store that holds the accounts."""
        return self.stores.accounts

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
        """The store that answers for `accounts` without a connection; without a server the local store."""
        return self.stores.local_copy

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

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Make a unit of work on the local store that only reads.

        Returns
        -------
        UnitOfWork
            A context manager, on behalf of the user. It begins with a look whether the user still is who they were;
            else it raises NotSignedInError, and the local user works here from then on, unless a token was used.
        """
        return self._work(read_only=True)

    def read_keys(self) -> AbstractContextManager[UnitOfWork]:
        """Make a unit of work that only reads, where the user's provider keys are on this machine.

        Returns
        -------
        UnitOfWork
            A context manager, as that of `read`.
        """
        if self.is_local or not self.has_server:
            return self.read()
        self.check()
        return self.local_copy.unit_of_work(self.user.id, read_only=True)

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """Make a unit of work on the local store that writes.

        Returns
        -------
        UnitOfWork
            A context manager, as that of `read`.
        """
        return self._work(read_only=False)

    def check(self) -> None:
        """Look whether the user still is who they were, before something that no unit of work of theirs begins.

        Raises
        ------
        NotSignedInError
            If they signed up in another kernel, or their account or token is over.
        """
        with self.read():
            pass

    def become(self, user: User, *, data_key: DataKey | None = None, token_id: str | None = None) -> None:
        """Let somebody work from now on, and tell who watches.

        Parameters
        ----------
        user : User
            Who.
        data_key : DataKey, optional
            Opens the user's provider keys; the one held before is wiped unless it is the same object.
        token_id : str, optional
            Of the token that let them in; without one they came as a person.
        """
        with self._changing:
            is_another = user.id != self.user.id
            self._let(Who(user, data_key, token_id))
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
            On the same stores, for work that outlives a change of user: also when its user signs up elsewhere. Its
            data key is wiped by that change: what has to be opened is opened before.
        """
        stays = Session(self.store, self.user, self.providers)
        stays.stores, stays._who, stays._outlives_its_user = self.stores, self._who, True
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
        self.stores.close()

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"Session({self.store!r})"

    @contextmanager
    def _work(self, *, read_only: bool) -> Iterator[UnitOfWork]:
        while True:
            who = self._who
            with self.store.unit_of_work(who.user.id, read_only=read_only) as work:
                reason = None if self._outlives_its_user else why_over(work, who, self.stores)
                if reason is None:
                    yield work
                    return
            if self._end(who):
                raise NotSignedInError(reason)

    def _end(self, who: Who) -> bool:
        """Let the local user work from now on; tell whether nobody else has come meanwhile."""
        # a notebook that nobody sits at must not go on in other chats
        successor = who.user if who.token_id is not None else local_user(self.store)
        with self._changing:
            if self._who is not who:
                return False
            self._let(Who(successor, token_id=who.token_id))
        self.hang_up()
        if successor is not who.user:
            self.tell()
        return True

    def _let(self, who: Who) -> None:
        before, self._who = self._who, who
        if before.data_key is not None and before.data_key is not who.data_key:
            before.data_key.wipe()
            before.data_key = None  # also where a session stays with this user
