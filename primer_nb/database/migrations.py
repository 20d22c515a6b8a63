"""Bring the schema of a store to the version this release needs, and back.

A change is one transaction under a lock: several kernels may open an old store at once, and one that fails leaves
nothing behind. An SQLite file is copied first. Alembic is imported only when there is something to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from primer_nb.database.addresses import Address
from primer_nb.database.engine import READ_ONLY
from primer_nb.database.exclusive import exclusive
from primer_nb.database.failures import translated
from primer_nb.database.owners import check_owner
from primer_nb.database.revisions import VERSION_TABLE, head, name_at, position_of, read_version, revisions
from primer_nb.errors import MigrationError, StoreError, StoreNewerError


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where the schema of a store stands.

    Parameters
    ----------
    current : str or None
        Its revision; ``None`` when this package never wrote to it.
    head : str
        The revision this release needs.
    pending : tuple of str
        Revisions to come, as file names without suffix, oldest first.
    is_newer : bool
        Whether a newer release wrote it.
    """

    current: str | None
    head: str
    pending: tuple[str, ...]
    is_newer: bool


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What an upgrade or downgrade did.

    Parameters
    ----------
    before, after : str or None
        Revisions; ``None`` for a database without our tables. Equal when there was nothing to do.
    copy : Path or None
        The copy of the SQLite file as it was before.
    """

    before: str | None
    after: str | None
    copy: Path | None = None


def needs_migration(connection: Connection) -> bool:
    """Tell whether a store is anything but up to date, by one statement.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        To the store; on PostgreSQL its transaction is rolled back when the store is empty.

    Returns
    -------
    bool
        Also true for a store that a newer release wrote: `bring_up_to_date` refuses it.
    """
    return read_version(connection) != head(connection.dialect.name)


def bring_up_to_date(engine: Engine, address: Address) -> SchemaChange:
    """Give a store the schema of this release; adopt one that Primer made.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        From `create_engine_for`.
    address : Address
        Of the store, for messages.

    Returns
    -------
    SchemaChange
        What was done.

    Raises
    ------
    StoreNewerError
        If a newer release wrote it; it is left untouched.
    MigrationError
        If its tables are not what they should be, or a revision failed; nothing was changed.
    StoreError
        If it cannot be read or written.
    """
    return _change(engine, address, to="head", down=False)


def upgrade(engine: Engine, *, to: str = "head") -> SchemaChange:
    """Apply revisions.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        From `create_engine_for`.
    to : str, default "head"
        A revision, the name of its file, ``"+1"`` or ``"head"``.

    Returns
    -------
    SchemaChange
        What was done.

    Raises
    ------
    StoreError
        As `bring_up_to_date`.
    """
    return _change(engine, Address(url=engine.url), to=to, down=False)


def downgrade(engine: Engine, *, to: str) -> SchemaChange:
    """Undo revisions, and what was stored in the tables and columns they made.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        From `create_engine_for`.
    to : str
        A revision, the name of its file, ``"-1"``, or ``"base"``, which removes every table of ours.

    Returns
    -------
    SchemaChange
        What was done.

    Raises
    ------
    StoreError
        As `bring_up_to_date`.
    """
    return _change(engine, Address(url=engine.url), to=to, down=True)


def status(engine: Engine) -> MigrationStatus:
    """Look where the schema of a store stands, without changing it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        From `create_engine_for`.

    Returns
    -------
    MigrationStatus
        Revisions applied and pending.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    known = revisions(engine.dialect.name)
    with translated(Address(url=engine.url)), engine.connect() as connection:
        version = read_version(connection.execution_options(**{READ_ONLY: True}))
    is_newer = version is not None and version not in {revision.id for revision in known}
    pending = () if is_newer else tuple(str(revision) for revision in known if revision.id > (version or ""))
    return MigrationStatus(current=version, head=known[-1].id, pending=pending, is_newer=is_newer)


def sql(dialect: str, *, start: str = "base", to: str = "head") -> str:
    """Print revisions as SQL, for somebody else to run.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.
    start : str, default "base"
        The revision the database has.
    to : str, default "head"
        The revision it should have; an older one prints the way back.

    Returns
    -------
    str
        Statements in one transaction, with those that write down the revision.

    Raises
    ------
    MigrationError
        If a revision is unknown.
    """
    from primer_nb.database import alembic_runner

    first, last = position_of(start, dialect=dialect), position_of(to, dialect=dialect)
    span = f"{name_at(first, dialect=dialect)}:{name_at(last, dialect=dialect)}"
    return alembic_runner.as_sql(dialect, span=span, down=last < first)


def _change(engine: Engine, address: Address, *, to: str, down: bool) -> SchemaChange:
    with translated(address):
        _refuse_newer(engine, address)
        with exclusive(engine) as connection:
            before = read_version(connection) if inspect(connection).has_table(VERSION_TABLE) else None
            _refuse_unknown(before, address)
            return _move(connection, address, before=before, to=to, down=down)


def _move(connection: Connection, address: Address, *, before: str | None, to: str, down: bool) -> SchemaChange:
    from primer_nb.database import adoption

    dialect = address.dialect
    origin = position_of(before or "base", dialect=dialect)
    target = position_of(to, dialect=dialect, origin=origin)
    if (target > origin) if down else (target < origin):
        raise MigrationError(
            f"{address} is at revision {before or 'base'}, and {to} is "
            f"{'not before' if down else 'before'} it: {'upgrade' if down else 'downgrade'} instead"
        )
    if target == origin:
        return SchemaChange(before=before, after=before)
    if dialect == "postgresql":
        check_owner(connection, address, found=before)
    is_adopted = before is None and adoption.is_primers(connection, address)
    after = name_at(target, dialect=dialect)
    copy = _copy(connection, address, revision=after)
    with _explained(address, f"from {before or 'base'} to {after}"):
        _run(connection, after, down=down, is_adopted=is_adopted)
    return SchemaChange(before=before, after=after if target else None, copy=copy)


def _run(connection: Connection, revision: str, *, down: bool, is_adopted: bool) -> None:
    from primer_nb.database import adoption, alembic_runner

    if is_adopted:
        adoption.add_missing_indexes(connection)
        alembic_runner.stamp(connection, revision=name_at(1, dialect=connection.dialect.name))
    alembic_runner.run(connection, to=revision, down=down)
    if revision == "base":
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))


def _refuse_newer(engine: Engine, address: Address) -> None:
    # before a lock is taken: what a newer release wrote may not be ours to write at all
    with engine.connect() as connection:
        _refuse_unknown(read_version(connection.execution_options(**{READ_ONLY: True})), address)


def _refuse_unknown(version: str | None, address: Address) -> None:
    known = [revision.id for revision in revisions(address.dialect)]
    if version is not None and version not in known:
        raise StoreNewerError(
            f"{address} was written by a newer release (its schema is {version}, this one knows {known[-1]}); "
            "it was left untouched: upgrade primer-nb with 'pip install -U primer-nb'"
        )


def _copy(connection: Connection, address: Address, *, revision: str) -> Path | None:
    from primer_nb.database.file_copy import copy_before

    has_tables = bool(inspect(connection).get_table_names())
    if address.path is None or not has_tables:
        return None
    try:
        return copy_before(address.path, revision=revision)
    except OSError as error:
        raise MigrationError(
            f"{address}: no copy could be made before its schema changes ({error.strerror}); nothing was changed, "
            "see that its folder can be written and the disk has room"
        ) from error


@contextmanager
def _explained(address: Address, change: str) -> Iterator[None]:
    try:
        with translated(address):
            yield
    except Exception as error:  # whatever a revision raises
        if isinstance(error, StoreError) and type(error) is not StoreError:
            raise  # busy, full, read-only: says what to do already
        reason = str(error.__cause__ or error).strip().split("\n", 1)[0]
        raise MigrationError(
            f"{address}: the change of its schema {change} failed and was undone ({reason}); nothing was changed"
        ) from error
