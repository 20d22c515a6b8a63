"""One chat in the user's hand: send, stream, retry, edit, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.replies import edit_and_reply, retry_reply, running_reply, start_reply
from primer_nb.use_cases import chats as use_cases
from primer_nb.use_cases.messages import whole_branch
from primer_nb.use_cases.options import SendOptions
from primer_nb.workspace.chat_facts import ChatFacts
from primer_nb.workspace.progress_bar import progress_bar
from primer_nb.workspace.stream import Stream

if TYPE_CHECKING:
    from primer_nb.backup.reports import BackupReport
    from primer_nb.replies import Reply, RunningReply
    from primer_nb.session import Session
    from primer_nb.tables import Chat
    from primer_nb.use_cases.messages import BranchMessage


class ChatHandle(ChatFacts):
    """A stored chat.

    Every message is stored before a provider is called, and every reply when it ends, however it ends.

    Parameters
    ----------
    session : Session
        The store, the user, the providers.
    chat : Chat
        The row as it was read.
    """

    def __init__(self, session: Session, chat: Chat) -> None:
        super().__init__(chat)
        self._session = session

    def send(
        self,
        text: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        system: str | None = None,
    ) -> Reply:
        """Send a message and wait for the reply.

        Interrupting the cell stops the reply and keeps what has arrived.

        Parameters
        ----------
        text : str
            The message, Markdown as a rule.
        provider : str, optional
            Who is asked; default the chat's, else ``$PRIMER_PROVIDER``, else the local model.
        model : str, optional
            The provider's name of a model; default the chat's, else the provider's own choice.
        temperature : float, optional
            From 0 to 2; default the chat's, else the provider's.
        max_tokens : int, optional
            The longest reply, in tokens; default the chat's, else the provider's.
        system : str, optional
            A system prompt; it stays with the conversation until another one comes.

        Returns
        -------
        Reply
            The stored reply.

        Raises
        ------
        InvalidInputError
            If the text or an option cannot be sent; nothing is stored.
        ProviderError
            If the provider failed; the message is stored, so is what had arrived, and `retry` needs no retyping.
        ReplyInProgressError
            If the chat is being answered already.
        StoreError
            If the store cannot be written.
        """
        options = SendOptions(
            provider=provider, model=model, temperature=temperature, max_tokens=max_tokens, system=system
        )
        return self._finish(start_reply(self._session, self.id, text, options=options))

    def stream(
        self,
        text: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        system: str | None = None,
    ) -> Stream:
        """Send a message and read the reply piece by piece.

        Parameters
        ----------
        text : str
            The message.
        provider, model, temperature, max_tokens, system : optional
            As for `send`.

        Returns
        -------
        Stream
            Iterates over pieces of text; has ``stop()`` and ``reply``. The reply goes on and is stored even when
            nobody reads it to the end.

        Raises
        ------
        InvalidInputError, ReplyInProgressError, StoreError
            As `send`, before anything is streamed. A `ProviderError` comes out of the iteration.
        """
        options = SendOptions(
            provider=provider, model=model, temperature=temperature, max_tokens=max_tokens, system=system
        )
        pieces = Stream()
        running = start_reply(self._session, self.id, text, options=options, on_event=pieces.take)
        return pieces.attach(running, on_end=self._refresh)

    def retry(
        self,
        *,
        provider: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Reply:
        """Answer the last message again; an answer that exists stays stored beside the new one.

        Parameters
        ----------
        provider, model, temperature, max_tokens : optional
            As for `send`, this time.

        Returns
        -------
        Reply
            The new reply, stored.

        Raises
        ------
        InvalidInputError
            If nothing was said in this chat yet.
        ProviderError, ReplyInProgressError, StoreError
            As `send`.
        """
        options = SendOptions(provider=provider, model=model, temperature=temperature, max_tokens=max_tokens)
        return self._finish(retry_reply(self._session, self.id, options=options))

    def edit(
        self,
        message_id: str,
        text: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Reply:
        """Say one of your messages differently and have it answered.

        Messages never change: the edited one is a new one beside the original, which stays in the history.

        Parameters
        ----------
        message_id : str
            The message to say differently, from `messages`.
        text : str
            What is said now.
        provider, model, temperature, max_tokens : optional
            As for `send`.

        Returns
        -------
        Reply
            The reply to the new message, stored.

        Raises
        ------
        MessageNotFoundError
            If this chat has no such message.
        InvalidInputError
            If the text cannot be stored or the message is not yours.
        ProviderError, ReplyInProgressError, StoreError
            As `send`.
        """
        options = SendOptions(provider=provider, model=model, temperature=temperature, max_tokens=max_tokens)
        return self._finish(edit_and_reply(self._session, self.id, message_id, text, options=options))

    def stop(self) -> None:
        """Stop the reply that is being written in this chat, if there is one; what has arrived is kept."""
        running = running_reply(self._session, self.id)
        if running is not None:
            running.stop()
            running.wait_quietly()

    def messages(self) -> list[BranchMessage]:
        """Read the conversation.

        Returns
        -------
        list of BranchMessage
            Oldest first; without the answers that were retried and the questions that were edited, which
            ``ws.history.messages()`` has too.

        Raises
        ------
        ChatNotFoundError
            If the chat was deleted.
        """
        return whole_branch(self._session, self.id)

    def rename(self, title: str) -> None:
        """Give the chat another title.

        Parameters
        ----------
        title : str
            At most 255 characters.

        Raises
        ------
        InvalidInputError
            If the title cannot be stored.
        ChatNotFoundError
            If the chat was deleted.
        """
        self._chat = use_cases.rename_chat(self._session, self.id, title=title)

    def delete(self) -> None:
        """Delete the chat with all its messages.

        Raises
        ------
        ChatNotFoundError
            If it was deleted already.
        """
        use_cases.delete_chat(self._session, self.id)

    def backup(self) -> BackupReport:
        """Send the whole chat to the server.

        Returns
        -------
        BackupReport
            What was sent.

        Raises
        ------
        ChatNotFoundError, ForeignChatError
            If the chat was deleted, or belongs to another account on the server.
        NotSignedInError, InvalidInputError, BackupInProgressError, StoreError
            As `Workspace.backup`.
        """
        from primer_nb.use_cases.backups import back_up  # loads psycopg

        with progress_bar("Backup") as bar:
            return back_up(self._session, chats=[self.id], progress=bar)

    def _finish(self, running: RunningReply) -> Reply:
        try:
            return running.wait()
        except KeyboardInterrupt:
            running.stop()
            running.wait_quietly()
            raise
        finally:
            self._refresh()

    def _refresh(self) -> None:
        self._chat = use_cases.get_chat(self._session, self.id)
