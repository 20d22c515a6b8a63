"""A store: one database, its schema up to date, from which units of work are made."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import RLock

from primer_nb.database.addresses import Place, hidden, parse_address
from primer_nb.database.engine import READ_ONLY, create_engine_for, keep_write_ahead_log
from primer_nb.database.failures import translated
from primer_nb.database.unit_of_work import UnitOfWork


class Store:
    """One SQLite file or PostgreSQL database.

    Making the object opens nothing. `open_store` is what callers want.

    Parameters
    ----------
    address : str, Path, Secret or Address
        As `primer_nb.connect` takes it.
    """

    def __init__(self, address: Place) -> None:
        self.address = parse_address(address)
        self.engine = create_engine_for(self.address)
        self._turn: AbstractContextManager[object] = RLock() if self.address.is_in_memory else nullcontext()

    def __repr__(self) -> str:
        """Return one line without a password."""
        return f"Store({str(self.address)!r})"

    @property
    def dialect(self) -> str:
        """Name the kind of database.

        Returns
        -------
        str
            ``"sqlite"`` or ``"postgresql"``.
        """
        return self.address.dialect

    def unit_of_work(self, user_id: str | None = None, *, read_only: bool = False) -> UnitOfWork:
        """Make a unit of work; it begins when it is entered.

        Parameters
        ----------
        user_id : str, optional
            On whose behalf. Without one it is the system's and sees all rows.
        read_only : bool, default False
            A reader waits for nobody and keeps nobody waiting.

        Returns
        -------
        UnitOfWork
            A context manager.
        """
        return UnitOfWork(self.engine, self.address, user_id=user_id, read_only=read_only, turn=self._turn)

    def close(self) -> None:
        """Close every connection; may be called again."""
        self.engine.dispose()


def open_store(address: Place) -> Store:
    """Open a store and bring its schema up to date.

    Parameters
    ----------
    address : str, Path, Secret or Address
        As `primer_nb.connect` takes it.

    Returns
    -------
    Store
        Ready for use.

    Raises
    ------
    StoreError
        If it cannot be opened, is damaged, was written by a newer release, or cannot be upgraded.
    """
    from primer_nb.database.migrations import bring_up_to_date, needs_migration

    address = hidden(address)  # no frame of ours shows its password
    store = Store(address)
    try:
        with translated(store.address):
            with store.engine.connect() as connection:
                is_behind = needs_migration(connection.execution_options(**{READ_ONLY: True}))
            if is_behind:
                bring_up_to_date(store.engine, store.address)
            keep_write_ahead_log(store.engine)
    except BaseException:
        store.close()
        raise
    return store
