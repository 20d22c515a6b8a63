"""What must hold after each operation of the engine of backups, whatever happened before.

The numbers are those of the invariants in the study of backups: 1 capture, 2 acknowledgement after commit, 3 chain,
4 merge, 5 local files are only read, 6 silence proves nothing. The first is held by `Machine.change`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from backup_machine_places import ADA, Clock, Cloud, Machine
from backup_patches import dying
from backup_views import View, canonical, rows_of_file
from crashes import Killed

from primer_nb.backup.bookkeeping import Chain, read_chain, reading, target_of
from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.verify import verify
from primer_nb.errors import ForeignChatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from primer_nb.backup.reports import BackupReport

Entries = list[tuple[int, str, str]]  # of the journal: number, kind, identifier


class Checked:
    """Runs the engine and looks at what it did."""

    def __init__(self, machines: list[Machine], clock: Clock, count: Callable[[str], None]) -> None:
        self._machines = machines
        self._clock = clock
        self._count = count

    def backup(
        self, machine: Machine, cloud: Cloud, *, crash: str | None = None, **options: Any
    ) -> BackupReport | None:
        """Back up, and perhaps die in the middle; return the report of a backup that did not."""
        target = target_of(cloud.store.address, ADA)
        rows, here, pending = rows_of_file(machine.path), machine.view(), machine.pending(target)
        before, report = cloud.view(), None
        try:
            with dying(crash):
                report = backup(machine.store, cloud.server, ADA, **options)
        except Killed:
            self._count("crashes")
            cloud.server.close()
        finally:
            assert rows_of_file(machine.path) == rows, "5: a backup changed the local file"
        self._note("backups", report)
        there, chain = cloud.view(), self._chain(machine, target)
        sendable = here.without(cloud.of_others())
        self._check_kept(before, there)
        self._check_acknowledged(sendable, there, pending, chain)
        is_chained = chain is not None and chain.token in cloud.tokens(chain.device_id)
        if is_chained:
            self._check_chain(sendable, there, machine.pending(target), besides=cloud.forgotten)
        # 6: silence proves nothing
        if report is not None and (is_chained or report.round_trips):
            lost = self._missing(sendable, there, besides=cloud.forgotten)
            assert not lost, "a backup is done and the server lacks messages"
            self._check_rest(sendable, before, there, pending, report, cloud)
            self._check_quarantine(sendable, here, report, others=cloud.of_others())
            self._check_journal(machine.pending(target))
        return report

    def lost_acknowledgement(self, machine: Machine, cloud: Cloud) -> None:
        """Die after the server's commit; the next backup needs no comparison."""
        self.backup(machine, cloud, crash="before the acknowledgement")
        report = self.backup(machine, cloud)
        assert report is not None
        assert not report.is_reconciled, "3: a lost acknowledgement was not absorbed"
        assert report.messages == 0

    def chosen_backup(self, machine: Machine, cloud: Cloud, chat: str) -> None:
        """Back up one chat; the rest stays new."""
        target, key = target_of(cloud.store.address, ADA), canonical(chat)
        rows, here, pending = rows_of_file(machine.path), machine.view(), machine.pending(target)
        before = cloud.view()
        if key in cloud.of_others():
            with pytest.raises(ForeignChatError):
                backup(machine.store, cloud.server, ADA, chats=[chat])
        else:
            self._note("chosen backups", backup(machine.store, cloud.server, ADA, chats=[chat]))
            assert here.said_in(str(key)).items() <= cloud.view().messages.items()
        assert rows_of_file(machine.path) == rows, "5: a backup changed the local file"
        assert machine.pending(target) == pending, "2: one chat acknowledged what is new in others"
        assert cloud.view().without({str(key)}) == before.without({str(key)})

    def pull(self, machine: Machine, cloud: Cloud, **options: Any) -> None:
        """Pull: a union, and nothing on the server changes."""
        everything = cloud.everything()
        rows, here, there, gone = rows_of_file(machine.path), machine.view(), cloud.view(), machine.tombstones()
        report = pull(machine.store, cloud.store.address, ADA, **options)
        self._note("pulls", report)
        assert cloud.everything() == everything
        assert machine.tombstones() == gone, "a deleted chat came back by a pull"
        self._check_merged(rows, here, there.without({str(chat) for chat in gone}), machine)

    def restore(self, machine: Machine, cloud: Cloud) -> None:
        """Restore: into a file without chats all comes back, into any other it is a pull."""
        is_empty = not machine.chats()
        rows, here, there, gone = rows_of_file(machine.path), machine.view(), cloud.view(), machine.tombstones()
        report = restore(machine.store, cloud.store.address, ADA)
        self._note("restores", report)
        assert report.is_new_file == is_empty
        if not is_empty:
            assert machine.tombstones() == gone
            self._check_merged(rows, here, there.without({str(chat) for chat in gone}), machine)
            return
        after = machine.view()
        after.bad.clear()  # orphans, which no chat holds
        assert after == there
        assert machine.tombstones() == gone - there.chats.keys()
        probed = self.backup(machine, cloud, probe=True)
        assert probed is not None
        assert not probed.is_reconciled, "3: a restored file is a new device"
        assert probed.messages == 0, "what came from the server went back"

    def union(self, cloud: Cloud) -> None:
        """Back up both and pull both: both hold all of either, and the newest titles."""
        earlier = [machine.view() for machine in self._machines]
        for machine in self._machines:
            self.backup(machine, cloud, probe=True)
        for machine in self._machines:
            self.pull(machine, cloud)
        views = [machine.view() for machine in self._machines]
        for machine, after in zip(self._machines, views, strict=True):
            # also where a pull brought a good title: its time, which is later, goes with the next backup
            bad = {str(canonical(key)) for view in (after, *earlier) for kind, key in view.bad if kind == "c"}
            spoilt = {canonical(key) for kind, key in after.bad if kind == "m"}  # here, and mended on the other one
            away = {str(chat) for chat in machine.tombstones()} | cloud.forgotten | cloud.of_others() | bad
            for before in [*earlier, cloud.view()]:
                expected = before.without(away)
                wanted = {key: row for key, row in expected.messages.items() if key not in spoilt}
                assert wanted.items() <= after.messages.items(), "the machines do not hold the union"
                for chat in expected.chats:
                    assert after.tags.get(chat) == cloud.view().tags.get(chat), "the tags of two machines differ"
                    titles = [view.chats[chat] for view in (*earlier, cloud.view()) if chat in view.chats]
                    self._check_title(after.chats[chat], titles)
                    assert after.chats[chat] == cloud.view().chats[chat], "the machines do not agree"

    def sole_settings(self, machine: Machine, cloud: Cloud) -> None:
        """See that a machine's settings are the server's: nobody has newer ones."""
        wanted = machine.view().without(cloud.of_others() | cloud.forgotten)
        assert wanted.settings.items() <= cloud.view().settings.items(), "a change of settings lost to an older one"

    def verify(self, machine: Machine, cloud: Cloud) -> None:
        """Verify; another way of comparing finds the same differences."""
        here, there, gone = machine.view(), cloud.view(), machine.tombstones()
        expected = {}
        for chat in here.chats.keys() | there.chats.keys():
            mine, theirs = here.chat(chat), there.chat(chat)
            if mine is None:
                expected[chat] = ("deleted here" if chat in gone else "only there", 0, len(there.said_in(chat)))
            elif mine != theirs:
                state = "different" if theirs else "only here"
                expected[chat] = (state, len(here.said_in(chat)), len(there.said_in(chat)))
        report = verify(machine.store, cloud.store.address, ADA, depth=3)
        self._note("verifications", report)
        found = {row.chat_id: (row.state, row.messages_here, row.messages_there) for row in report.differences}
        assert found == expected
        assert report.is_equal == all(state == "deleted here" for state, *_ in expected.values())

    def _note(self, what: str, report: Any) -> None:
        self._count("steps")
        self._count(what)
        if getattr(report, "is_reconciled", False):
            self._count("reconciles")

    def _chain(self, machine: Machine, target: str) -> Chain | None:
        with reading(machine.store) as connection:
            return read_chain(connection, target)

    def _names(self, entries: Entries) -> set[tuple[str, str | None]]:
        return {(kind, canonical(key)) for _, kind, key in entries}

    def _missing(self, here: View, there: View, *, besides: set[str]) -> set[str | None]:
        return {key for key, row in here.messages.items() if key not in there.messages and row[0] not in besides}

    def _check_kept(self, before: View, after: View) -> None:
        for mine, theirs in ((before.messages, after.messages), (before.completions, after.completions)):
            assert mine.items() <= theirs.items(), "4: a backup changed or removed what the server had"
        assert before.attachments.items() <= after.attachments.items()
        for mine, theirs in ((before.chats, after.chats), (before.settings, after.settings)):
            assert all(theirs[key][-1] >= row[-1] for key, row in mine.items()), "4: an older change won"

    def _check_acknowledged(self, here: View, there: View, pending: Entries, chain: Chain | None) -> None:
        acknowledged = [row for row in pending if chain is not None and row[0] <= chain.acked_seq]
        late = {key for kind, key in self._names(acknowledged) if kind == "m"} & here.messages.keys()
        assert late <= there.messages.keys(), "2: acknowledged before the server had it"

    def _check_chain(self, here: View, there: View, pending: Entries, *, besides: set[str]) -> None:
        left = {key for kind, key in self._names(pending) if kind == "m"}
        lost = self._missing(here, there, besides=besides) - left
        assert not lost, "3: the chain holds and the server lacks what was acknowledged"

    def _check_journal(self, pending: Entries) -> None:
        assert pending == [], "a backup is done and something is still new"

    def _check_rest(
        self, here: View, before: View, there: View, pending: Entries, report: BackupReport, cloud: Cloud
    ) -> None:
        wanted = here.without(cloud.forgotten)
        for mine, theirs in ((wanted.messages, there.messages), (wanted.completions, there.completions)):
            assert mine.items() <= theirs.items()
        assert wanted.attachments.items() <= there.attachments.items()
        for key, row in wanted.settings.items():
            assert there.settings[key][-1] >= row[-1], "4: older settings won"
            assert there.settings[key][-1] > row[-1] or there.settings[key] == row, "4: the newest did not arrive"
        for key, row in wanted.chats.items():
            assert there.chats[key][-1] >= row[-1], "4: the time of a chat went back"
            self._check_title(there.chats[key], [row, *filter(None, [before.chats.get(key)])])
        told = {chat for kind, chat in self._names(pending) if kind == "d"}
        for chat in wanted.chats.keys() if report.is_reconciled else told & wanted.chats.keys():
            assert there.tags.get(str(chat), set()) == newest_tags(here, before, str(chat)), "4: tags were lost"

    def _check_quarantine(self, sendable: View, here: View, report: BackupReport, *, others: set[str]) -> None:
        if report.is_reconciled:
            named = {(row.kind, row.entity_id) for row in report.quarantined}
            assert sendable.bad.keys() <= named, "a row stays behind and is not named"
            foreign = {("c", key) for kind, key in named if kind == "c" and canonical(key) in others}
            if not any(kind == "c" for kind, _ in here.bad):  # what is in such a chat may be named too
                assert named <= here.bad.keys() | foreign, "a good row stays behind"

    def _check_merged(self, rows: dict[str, Any], here: View, there: View, machine: Machine) -> None:
        after, now = machine.view(), rows_of_file(machine.path)
        for table in ("messages", "completions", "message_attachments"):
            assert set(rows[table]) <= set(now[table]), "a pull changed or removed what was here"
        assert {row[:2] for row in rows["chats"]} <= {row[:2] for row in now["chats"]}
        names = {canonical(key) for (key,) in machine.ask("SELECT CAST(id AS TEXT) FROM messages")}
        assert there.messages.keys() <= names, "a pull is done and something is not here"
        # of a chat whose title no server takes, and to which a pull may bring a good one, the view before has nothing
        unreadable = {canonical(str(key)) for kind, key in here.bad if kind == "c"}
        for chat in (there.chats.keys() & after.chats.keys()) - unreadable:
            assert after.tags.get(chat, set()) == newest_tags(here, there, chat), "4: tags were lost"
        for key in (there.settings.keys() & after.settings.keys()) - unreadable:
            rows_of_key = [side.settings[key] for side in (here, there) if key in side.settings]
            assert after.settings[key] == max(rows_of_key, key=lambda row: row[-1]), "4: the newest did not win"
        for key in there.chats.keys() & after.chats.keys():
            rows_of_key = [side.chats[key] for side in (here, there) if key in side.chats]
            time, newest = after.chats[key][-1], max(row[-1] for row in rows_of_key)
            assert time == newest or (key in unreadable and time > newest), "4: the time of a chat went back"
            self._check_title(after.chats[key], rows_of_key)

    def _check_title(self, after: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> None:
        newest = max(self._clock.renamed.get(row[0], "") for row in rows)
        assert self._clock.renamed.get(after[0], "") == newest, "4: the newest title did not win"


def newest_tags(here: View, there: View, chat: str) -> set[str]:
    """Say which tags a chat has when what was put on or taken off last on either side is so; there, when in doubt."""
    tags = set()
    for tag in here.tags.get(chat, set()) | there.tags.get(chat, set()):
        mine, theirs = here.changes.get((chat, f"tag:{tag}")), there.changes.get((chat, f"tag:{tag}"))
        is_ours = theirs is None or (mine is not None and mine > theirs)
        if tag in (here if is_ours else there).tags.get(chat, set()):
            tags.add(tag)
    return tags
