"""Care of both databases: the local store, and the server if there is one."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.database import maintenance

if TYPE_CHECKING:
    from primer_nb.database import Store
    from primer_nb.session import Session

LOCAL, SERVER = "local", "server"


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum did.

    Parameters
    ----------
    store : str
        ``"local"`` or ``"server"``.
    bytes_before, bytes_after : int
        The whole database; PostgreSQL keeps the room it gained for new rows.
    """

    store: str
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class Analyzed:
    """A table that the database looked at.

    Parameters
    ----------
    store : str
        ``"local"`` or ``"server"``.
    table : str
        Which one.
    """

    store: str
    table: str


@dataclass(frozen=True, slots=True)
class Size:
    """What a table takes.

    Parameters
    ----------
    store : str
        ``"local"`` or ``"server"``.
    table : str
        Which one.
    rows : int
        How many it holds.
    bytes : int or None
        With its indexes; ``None`` where this build of SQLite cannot tell.
    """

    store: str
    table: str
    rows: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be.

    Parameters
    ----------
    store : str
        ``"local"`` or ``"server"``.
    subject : str
        What was looked at.
    text : str
        What was found.
    advice : str
        What to do.
    """

    store: str
    subject: str
    text: str
    advice: str


def vacuum(session: Session) -> list[Vacuumed]:
    """Give back the room that deleted rows took.

    Parameters
    ----------
    session : Session
        With which stores.

    Returns
    -------
    list of Vacuumed
        One a store. A warning names the tables that another role owns, which PostgreSQL passes over.

    Raises
    ------
    StoreError
        If a store cannot be reached, or somebody else is writing.
    """
    done = []
    for name, store in _stores(session):
        before = maintenance.size_bytes(store)
        _tell_of_refused("vacuumed", maintenance.vacuum(store).refused)
        done.append(Vacuumed(name, before, maintenance.size_bytes(store)))
    return done


def analyze(session: Session) -> list[Analyzed]:
    """Bring the statistics of the query planner up to date.

    Parameters
    ----------
    session : Session
        With which stores.

    Returns
    -------
    list of Analyzed
        One a table. A warning names those that another role owns, which PostgreSQL passes over.

    Raises
    ------
    StoreError
        If a store cannot be reached.
    """
    analyzed = []
    for name, store in _stores(session):
        tended = maintenance.analyze(store)
        _tell_of_refused("analyzed", tended.refused)
        analyzed += [Analyzed(name, table) for table in tended.done]
    return analyzed


def sizes(session: Session) -> list[Size]:
    """Measure every table.

    Parameters
    ----------
    session : Session
        With which stores.

    Returns
    -------
    list of Size
        The local store's first, then the largest first.

    Raises
    ------
    StoreError
        If a store cannot be reached.
    """
    return [Size(name, *size) for name, store in _stores(session) for size in maintenance.table_sizes(store)]


def whole_sizes(session: Session) -> dict[str, int]:
    """Measure each store as a whole.

    Parameters
    ----------
    session : Session
        Of which stores.

    Returns
    -------
    dict of str to int
        Bytes, by ``"local"`` and ``"server"``; of the server all that its database holds.

    Raises
    ------
    StoreError
        If a store cannot be reached.
    """
    return {name: maintenance.size_bytes(store) for name, store in _stores(session)}


def check(session: Session) -> list[Problem]:
    """Look for damage, and for rows that have lost what they belong to.

    Parameters
    ----------
    session : Session
        With which stores.

    Returns
    -------
    list of Problem
        Empty when all is well.

    Raises
    ------
    StoreError
        If a store cannot be reached.
    """
    return [Problem(name, *damage) for name, store in _stores(session) for damage in maintenance.damages(store)]


def _tell_of_refused(what: str, tables: Collection[str]) -> None:
    if tables:
        warnings.warn(
            f"these tables were not {what}, since another role owns them: {', '.join(tables)}; their owner may do it "
            "(PostgreSQL's autovacuum does it in its time)",
            stacklevel=3,
        )


def _stores(session: Session) -> Iterator[tuple[str, Store]]:
    yield LOCAL, session.store
    if session.has_server:
        yield SERVER, session.accounts
