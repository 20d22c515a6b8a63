"""Start a new revision: the same file name in both trees. For people who work on this package."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from primer_nb.database import alembic_runner
from primer_nb.database.revisions import head
from primer_nb.errors import InvalidInputError, MigrationError

DIALECTS = ("sqlite", "postgresql")


def new_revision(description: str) -> tuple[Path, Path]:
    """Write the files of a new revision, empty yet.

    Parameters
    ----------
    description : str
        What it does, in a few words: they become the files' names.

    Returns
    -------
    tuple of Path
        The file for SQLite and the one for PostgreSQL.

    Raises
    ------
    InvalidInputError
        If the description has no letter or digit, or more than 40 characters.
    MigrationError
        If the files cannot be written.
    """
    words = re.sub(r"[^a-z0-9]+", "_", description.lower()).strip("_")
    if not words or len(words) > 40:
        raise InvalidInputError(f"{description[:60]!r} does not make a file name; describe it in a few plain words")
    newest = max(int(head(dialect)) for dialect in DIALECTS)
    revision = str(max(int(f"{datetime.now(UTC):%Y%m%d%H%M%S}"), newest + 1))
    written: list[Path] = []
    try:
        for dialect in DIALECTS:
            written.append(alembic_runner.write_revision(dialect, revision=revision, description=words))  # noqa: PERF401
    except OSError as error:
        for path in written:
            path.unlink()
        raise MigrationError(f"cannot write a revision: {error.strerror} ({error.filename})") from error
    return written[0], written[1]
