"""The chat panel: four widgets, put together with plain ipywidgets boxes, and what their messages set off.

The database holds the conversation and the browser shows a window of it; this object holds next to nothing, so that
a re-run cell, a second view, a reloaded page and a restarted kernel all show the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ipywidgets

from primer_nb.panel.account import Account
from primer_nb.panel.answering import Answering
from primer_nb.panel.backing_up import BackingUp
from primer_nb.panel.browsing import Browsing
from primer_nb.panel.chat_list import ChatList
from primer_nb.panel.composer import Composer
from primer_nb.panel.conversation import Conversation
from primer_nb.panel.failures import explain
from primer_nb.panel.part import Handler, Message
from primer_nb.panel.transcript import Transcript
from primer_nb.panel.worker import OnError, Worker, attempt
from primer_nb.use_cases.chats import get_chat, list_chats
from primer_nb.use_cases.settings import read_settings

if TYPE_CHECKING:
    from primer_nb.panel.signing import Signing
    from primer_nb.session import Session

_LAST_WORDS = 2.0  # seconds that closing waits for what is under way


class Panel(ipywidgets.Box):  # type: ignore[misc]
    """A chat panel for a notebook; display it as often as you like.

    It goes on while a cell runs: replies are written by threads that belong to the chats. Its height is the CSS
    variable ``--primer-height`` (560 px) and can be dragged.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str, optional
        The chat to open; without one the chat that changed last, or an invitation when there is none.

    Raises
    ------
    ChatNotFoundError
        If there is no such chat, or it is another user's.

    Examples
    --------
    >>> import primer_nb
    >>> ws = primer_nb.connect()  # doctest: +SKIP
    >>> ws.panel()  # doctest: +SKIP
    """

    def __init__(self, session: Session, chat_id: str | None = None) -> None:
        if chat_id is None:
            chat_id = _last_changed(session)
        else:
            get_chat(session, chat_id)
        self._session = session
        self._user_id = session.user.id
        self._worker, self._desk = Worker(), Worker("primer-account")
        self._chat_list, self._transcript, self._composer = ChatList(), Transcript(), Composer()
        self._account = Account()
        self._parts = (self._chat_list, self._transcript, self._composer, self._account)
        self._browsing = Browsing(session, self._chat_list)
        self._answering = Answering(session, self._composer)
        self._conversation = Conversation(
            session,
            chat_id,
            transcript=self._transcript,
            composer=self._composer,
            answering=self._answering,
            worker=self._worker,
            on_change=self._show_list,
        )
        self._backing_up = BackingUp(
            session, self._chat_list, worker=self._worker, is_watched=lambda: self._conversation.is_watched
        )
        self._listen()
        # a container query never styles the container itself, hence the box in the box
        frame = ipywidgets.Box(children=self._parts, _dom_classes=("primer-frame",))
        super().__init__(children=(frame,), _dom_classes=("primer-panel",))
        self._show_settings()
        session.watch(self._notice)

    def stop(self) -> None:
        """End the reply that is being written in the chat that is shown; what has arrived is kept."""
        self._conversation.stop()

    def close(self) -> None:
        """Take the panel out of every page. A reply that is being written goes on."""
        if self.comm is not None:  # not closed yet, and not given up half made: Python closes what it collects
            self._backing_up.close()
            workers = (self._worker, self._desk)
            for worker in workers:
                worker.close()
            for worker in workers:  # else it may ask a store that is closed next
                worker.wait(_LAST_WORDS)
            self._conversation.close()
            for part in (*self.children, *self._parts):
                part.close()
        super().close()

    def __repr__(self) -> str:
        """Return one line that holds nothing of the conversation: notebooks are saved with it."""
        return "<Panel of primer_nb: run the cell to see the chat>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/plain": repr(self), "application/vnd.jupyter.widget-view+json": view}

    @cached_property
    def _signing(self) -> Signing:
        from primer_nb.panel.signing import Signing  # loads cryptography

        return Signing(self._session, self._account)

    def _show_settings(self) -> None:
        settings = read_settings(self._session)
        for part in self._parts:
            part.speak(settings.language)
        self._conversation.announces = settings.notifications_enabled
        for theme in ("light", "dark"):
            change = self.add_class if theme == settings.theme else self.remove_class
            change(f"primer-{theme}")

    def _notice(self) -> None:
        """Wait for the worker's turn: whatever thread signs somebody in or changes a setting calls this."""
        self._worker.submit(self._catch_up, on_error=self._browsing.fail)

    def _catch_up(self) -> None:
        """Show who works now and what they like; when it is the same user, their chat stays open."""
        self._show_settings()
        self._show_account()
        if self._user_id == self._session.user.id:
            self._backing_up.show()
            return
        self._user_id = self._session.user.id
        self._answering.start_over()
        self._browsing.start_over()
        self._conversation.start_over(_last_changed(self._session))
        self._show_list()

    def _show_account(self) -> None:
        self._account.show(self._session, read_settings(self._session))

    def _show_list(self) -> None:
        self._browsing.show(self._conversation.chat_id)
        self._backing_up.show()

    def _listen(self) -> None:
        """Say what each message of the browser sets off; all but Stop wait for their turn in a worker."""
        self._transcript.handle(self._of_transcript())
        self._composer.handle(self._of_composer())
        self._chat_list.handle(self._of_chat_list())
        self._account.handle(self._of_account())

    def _of_transcript(self) -> dict[str, Handler]:
        talk = self._conversation
        return {
            "hello": self._later(lambda m: talk.look(m["client"]), talk.fail),
            "pause": self._later(lambda m: talk.look_away(m["client"]), talk.fail),
            "earlier": self._later(lambda m: talk.show_earlier(m["before"]), talk.fail),
            "source": self._later(lambda m: talk.hand_over(m["message_id"]), talk.fail),
            "retry": self._later(lambda _: talk.retry(), talk.fail),
        }

    def _of_composer(self) -> dict[str, Handler]:
        talk = self._conversation
        return {
            "hello": self._later(lambda _: talk.show_state(), self._refuse),
            "send": self._later(lambda m: talk.send(m["text"], edited=m.get("edit")), self._refuse),
            "stop": lambda _: attempt(talk.stop, talk.fail),
            "recall": self._later(lambda _: talk.recall(), self._refuse),
            "models": self._later(lambda m: self._answering.look_up(m["provider"]), self._refuse),
            "choose": self._later(self._choose, self._refuse),
        }

    def _of_chat_list(self) -> dict[str, Handler]:
        talk, lists, backups = self._conversation, self._browsing, self._backing_up
        return {
            "hello": self._listing(lambda _: backups.forget()),
            "search": self._listing(lambda m: lists.search(m["text"])),
            "new": self._listing(lambda _: talk.open(None)),
            "open": self._listing(lambda m: talk.open(m["chat_id"])),
            "rename": self._listing(lambda m: lists.rename(m["chat_id"], m["title"])),
            "delete": self._listing(lambda m: lists.delete(talk, m["chat_id"])),
            "back_up": self._later(lambda m: backups.start(m.get("chat_id")), lists.fail),
            "stop_backup": lambda _: attempt(backups.stop, lists.fail),
        }

    def _of_account(self) -> dict[str, Handler]:
        return {
            "hello": self._later(lambda _: self._show_account(), self._browsing.fail),
            "look": self._at_desk(lambda _: self._signing.look()),
            "rules": self._at_desk(lambda _: self._signing.show_rules()),
            "ask": self._at_desk(lambda m: self._signing.act(m)),  # noqa: PLW0108  it is loaded by then, not now
        }

    def _at_desk(self, handler: Handler) -> Handler:
        return lambda message: self._desk.submit(lambda: handler(message), on_error=self._browsing.fail)

    def _later(self, handler: Handler, on_error: OnError) -> Handler:
        return lambda message: self._worker.submit(lambda: handler(message), on_error=on_error)

    def _listing(self, handler: Callable[[Message], None]) -> Handler:
        def handle(message: Message) -> None:
            handler(message)
            self._show_list()

        return self._later(handle, self._browsing.fail)

    def _choose(self, message: Message) -> None:
        self._answering.choose(self._conversation.chat_id, provider=message["provider"], model=message["model"])
        self._conversation.show_state()

    def _refuse(self, error: Exception) -> None:
        self._composer.refuse(explain(error))


def _last_changed(session: Session) -> str | None:
    return next((chat.id for chat in list_chats(session, limit=1)), None)
