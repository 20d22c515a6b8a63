"""Every operation between a machine and its backup, each from a state in which it has something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_devices import Scene
from delay_proxy import wait_until

from primer_nb.backup.drill import drill
from primer_nb.backup.forget import forget
from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.run import backup
from primer_nb.backup.server import connect_server
from primer_nb.backup.verify import verify
from primer_nb.database.addresses import parse_address

if TYPE_CHECKING:
    from typing import Any

    from backup_devices import Device
    from delay_proxy import DelayProxy

    from primer_nb.backup.server import Server
    from primer_nb.database.addresses import Address

OPERATIONS = ("first_backup", "push", "backup_of_a_chat", "pull", "restore", "merge", "verify", "drill", "forget")


def greeting_of(proxy: DelayProxy) -> int:
    """Count the bytes that come down until the server has let somebody in; the proxy counts from zero then."""
    proxy.reset()
    connect_server(parse_address(proxy.url)).close()
    wait_until(lambda: proxy.is_idle)  # its good-bye counts too
    size = proxy.counts.bytes_down
    proxy.reset()
    return size


class Life:
    """A laptop with chats that are backed up, and other machines of the same account."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.laptop = scene.device("laptop")
        self.chats = [self.laptop.say(f"one {name}", "two", title=name)[0] for name in ("Birds", "Bats", "Bees")]
        self.laptop.backup()
        self._machines = 0

    def run(self, operation: str, server: Address | Server) -> Any:
        """Prepare an operation, run it, return its report."""
        return getattr(self, f"_{operation}")(server)

    def is_whole(self) -> bool:
        """Tell whether the backup holds what the laptop holds, down to the last character, after one more backup."""
        self.laptop.backup()
        return bool(self.laptop.verify(depth=3))

    def another(self) -> Device:
        """Open a machine that has nothing yet."""
        self._machines += 1
        return self.scene.device(f"machine {self._machines}")

    def _first_backup(self, server: Address | Server) -> Any:
        self.scene.execute("TRUNCATE chats, user_settings, primer_sync_device CASCADE")
        self.laptop.execute("DELETE FROM primer_backup_state")
        return backup(self.laptop.store, server, self.laptop.user.id)

    def _push(self, server: Address | Server) -> Any:
        self.laptop.say("three")
        return backup(self.laptop.store, server, self.laptop.user.id)

    def _backup_of_a_chat(self, server: Address | Server) -> Any:
        chat, _ = self.laptop.say("four")
        return backup(self.laptop.store, server, self.laptop.user.id, chats=[chat.id])

    def _pull(self, server: Address | Server) -> Any:
        machine = self.another()
        return pull(machine.store, server, machine.user.id)

    def _restore(self, server: Address | Server) -> Any:
        machine = self.another()
        return restore(machine.store, server, machine.user.id)

    def _merge(self, server: Address | Server) -> Any:
        machine = self.another()
        machine.say("here before")
        return restore(machine.store, server, machine.user.id)

    def _verify(self, server: Address | Server) -> Any:
        return verify(self.laptop.store, server, self.laptop.user.id, depth=2)

    def _drill(self, server: Address | Server) -> Any:
        return drill(self.laptop.store, server, self.laptop.user.id)

    def _forget(self, server: Address | Server) -> Any:
        chat, _ = self.laptop.say("five", "six")
        self.laptop.backup()
        self.laptop.execute("DELETE FROM chats WHERE id = ?", chat.id)
        return forget(self.laptop.store, server, self.laptop.user.id, chat.id)
