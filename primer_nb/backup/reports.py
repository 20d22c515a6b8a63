"""What a backup has done, to be looked at and counted. What the other operations have done is in `results`."""

from __future__ import annotations

from dataclasses import dataclass

from primer_nb.backup.results import ReportView
from primer_nb.backup.rows import Quarantined


@dataclass(frozen=True, slots=True, repr=False)
class BackupReport(ReportView):
    """What a backup wrote on the server.

    Parameters
    ----------
    chats : int
        Chats that were added or changed there.
    messages, completions, attachments : int
        Rows that were not there.
    details : int
        Settings and tags of chats, and settings of the user, that were added or changed there.
    is_reconciled : bool
        Whether both sides were compared, chat by chat: the first time, and whenever the server is not as this side
        left it.
    quarantined : tuple of Quarantined
        Rows that stay behind, and why; the rest went.
    bytes_sent : int
        Of the rows, as text, before encryption.
    round_trips : int
        Statements waited for, without those of connecting.
    seconds : float
        How long it took.
    """

    chats: int = 0
    messages: int = 0
    completions: int = 0
    attachments: int = 0
    details: int = 0
    is_reconciled: bool = False
    quarantined: tuple[Quarantined, ...] = ()
    bytes_sent: int = 0
    round_trips: int = 0
    seconds: float = 0.0
