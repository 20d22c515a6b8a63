"""Which revisions there are, and which one a database has: all that opening an up-to-date store needs.

Read from file names and one table; Alembic, which takes longer to import than a store takes to open, is not
needed for it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

import primer_nb
from primer_nb.errors import MigrationError

VERSION_TABLE = "primer_alembic_version"

_FILE_NAME = re.compile(r"(\d{14})_(\w+)\.py")
_READ_VERSION = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608


class Revision(NamedTuple):
    """One step of the schema.

    Parameters
    ----------
    id : str
        Fourteen digits, the time it was written.
    description : str
        What it does, in words joined by underscores.
    """

    id: str
    description: str

    def __str__(self) -> str:
        """Return the name of its file, without the suffix."""
        return f"{self.id}_{self.description}"


@cache
def migrations_folder() -> Path:
    """Find the two trees.

    Returns
    -------
    Path
        Inside the package when it was installed from a wheel, beside it in a checkout.

    Raises
    ------
    MigrationError
        If they are in neither place: the installation is broken.
    """
    package = Path(primer_nb.__file__).parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise MigrationError(f"the migrations are missing beside {str(package)!r}; install primer-nb again")


def revisions(dialect: str) -> tuple[Revision, ...]:
    """List the revisions of one tree.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.

    Returns
    -------
    tuple of Revision
        From the first to the newest: the fourteen digits sort by age.

    Raises
    ------
    MigrationError
        If there are none.
    """
    names = (path.name for path in (migrations_folder() / dialect).glob("*.py"))
    found = sorted(Revision(*match.groups()) for name in names if (match := _FILE_NAME.fullmatch(name)))
    if not found:
        raise MigrationError(f"there are no migrations for {dialect!r} in {str(migrations_folder())!r}")
    return tuple(found)


def head(dialect: str) -> str:
    """Return the newest revision of one tree.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.

    Returns
    -------
    str
        Its fourteen digits.
    """
    return revisions(dialect)[-1].id


def position_of(name: str, *, dialect: str, origin: int = 0) -> int:
    """Understand what a user may call a revision.

    Parameters
    ----------
    name : str
        A revision, the name of its file, ``"base"``, ``"head"``, or steps from the origin such as ``"+1"``.
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.
    origin : int, default 0
        Where steps are counted from.

    Returns
    -------
    int
        How many revisions a database has that is at this one; 0 for ``"base"``.

    Raises
    ------
    MigrationError
        If there is no such revision.
    """
    known = revisions(dialect)
    named = {"base": 0, "head": len(known)}
    for number, revision in enumerate(known, start=1):
        named |= {revision.id: number, str(revision): number}
    is_relative = name[:1] in {"+", "-"} and name[1:].isdigit()
    position = origin + int(name) if is_relative else named.get(name, -1)
    if not 0 <= position <= len(known):
        raise MigrationError(
            f"there is no revision {name!r} for {dialect}; take one of base, head, {', '.join(map(str, known))}"
        )
    return position


def name_at(position: int, *, dialect: str) -> str:
    """Name the revision at a position, the opposite of `position_of`.

    Parameters
    ----------
    position : int
        How many revisions a database has.
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.

    Returns
    -------
    str
        Fourteen digits, or ``"base"`` for none.
    """
    return "base" if position == 0 else revisions(dialect)[position - 1].id


def read_version(connection: Connection) -> str | None:
    """Read which revision a database has, in one statement.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        To the database. When the table is missing on PostgreSQL its transaction is rolled back, since the failed
        statement ends it anyway.

    Returns
    -------
    str or None
        The revision; ``None`` when this package never wrote to the database.
    """
    try:
        return connection.execute(_READ_VERSION).scalar()
    except (OperationalError, ProgrammingError) as error:
        if not _is_missing_table(error):
            raise
    if connection.dialect.name == "postgresql":
        connection.rollback()
    return None


def _is_missing_table(error: OperationalError | ProgrammingError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == "42P01" or str(error.orig) == f"no such table: {VERSION_TABLE}"
