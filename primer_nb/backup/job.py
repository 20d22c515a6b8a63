"""One backup while it runs: on whose behalf, where to, and what it has done so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from primer_nb.backup.ahead import Ahead
from primer_nb.backup.bookkeeping import target_of
from primer_nb.backup.bulk import send_all_but_bad
from primer_nb.backup.columns import (
    ATTACHMENTS,
    CHAT_SETTINGS,
    CHAT_TAGS,
    CHATS,
    COMPLETIONS,
    MESSAGES,
    USER_SETTINGS,
    Table,
)
from primer_nb.backup.copying_in import copied
from primer_nb.backup.gathering import gather
from primer_nb.backup.loads import Load
from primer_nb.backup.opening import greet
from primer_nb.backup.progress import Progress
from primer_nb.backup.push import FOREIGN
from primer_nb.backup.reports import BackupReport
from primer_nb.backup.rows import Quarantined
from primer_nb.backup.server import Server
from primer_nb.database import Store

_FEW_CHATS = 10_000  # in all; counting them anew takes a few milliseconds

_OTHERS = b"SELECT id::text FROM chats WHERE id = ANY(%(chats)s::uuid[]) AND user_id <> %(user)s::uuid"


@dataclass(slots=True)
class Job:
    """A backup that runs.

    Parameters
    ----------
    store : Store
        An SQLite file.
    server : Server
        Where it goes.
    user_id : str
        Whose.
    progress : Progress
        Told after each commit of the server.
    """

    store: Store
    server: Server
    user_id: str
    progress: Progress
    counts: dict[str, int] = field(init=False, default_factory=dict)
    refused: dict[tuple[str, str | bytes], Quarantined] = field(init=False, default_factory=dict)
    away: set[tuple[str, str]] = field(init=False, default_factory=set)
    resent: set[str] = field(init=False, default_factory=set)
    is_reconciled: bool = field(init=False, default=False)
    is_known: bool = field(init=False, default=False)  # the server said that it has what is not in the journal
    is_unmeasured: bool = field(init=False, default=False)
    bytes_sent: int = field(init=False, default=0)
    round_trips: int = field(init=False, default=0)
    started: float = field(init=False, default_factory=time.monotonic)

    @property
    def target(self) -> str:
        """What the local store calls this server and user."""
        return target_of(self.server.address, self.user_id)

    def hello(self) -> None:
        """Ask the server whether it is ours and knows the user; one round trip.

        Raises
        ------
        StoreNewerError, MigrationError
            If its tables are of another release.
        BackupError
            If it does not have the account.
        """
        self.round_trips += 1
        self.is_unmeasured = greet(self.server.connection(), self.server.address, self.user_id) < _FEW_CHATS

    def others_among(self, chats: Iterable[str]) -> set[str]:
        """Ask the server which chats belong to another user there; one round trip, none for no chats.

        Parameters
        ----------
        chats : iterable of str
            Canonical identifiers.

        Returns
        -------
        set of str
            Those of others.
        """
        asked = list(chats)
        if not asked:
            return set()
        self.round_trips += 1
        rows = self.server.connection().execute(_OTHERS, {"chats": asked, "user": self.user_id})
        return {chat for (chat,) in rows}

    def keep_away(self, raw_chats: Mapping[str, str]) -> None:
        """Let chats of other users stay behind, in this run.

        Parameters
        ----------
        raw_chats : mapping of str to str
            What the store calls them, by canonical identifier.
        """
        self.away |= {("c", key) for key in raw_chats}
        self.refuse(Quarantined("c", raw, FOREIGN) for raw in raw_chats.values())

    def refuse(self, rows: Iterable[Quarantined]) -> None:
        """Note rows that stay behind, each once.

        Parameters
        ----------
        rows : iterable of Quarantined
            The rows.
        """
        self.refused |= {(row.kind, row.entity_id): row for row in rows}

    def send_chats(self, raw_chats: Iterable[str], *, are_new: bool = False, are_counted: bool = False) -> None:
        """Send whole chats; what the server has of them is left as it is.

        Parameters
        ----------
        raw_chats : iterable of str
            As the store calls them.
        are_new : bool, default False
            Whether the server has none of them; it may be wrong, then it takes longer.
        are_counted : bool, default False
            Whether their rows are among those that the progress was begun with.
        """
        counted: set[str | None] | None = set() if are_counted else None
        refused: list[Quarantined] = []
        loads = gather(self.store, self.user_id, list(raw_chats), refused=refused)
        try:
            with Ahead(copied(load) for load in loads) as ahead:
                for load in ahead:
                    self.send(load, counted=counted, are_new=are_new, meanwhile=ahead.read)
        finally:
            self.refuse(refused)

    def send(
        self,
        load: Load,
        *,
        counted: set[str | None] | None = None,
        are_new: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> bool:
        """Send rows, all but those that the server does not take.

        Parameters
        ----------
        load : Load
            The rows.
        counted : set of str, optional
            Chats that the progress was told of, as a long one comes with each of its loads; those of this load are
            added. By default it is told of no row.
        are_new : bool, default False
            As `send_chats`.
        meanwhile : callable, optional
            Called, if at all, while the server writes.

        Returns
        -------
        bool
            Whether it took all.
        """
        bad: list[Quarantined] = []
        kept = load.without(self.away)
        counts, rows, trips = send_all_but_bad(
            self.server.connection(),
            kept,
            user_id=self.user_id,
            refused=bad,
            measure=self.is_unmeasured,
            are_new=are_new,
            meanwhile=meanwhile,
        )
        self.is_unmeasured = False
        self.round_trips += trips
        self.away |= {(row.kind, str(row.entity_id)) for row in bad}
        self.refuse(bad)
        if counted is None:
            rows = 0
        else:
            chats = {row[0] for row in kept.of(CHATS)}
            rows -= len(chats & counted)
            counted |= chats
        self.note(counts, rows=rows, size=load.size)
        return not bad

    def note(self, counts: Mapping[str, int], *, rows: int, size: int) -> None:
        """Count what the server has committed.

        Parameters
        ----------
        counts : mapping of str to int
            Rows written, by table.
        rows : int
            How many of those that the progress was begun with are done by it.
        size : int
            Bytes that were sent for it.
        """
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.bytes_sent += size
        self.progress.advance(rows, size)

    def report(self) -> BackupReport:
        """Sum up.

        Returns
        -------
        BackupReport
            What was done.
        """

        def written(*tables: Table) -> int:
            return sum(self.counts.get(table.name, 0) for table in tables)

        return BackupReport(
            chats=written(CHATS),
            messages=written(MESSAGES),
            completions=written(COMPLETIONS),
            attachments=written(ATTACHMENTS),
            details=written(CHAT_SETTINGS, CHAT_TAGS, USER_SETTINGS),
            is_reconciled=self.is_reconciled,
            quarantined=tuple(self.refused.values()),
            bytes_sent=self.bytes_sent,
            round_trips=self.round_trips,
            seconds=time.monotonic() - self.started,
        )
