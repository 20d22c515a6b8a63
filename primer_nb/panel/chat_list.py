"""The list of chats beside the transcript, as a widget; what happens when somebody clicks is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.panel.part import Message, Part, module, static

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from primer_nb.tables import Chat


class ChatList(Part):
    """Search, new, open, rename, delete, back up.

    ``listed`` holds the ids of the chats that are shown, in their order.
    """

    _esm = module("backup.js", "chat_list.js")
    _css = static("panel.css", "chat_list.css", "backup.css")
    _section = "chat_list"

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = []

    def show(self, chats: Sequence[Chat], *, current: Chat | None, running: Collection[str], has_more: bool) -> None:
        """Draw the list.

        Parameters
        ----------
        chats : sequence of Chat
            In the order to show.
        current : Chat or None
            The one whose transcript is shown; ``None`` for one that is not stored yet.
        running : collection of str
            Ids of the chats in which a reply is being written.
        has_more : bool
            Whether there are chats that are not listed.
        """
        rows = [
            {
                "id": chat.id,
                "title": chat.title or "",
                "at": chat.updated_at.timestamp() * 1000,
                "running": chat.id in running,
            }
            for chat in chats
        ]
        state = {
            "chats": rows,
            "current": current and current.id,
            "title": (current and current.title) or "",
            "hasMore": has_more,
        }
        self.listed = [chat.id for chat in chats]
        self.send({"type": "chats", "state": state})

    def show_backup(self, state: Message) -> None:
        """Say at the foot of the list how the backup stands.

        Parameters
        ----------
        state : dict
            Whether one is ``possible``; if so, its ``phase``, counts and times.
        """
        self.send({"type": "backup", "state": state})

    def show_unsaved(self, ids: Sequence[str]) -> None:
        """Mark the chats of which the server lacks something, and no other.

        Parameters
        ----------
        ids : sequence of str
            Of those that are listed.
        """
        self.send({"type": "unsaved", "ids": list(ids)})

    def start_over(self) -> None:
        """Empty the search, and give up a title that is being typed."""
        self.send({"type": "reset"})

    def show_failure(self, told: Message) -> None:
        """Say above the list what went wrong.

        Parameters
        ----------
        told : dict
            What to do about it included.
        """
        self.send({"type": "error", "told": told})
