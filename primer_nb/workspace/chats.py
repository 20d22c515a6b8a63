"""The collection of a user's chats."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING

from primer_nb import limits
from primer_nb.errors import ChatNotFoundError
from primer_nb.use_cases import chats as use_cases
from primer_nb.workspace.chat import ChatHandle

if TYPE_CHECKING:
    from primer_nb.session import Session


class Chats:
    """The user's chats, the last changed first.

    Parameters
    ----------
    session : Session
        The store, the user, the providers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line; counting would touch the database."""
        return f"<chats of {self._session.user.email}>"

    def create(self, title: str | None = None, *, model: str | None = None) -> ChatHandle:
        """Make an empty chat.

        Parameters
        ----------
        title : str, optional
            At most 255 characters; without one the first message gives it.
        model : str, optional
            The model that answers in it unless a message asks for another.

        Returns
        -------
        ChatHandle
            The chat, stored.

        Raises
        ------
        InvalidInputError
            If the title or the model cannot be stored.
        """
        return ChatHandle(self._session, use_cases.create_chat(self._session, title, model=model))

    def list(self) -> builtins.list[ChatHandle]:
        """Read all chats.

        Returns
        -------
        list of ChatHandle
            The last changed first.
        """
        return [ChatHandle(self._session, chat) for chat in use_cases.list_chats(self._session)]

    def get(self, chat_id: str) -> ChatHandle:
        """Find a chat by its id.

        Parameters
        ----------
        chat_id : str
            As in the column ``chat_id`` of ``ws.history.messages()``.

        Returns
        -------
        ChatHandle
            The chat.

        Raises
        ------
        ChatNotFoundError
            If there is no such chat, or it is another user's.
        """
        return ChatHandle(self._session, use_cases.get_chat(self._session, chat_id))

    def rename(self, chat: ChatHandle | str, title: str) -> ChatHandle:
        """Give a chat another title.

        Parameters
        ----------
        chat : ChatHandle or str
            The chat or its id.
        title : str
            At most 255 characters.

        Returns
        -------
        ChatHandle
            The chat as it is now.

        Raises
        ------
        InvalidInputError
            If the title cannot be stored.
        ChatNotFoundError
            If there is no such chat, or it is another user's.
        """
        return ChatHandle(self._session, use_cases.rename_chat(self._session, _id(chat), title=title))

    def delete(self, chat: ChatHandle | str) -> None:
        """Delete a chat with all its messages.

        Parameters
        ----------
        chat : ChatHandle or str
            The chat or its id.

        Raises
        ------
        ChatNotFoundError
            If there is no such chat, or it is another user's.
        """
        use_cases.delete_chat(self._session, _id(chat))

    def search(self, text: str) -> builtins.list[ChatHandle]:
        """Find the chats whose title or messages hold a text.

        Parameters
        ----------
        text : str
            Any part, in any case.

        Returns
        -------
        list of ChatHandle
            The last changed first.
        """
        limits.check_text(text, name="text to search for", longest=limits.CONTENT)
        return [ChatHandle(self._session, chat) for chat in use_cases.list_chats(self._session, matching=text)]

    def __getitem__(self, title: str) -> ChatHandle:
        """Find the chat of a title, the last changed one of several, or of an id."""
        found = use_cases.chats_titled(self._session, title)
        if found:
            return ChatHandle(self._session, found[0])
        try:
            return self.get(title)
        except ChatNotFoundError:
            raise ChatNotFoundError(f"no chat is called {title!r}; ws.chats.list() shows yours") from None

    def __iter__(self) -> Iterator[ChatHandle]:
        """Iterate over all chats, the last changed first."""
        return iter(self.list())

    def __len__(self) -> int:
        """Count the chats."""
        return use_cases.count_chats(self._session)

    def _ipython_key_completions_(self) -> builtins.list[str]:
        return [chat.title for chat in use_cases.list_chats(self._session, limit=200) if chat.title]


def _id(chat: ChatHandle | str) -> str:
    return chat.id if isinstance(chat, ChatHandle) else chat
