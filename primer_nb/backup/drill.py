"""Drill: a restore into a file that is thrown away, to see that the backup gives back what the local store holds.

Each drill has a file of its own, so that several at once do not meet. What a killed one left the next one removes.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from primer_nb.backup.bookkeeping import reading
from primer_nb.backup.digest_values import CONTENTS, Digest
from primer_nb.backup.digests import local_digests
from primer_nb.backup.loading import Loaded, TakenError, load
from primer_nb.backup.opening import address_of, check_pair, with_server
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.results import DrillReport
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.spelling import canonical_id
from primer_nb.backup.swapping import new_file
from primer_nb.backup.verify import differences
from primer_nb.database import open_store
from primer_nb.database.failures import translated
from primer_nb.errors import StoreCorruptError

if TYPE_CHECKING:
    from psycopg import Connection

    from primer_nb.backup.server import Server
    from primer_nb.database import Store
    from primer_nb.database.addresses import Address

_LONGEST = 86_400.0  # seconds; a file that nothing was written to for so long is no drill's that still runs


def drill(store: Store, server: Address | Server, user_id: str, *, progress: Progress | None = None) -> DrillReport:
    """Restore everything to a file beside the store, compare all contents, and remove the file.

    Parameters
    ----------
    store : Store
        An SQLite store; it is not changed.
    server : Address or Server
        A PostgreSQL store. The connection of a `Server` stays open.
    user_id : str
        Whose chats.
    progress : Progress, optional
        Told of what was restored.

    Returns
    -------
    DrillReport
        The chats that would not come back as they are.

    Raises
    ------
    BackupError, StoreError
        If one of the two cannot be worked with, or there is no room for the file.
    """
    check_pair(store, server)
    begun = time.monotonic()
    told = progress or NoProgress()
    try:
        loaded, there = with_server(server, user_id, lambda pg: _restored(store, pg, user_id, progress=told))
    except TakenError as error:
        raise StoreCorruptError(
            f"{address_of(server)}: the backup has two rows of {error} under one key, of which a restore would keep "
            "one; see that the server's indexes are sound (REINDEX)"
        ) from error
    finally:
        told.finish()
    refused: list[Quarantined] = []
    with reading(store) as connection:
        here = local_digests(connection, user_id, CONTENTS, refused=refused)
        deleted = connection.execute("SELECT chat_id FROM primer_tombstones").fetchall()
    gone = {canonical_id(chat_id) for (chat_id,) in deleted} - here.keys()
    return DrillReport(
        chats=len(there),
        messages=sum(digest.count for digest in there.values()),
        differences=tuple(differences(here, there, deleted=gone)),
        quarantined=(*refused, *loaded.refused),
        bytes_received=loaded.size,
        seconds=time.monotonic() - begun,
    )


def _restored(
    store: Store, pg: Connection[Any], user_id: str, *, progress: Progress
) -> tuple[Loaded, dict[str, Digest]]:
    with _place(store) as part, translated(store.address):
        open_store(part).close()
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            loaded = load(connection, pg, user_id, progress=progress)
            return loaded, local_digests(connection, user_id, CONTENTS)


@contextmanager
def _place(store: Store) -> Iterator[Path]:
    if store.address.path is not None:
        path = store.address.path.resolve()
        _remove_leftovers(path)
        # beside the store: the same disk, and as private
        with new_file(path, purpose=f"drill-{os.getpid()}-{token_hex(4)}") as part:
            yield part
        return
    with tempfile.TemporaryDirectory(prefix="primer-drill-") as folder:
        yield Path(folder, "drill.db")


def _remove_leftovers(path: Path) -> None:
    from psutil import pid_exists

    name = re.compile(rf"{re.escape(path.name)}\.drill-(\d+)-[0-9a-f]{{8}}(-journal|-wal|-shm)?")
    for left in path.parent.iterdir():
        found = name.fullmatch(left.name)
        with suppress(OSError):  # another drill was quicker
            if found and (not pid_exists(int(found[1])) or time.time() - left.stat().st_mtime > _LONGEST):
                left.unlink()
