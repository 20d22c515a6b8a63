"""What a handle of a chat tells without touching the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from primer_nb.tables import Chat


class ChatFacts:
    """A chat as it was last read.

    Parameters
    ----------
    chat : Chat
        The row.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def __repr__(self) -> str:
        """Return one line, without touching the store."""
        return f"<chat {self.title or 'without a title'!r} {self._chat.updated_at:%Y-%m-%d %H:%M}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether this is the same chat."""
        return self.id == other.id if isinstance(other, ChatFacts) else NotImplemented

    def __hash__(self) -> int:
        """Hash the id."""
        return hash(self.id)

    @property
    def id(self) -> str:
        """Its identifier, as in the column ``chat_id`` of the history."""
        return self._chat.id

    @property
    def title(self) -> str | None:
        """Its title; the first message gives one to a chat that has none."""
        return self._chat.title

    @property
    def model(self) -> str | None:
        """The model that answers unless a message asks for another."""
        return self._chat.model

    @property
    def created_at(self) -> datetime:
        """When it was made: aware, UTC."""
        return self._chat.created_at

    @property
    def updated_at(self) -> datetime:
        """When it last changed: aware, UTC."""
        return self._chat.updated_at
