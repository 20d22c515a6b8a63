"""The tree of a chat: which of its messages make up the conversation that is shown and sent.

Retry and edit add siblings; nothing is ever changed. A message with a completion row says itself what it follows
(``parent_id``, nothing for the first of a chat); one without simply follows the message before it, which is all
that Primer's and Quillium's messages know. The active branch is the path from the newest message up to a first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from primer_nb.database.repositories.messages import StoredMessage


def active_branch(newest_first: Iterable[StoredMessage]) -> Iterator[StoredMessage]:
    """Walk the active branch from its end.

    Parameters
    ----------
    newest_first : iterable of StoredMessage
        The messages of one chat in descending order; read only as far as is asked for.

    Yields
    ------
    StoredMessage
        The messages of the branch, the newest first.
    """
    wanted: str | None = None
    for message in newest_first:
        if wanted is not None and message.id != wanted:
            continue
        yield message
        if not message.has_completion:
            wanted = None
        elif message.parent_id is None:
            return
        else:
            wanted = message.parent_id
