"""The state machine of backups: two machines of one account, two servers, and everything that may happen to them.

What must hold after each operation is in `backup_machine_checks`; this module only says what can be done, and
`backup_machine_writing` what can be written.
"""

from __future__ import annotations

from contextlib import suppress

from backup_machine_places import ADA, EVE
from backup_machine_writing import WritingMachine, clouds, machines, places, skews
from backup_patches import CRASHES
from backup_views import canonical
from hypothesis import strategies as st
from hypothesis.stateful import rule

from primer_nb.backup.forget import forget
from primer_nb.errors import BackupError


class BackupMachine(WritingMachine):
    """What the engine may be asked to do, and what may happen to servers and files."""

    # what the engine does

    @rule(d=machines, s=clouds, is_probed=st.booleans())
    def back_up(self, d: int, s: int, is_probed: bool) -> None:
        self.checked.backup(self.machines[d], self.clouds[s], probe=is_probed)

    @rule(d=machines, s=clouds, place=places, crash=st.sampled_from(CRASHES))
    def say_and_die(self, d: int, s: int, place: int, crash: str) -> None:
        self.say(d, place, 0, "")
        self.checked.backup(self.machines[d], self.clouds[s], crash=crash)

    @rule(d=machines, place=places, skew=skews)
    def say_and_back_up(self, d: int, place: int, skew: int) -> None:
        self.say(d, place, skew, "")
        self.checked.backup(self.machines[d], self.clouds[0])

    @rule(d=machines, s=clouds)
    def lose_an_acknowledgement(self, d: int, s: int) -> None:
        chat = self._add_chat(d)
        self.checked.backup(self.machines[d], self.clouds[s], probe=True)
        self.machines[d].add_message(chat, "again", self.clock.tick())
        self.checked.lost_acknowledgement(self.machines[d], self.clouds[s])

    @rule(d=machines, s=clouds, place=places)
    def back_up_one_chat(self, d: int, s: int, place: int) -> None:
        if chat := self.chosen(d, place):
            self.checked.chosen_backup(self.machines[d], self.clouds[s], chat)

    @rule(d=machines, s=clouds)
    def pull(self, d: int, s: int) -> None:
        self.checked.pull(self.machines[d], self.clouds[s])

    @rule(d=machines, s=clouds, place=places, skew=skews)
    def see_and_change_settings(self, d: int, s: int, place: int, skew: int) -> None:
        """What is set with all others' settings in sight is the newest, however slow the clock."""
        self.checked.pull(self.machines[d], self.clouds[s])
        self.change_settings(d, place, skew)
        self.checked.backup(self.machines[d], self.clouds[s], probe=True)
        self.checked.sole_settings(self.machines[d], self.clouds[s])

    @rule(s=clouds)
    def bring_both_together(self, s: int) -> None:
        self.checked.union(self.clouds[s])

    @rule(d=machines, s=clouds, place=places, skew=skews)
    def rename_while_the_other_one_talks(self, d: int, s: int, place: int, skew: int) -> None:
        self.checked.union(self.clouds[s])
        if chat := self.chosen(d, place):
            self.rename(d, place, skew, "new")
            others = [raw for raw in self.machines[1 - d].chats() if canonical(raw) == canonical(chat)]
            for raw in others:
                self.machines[1 - d].add_message(raw, "meanwhile", self.clock.tick())
                self.machines[1 - d].touch(raw, 0)
            self.checked.backup(self.machines[d], self.clouds[s])
            self.checked.union(self.clouds[s])

    @rule(d=machines, s=clouds, how=st.sampled_from(["as it is", "emptied", "a new file"]))
    def restore(self, d: int, s: int, how: str) -> None:
        if how == "a new file":
            self.machines[d].replace_by(self.ground.blank)
        elif how == "emptied":
            self.machines[d].change("DELETE FROM chats WHERE user_id = ?", ADA, journalled=[])
        self.checked.restore(self.machines[d], self.clouds[s])

    @rule(d=machines, s=clouds)
    def verify(self, d: int, s: int) -> None:
        self.checked.verify(self.machines[d], self.clouds[s])

    @rule(d=machines, s=clouds, place=places)
    def forget(self, d: int, s: int, place: int) -> None:
        self.count("steps")
        cloud, machine = self.clouds[s], self.machines[d]
        if chats := sorted(cloud.view().chats):
            chat = chats[place % len(chats)]
            before = cloud.view()
            cloud.forgotten.add(chat)
            forget(machine.store, cloud.store.address, ADA, chat)
            assert cloud.view() == before.without({chat})
            assert (chat,) in machine.ask("SELECT chat_id FROM primer_tombstones")

    # what happens to servers and files

    @rule(s=clouds)
    def wipe_the_server(self, s: int) -> None:
        self.count("steps")
        self.clouds[s].wipe()

    @rule(s=clouds, d=machines)
    def replace_the_server(self, s: int, d: int) -> None:
        self.clouds[s].empty()
        with suppress(BackupError):
            self.checked.backup(self.machines[d], self.clouds[s], probe=True)
            raise AssertionError("a backup without an account said it is done")
        self.clouds[s].sign_up()

    @rule(s=clouds)
    def keep_a_copy_of_the_server(self, s: int) -> None:
        self.count("steps")
        self.clouds[s].keep()

    @rule(s=clouds)
    def rewind_the_server(self, s: int) -> None:
        self.count("steps")
        if self.clouds[s].rewind():
            self.count("rewound")

    @rule(d=machines)
    def keep_a_copy_of_the_file(self, d: int) -> None:
        self.count("steps")
        self.copies.append(self.folder / f"copy{len(self.copies)}.db")
        self.machines[d].copy_to(self.copies[-1])

    @rule(d=machines, place=places)
    def put_a_copy_in_place(self, d: int, place: int) -> None:
        """An old copy of the file comes back, or a clone of the other machine's."""
        self.count("steps")
        if self.copies:
            self.count("copies")
            self.machines[d].replace_by(self.copies[-1 - place % len(self.copies)])

    @rule(d=machines, s=clouds)
    def clone_the_file(self, d: int, s: int) -> None:
        self.keep_a_copy_of_the_file(d)
        self.machines[1 - d].replace_by(self.copies[-1])
        for machine in self.machines:
            if chat := self.chosen(d, 0):
                machine.add_message(chat, "of a clone", self.clock.tick())
            self.checked.backup(machine, self.clouds[s])

    @rule(d=machines, s=clouds)
    def let_somebody_take_an_identifier(self, d: int, s: int) -> None:
        chat = self._add_chat(d)
        self.clouds[s].pg.execute(
            "INSERT INTO chats (id, user_id, title, created_at, updated_at) VALUES (%s, %s, 'Eve''s', now(), now())",
            (chat, EVE),
        )
