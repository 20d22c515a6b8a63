"""The part of the workspace that is about backups on a server, and the way back.

The engine (psycopg) is imported by each method, so that ``connect()`` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from primer_nb.workspace.chat import ChatHandle
from primer_nb.workspace.progress_bar import progress_bar

if TYPE_CHECKING:
    from primer_nb.backup.reports import BackupReport
    from primer_nb.backup.results import DrillReport, ForgetReport, PullReport, RestoreReport, VerifyReport
    from primer_nb.session import Session

    Chosen = ChatHandle | str


class BackupMethods:
    """What a workspace can do about backups.

    They need an account on a PostgreSQL server, and a local store in an SQLite file. Ctrl-C (or the stop button) ends
    a long one between two batches; what was committed stays.
    """

    _session: Session

    def backup(self, chat: Chosen | Iterable[Chosen] | None = None, *, probe: bool = False) -> BackupReport:
        """Send what the server does not have yet: one round trip for a new message, none when nothing is new.

        Parameters
        ----------
        chat : ChatHandle, str, or several of them, optional
            Which chats to send whole; everything new by default.
        probe : bool, default False
            Whether to ask the server also when nothing is new here: it may have lost what it had.

        Returns
        -------
        BackupReport
            Counts, bytes, seconds, and the rows that a server cannot take, each with its reason.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to send to.
        ChatNotFoundError, ForeignChatError
            If there is no such chat, or it is another user's.
        BackupInProgressError
            If another kernel is backing up the same file.
        StoreUnavailableError
            If the server cannot be reached; everything committed stays, and nothing here is changed.
        """
        from primer_nb.use_cases.backups import back_up

        with progress_bar("Backup") as bar:
            return back_up(self._session, chats=_ids(chat), probe=probe, progress=bar)

    def pull(self) -> PullReport:
        """Fetch what your other machines have sent.

        Returns
        -------
        PullReport
            What came. Nothing here is overwritten or deleted, but for the title and the model of a chat that is newer
            there; a chat that was deleted here stays away.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to ask.
        StoreUnavailableError
            If the server cannot be reached; everything committed stays.
        """
        from primer_nb.use_cases.backups import pull

        with progress_bar("Pull", unit="messages") as bar:
            return pull(self._session, progress=bar)

    def restore(self, chat: Chosen | None = None) -> RestoreReport:
        """Bring chats back from the server, into an empty store or beside what is here.

        Parameters
        ----------
        chat : ChatHandle or str, optional
            One chat by its id, also one that was deleted here; all but deleted ones by default.

        Returns
        -------
        RestoreReport
            What came.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to ask.
        ChatNotFoundError
            If the server has no such chat, or it is another user's.
        StoreUnavailableError, StoreFullError
            If the server cannot be reached, or the disk has no room. The store is as it was before; where chats are
            merged into it, since it has some or is open elsewhere, what came until then stays.
        """
        from primer_nb.use_cases.backups import restore

        with progress_bar("Restore", unit="messages") as bar:
            return restore(self._session, chat=None if chat is None else _id(chat), progress=bar)

    def verify(self, *, depth: int = 1) -> VerifyReport:
        """Compare what is here with what the server has.

        Parameters
        ----------
        depth : int, default 1
            1 compares ids, 2 lengths too, 3 every character.

        Returns
        -------
        VerifyReport
            True when both are alike; ``.to_frame()`` has the chats that differ.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to ask, or no such depth.
        StoreUnavailableError
            If the server cannot be reached.
        """
        from primer_nb.use_cases.backups import verify

        with progress_bar("Verify") as bar:
            return verify(self._session, depth=depth, progress=bar)

    def backup_drill(self) -> DrillReport:
        """Restore into a temporary file, compare every character with what is here, and delete the file.

        Returns
        -------
        DrillReport
            True when a restore would bring everything back.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to ask.
        StoreUnavailableError, StoreFullError
            If the server cannot be reached, or the disk has no room.
        """
        from primer_nb.use_cases.backups import drill

        with progress_bar("Drill") as bar:
            return drill(self._session, progress=bar)

    def forget(self, chat: Chosen) -> ForgetReport:
        """Delete one chat from the backup. If it is still here it stays, and is sent again when it goes on.

        Parameters
        ----------
        chat : ChatHandle or str
            Which one, by its id.

        Returns
        -------
        ForgetReport
            What was deleted on the server.

        Raises
        ------
        NotSignedInError, InvalidInputError
            If there is no account or no server to ask.
        ChatNotFoundError
            If the server has no such chat, or it is another user's.
        StoreUnavailableError
            If the server cannot be reached.
        """
        from primer_nb.use_cases.backups import forget

        return forget(self._session, _id(chat))


def _ids(chosen: Chosen | Iterable[Chosen] | None) -> list[str] | None:
    if chosen is None:
        return None
    return [_id(chosen)] if isinstance(chosen, ChatHandle | str) else [_id(chat) for chat in chosen]


def _id(chat: Chosen) -> str:
    return chat.id if isinstance(chat, ChatHandle) else chat
