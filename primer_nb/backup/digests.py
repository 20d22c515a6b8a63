"""What each chat holds, in a few numbers: computed here and on the server, equal when both hold the same.

Over normalised values: a time with nine digits or none, an identifier in capitals, sum up like their canonical
spelling. Rows that a server would refuse are left out here, since it cannot have them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from primer_nb.backup.digest_contents import contents
from primer_nb.backup.digest_identities import Identities, spellings
from primer_nb.backup.digest_queries import buckets_query, rows_query
from primer_nb.backup.digest_values import IDS, Bucket, Digest
from primer_nb.backup.progress import NoProgress, Progress
from primer_nb.backup.rows import Quarantined
from primer_nb.database.silence import long_work

if TYPE_CHECKING:
    import sqlite3

    from psycopg import Connection


def local_digests(
    connection: sqlite3.Connection,
    user_id: str,
    depth: int = IDS,
    *,
    chats: Collection[str] | None = None,
    refused: list[Quarantined] | None = None,
    progress: Progress | None = None,
) -> dict[str, Digest]:
    """Sum up the chats that a local store has.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store; in a transaction when all must be of one moment.
    user_id : str
        Whose chats.
    depth : int, default 1
        1 identifiers and what the chat itself says, 2 lengths too, 3 contents too.
    chats : collection of str, optional
        Only these, canonical; all by default.
    refused : list of Quarantined, optional
        Rows that no server would take are added here, as far as the depth reads them.
    progress : Progress, optional
        Told of the messages of each chat.

    Returns
    -------
    dict of str to Digest
        By the canonical identifier of the chat.
    """
    found = spellings(connection, user_id, chats=chats)
    refused = [] if refused is None else refused
    if depth > IDS:
        sums = contents(connection, depth, chats=found, refused=refused)
    else:
        sums = Identities(connection, user_id, chats=found, is_all=chats is None).digests(refused=refused)
    told = progress or NoProgress()
    digests = {}
    for chat_id, digest in sums:
        digests[chat_id] = digest
        told.advance(digest.count, digest.lengths)
    return digests


def server_digests(
    pg: Connection[Any],
    user_id: str,
    depth: int = IDS,
    *,
    chats: Collection[str] | None = None,
    buckets: Collection[str] | None = None,
) -> dict[str, Digest]:
    """Sum up the chats that a server has; one statement.

    Parameters
    ----------
    pg : psycopg.Connection
        To the server.
    user_id : str
        Whose chats.
    depth : int, default 1
        As `local_digests`.
    chats : collection of str, optional
        Only these, canonical; all by default.
    buckets : collection of str, optional
        Only those whose identifiers end in these two digits.

    Returns
    -------
    dict of str to Digest
        By the canonical identifier of the chat.
    """
    query = rows_query(depth, some=chats is not None, buckets=buckets is not None)
    parameters = {"user_id": user_id, "chats": list(chats or ()), "buckets": list(buckets or ())}
    with long_work(pg):
        return {chat_id: Digest(*values) for chat_id, *values in pg.execute(query.encode(), parameters)}


def server_buckets(pg: Connection[Any], user_id: str, depth: int = IDS) -> dict[str, Bucket]:
    """Sum up 256 groups of chats that a server has; one statement, 256 short rows.

    Parameters
    ----------
    pg : psycopg.Connection
        To the server.
    user_id : str
        Whose chats.
    depth : int, default 1
        As `local_digests`.

    Returns
    -------
    dict of str to Bucket
        By the last two digits of the chat's identifier. The first two would not do: in a UUID of version 7 they
        are a time, the same for decades.
    """
    with long_work(pg):
        rows = pg.execute(buckets_query(depth).encode(), {"user_id": user_id})
    return {name: Bucket(*values) for name, *values in rows}


def buckets_of(digests: Mapping[str, Digest]) -> dict[str, Bucket]:
    """Sum up digests as `server_buckets` does.

    Parameters
    ----------
    digests : mapping of str to Digest
        By the identifier of the chat.

    Returns
    -------
    dict of str to Bucket
        By the last two digits.
    """
    sums: dict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for chat_id, digest in digests.items():
        chats, messages, content = sums[chat_id[-2:]]
        sums[chat_id[-2:]] = (chats + 1, messages + digest.count, content ^ digest.hash_with(chat_id))
    return {name: Bucket(*values) for name, values in sums.items()}
