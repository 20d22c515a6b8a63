"""The only module that talks to Alembic: runs revisions on a connection, writes new ones, prints them as SQL.

Alembic keeps what it works on in module globals, so two threads may not use it at once: a lock is held here.
"""

from __future__ import annotations

import io
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from primer_nb.database.revisions import VERSION_TABLE, migrations_folder

_LOCK = threading.Lock()


def run(connection: Connection, *, to: str, down: bool = False) -> None:
    """Run revisions in the connection's transaction.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction, which is neither committed nor rolled back here.
    to : str
        The last revision to apply, or the one to go back to; ``"base"`` undoes all.
    down : bool, default False
        Whether to go back.
    """
    with _config(connection.dialect.name, connection=connection) as config:
        (command.downgrade if down else command.upgrade)(config, to)


def stamp(connection: Connection, *, revision: str) -> None:
    """Write down that the database has a revision, without running it.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction.
    revision : str
        The revision.
    """
    with _config(connection.dialect.name, connection=connection) as config:
        command.stamp(config, revision)


def as_sql(dialect: str, *, span: str, down: bool = False) -> str:
    """Print revisions instead of running them.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.
    span : str
        ``"from:to"`` in revisions, with ``base`` for the empty database.
    down : bool, default False
        Whether to go back.

    Returns
    -------
    str
        The statements, in one transaction.
    """
    output = io.StringIO()
    with _config(dialect, output=output) as config:
        (command.downgrade if down else command.upgrade)(config, span, sql=True)
    return output.getvalue()


def write_revision(dialect: str, *, revision: str, description: str) -> Path:
    """Write the file of a new revision after the newest one of a tree.

    Parameters
    ----------
    dialect : str
        ``"sqlite"`` or ``"postgresql"``.
    revision : str
        Fourteen digits.
    description : str
        What it does.

    Returns
    -------
    Path
        The file.
    """
    with _config(dialect) as config:
        script = command.revision(config, description, rev_id=revision)
    return Path(script.path)  # type: ignore[union-attr]


@contextmanager
def _config(
    dialect: str, *, connection: Connection | None = None, output: io.StringIO | None = None
) -> Iterator[Config]:
    folder = migrations_folder()
    config = Config(stdout=io.StringIO(), output_buffer=output, cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", _escaped(folder))
    config.set_main_option("version_locations", _escaped(folder / dialect))
    config.set_main_option("path_separator", "newline")  # no folder's name has one
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(connection=connection, dialect=dialect, version_table=VERSION_TABLE)
    with _LOCK:
        yield config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
