"""The messages of one chat, as a widget; pages, turns and pieces of a reply travel as messages of its own."""

from __future__ import annotations

from collections.abc import Sequence

from primer_nb.panel.part import Message, Part, module, static


class Transcript(Part):
    """A window of the conversation and the reply that is being written."""

    _esm = module("transcript_store.js", "transcript.js")
    _css = static("transcript.css", "markdown.css")
    _section = "transcript"

    def show_page(
        self,
        chat_id: str | None,
        messages: Sequence[Message],
        *,
        has_earlier: bool,
        error: Message | None,
        notice: Message | None,
    ) -> None:
        """Show the end of a chat in place of whatever is shown.

        Parameters
        ----------
        chat_id : str or None
            Which chat; ``None`` for one that is not stored yet.
        messages : sequence of dict
            From `primer_nb.panel.pages`, oldest first; the last may be a running reply.
        has_earlier : bool
            Whether there are messages before these.
        error : dict or None
            From `failure`.
        notice : dict or None
            One line to know about.
        """
        page = {"chat": chat_id, "messages": list(messages), "has_earlier": has_earlier, "error": error}
        self.send({"type": "page", **page, "notice": notice})

    def show_earlier(self, messages: Sequence[Message], *, before: str, has_earlier: bool) -> None:
        """Add messages above those that are shown.

        Parameters
        ----------
        messages : sequence of dict
            Oldest first.
        before : str
            The message they come before.
        has_earlier : bool
            Whether there are messages before these.
        """
        self.send({"type": "earlier", "messages": list(messages), "before": before, "has_earlier": has_earlier})

    def show_turn(self, chat_id: str, messages: Sequence[Message], *, after: str | None) -> None:
        """Add messages at the end.

        Parameters
        ----------
        chat_id : str
            Which chat.
        messages : sequence of dict
            The last is the running reply.
        after : str or None
            The message they follow, when they replace what came after it.
        """
        self.send({"type": "turn", "chat": chat_id, "messages": list(messages), "after": after})

    def show_end(self, stream: int, message: Message | None, *, error: Message | None, state: str) -> None:
        """End the running reply.

        Parameters
        ----------
        stream : int
            Which subscription ends.
        message : dict or None
            The reply as it is stored; ``None`` when nothing had arrived. Without ``html`` the pieces stay.
        error : dict or None
            From `failure`.
        state : str
            ``"ready"``, ``"stopped"`` or ``"error"``.
        """
        self.send({"type": "end", "stream": stream, "message": message, "error": error, "state": state})

    def show_error(self, error: Message) -> None:
        """Show what went wrong below the messages.

        Parameters
        ----------
        error : dict
            From `failure`.
        """
        self.send({"type": "error", "error": error})

    def show_notice(self, told: Message) -> None:
        """Show one line to know about.

        Parameters
        ----------
        told : dict
            The line.
        """
        self.send({"type": "notice", "told": told, "passes": False})

    def announce(self) -> None:
        """Tell that a reply has ended, where nobody looks; nothing of it."""
        self.send({"type": "ready"})

    def hand_over(self, message_id: str, text: str) -> None:
        """Give the browser a message as it was written, for the clipboard.

        Parameters
        ----------
        message_id : str
            Which message.
        text : str
            All of it.
        """
        self.send({"type": "source", "message_id": message_id, "text": text})


def failure(told: Message, *, retry: str, remedy: Message | None = None) -> Message:
    """Describe what went wrong.

    Parameters
    ----------
    told : dict
        What to tell.
    retry : str
        What the button does: ``"reply"`` asks for the reply again, ``"page"`` for the page; empty for no button.
    remedy : dict, optional
        What another button opens; from `primer_nb.panel.failures.remedy`.

    Returns
    -------
    dict
        For the methods of `Transcript`.
    """
    return {"told": told, "retry": retry, "remedy": remedy}
