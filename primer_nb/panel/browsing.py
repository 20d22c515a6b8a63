"""What happens in the list of chats: search, open, rename, delete. Runs in the panel's worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.errors import ChatNotFoundError
from primer_nb.panel.failures import explain
from primer_nb.replies import running_reply
from primer_nb.use_cases.chats import delete_chat, get_chat, list_chats, rename_chat

if TYPE_CHECKING:
    from primer_nb.panel.chat_list import ChatList
    from primer_nb.panel.conversation import Conversation
    from primer_nb.session import Session
    from primer_nb.tables import Chat

LISTED = 100


class Browsing:
    """The user's chats, with the one that the conversation shows.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_list : ChatList
        Where they are shown.
    """

    def __init__(self, session: Session, chat_list: ChatList) -> None:
        self._session = session
        self._chat_list = chat_list
        self._matching: str | None = None

    def show(self, current: str | None) -> None:
        """Draw the list.

        Parameters
        ----------
        current : str or None
            The chat whose transcript is shown.
        """
        chats = list_chats(self._session, matching=self._matching, limit=LISTED + 1)
        shown = chats[:LISTED]
        running = {chat.id for chat in shown if running_reply(self._session, chat.id)}
        self._chat_list.show(shown, current=self._find(current, shown), running=running, has_more=len(chats) > LISTED)

    def search(self, text: str) -> None:
        """Restrict the list.

        Parameters
        ----------
        text : str
            What the title or a message must hold; empty for all chats.
        """
        self._matching = text.strip() or None

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat another title.

        Parameters
        ----------
        chat_id : str
            Which chat.
        title : str
            The new title.
        """
        rename_chat(self._session, chat_id, title=title)

    def delete(self, conversation: Conversation, chat_id: str) -> None:
        """Delete a chat and all it holds.

        Parameters
        ----------
        conversation : Conversation
            Stops following the chat, and shows an empty one in its place.
        chat_id : str
            Which chat.
        """
        conversation.forget(chat_id)
        delete_chat(self._session, chat_id)

    def start_over(self) -> None:
        """Search for nothing, since somebody else works now."""
        self._matching = None
        self._chat_list.start_over()

    def fail(self, error: Exception) -> None:
        """Show an exception above the list.

        Parameters
        ----------
        error : Exception
            What went wrong.
        """
        self._chat_list.show_failure(explain(error))

    def _find(self, chat_id: str | None, shown: list[Chat]) -> Chat | None:
        if chat_id is None:
            return None
        listed = next((chat for chat in shown if chat.id == chat_id), None)
        try:
            return listed or get_chat(self._session, chat_id)
        except ChatNotFoundError:  # deleted by another program
            return None
