"""Start replies, and find the running one of a chat: one at a time a chat, known to the whole process."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.errors import ReplyInProgressError
from primer_nb.replies.running import RunningReply
from primer_nb.use_cases.options import SendOptions
from primer_nb.use_cases.sending import ask, ask_again, ask_differently

if TYPE_CHECKING:
    from primer_nb.replies.events import Subscriber
    from primer_nb.session import Session
    from primer_nb.use_cases.sending import Question

_NO_OPTIONS = SendOptions()
_Key = tuple[str, str, str]
_LAST_WORDS = 2.0  # seconds a leaving process waits for its replies to be stored


class _Registry:
    """The running replies of this process, by store, user and chat: another user's are as if they were not there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[_Key, tuple[Session, RunningReply | None]] = {}
        self._is_watching_exit = False

    def find(self, session: Session, chat_id: str) -> RunningReply | None:
        with self._lock:
            _, reply = self._running.get(self._key(session, chat_id), (session, None))
        return reply

    def start(self, session: Session, chat_id: str, ask_now: Callable[[Session], Question]) -> RunningReply:
        own = session.as_now()  # message, key and reply are of one user, whoever signs in meanwhile
        key = self._key(own, chat_id)
        with self._lock:
            if key in self._running:
                raise ReplyInProgressError("this chat is being answered; stop that reply first, or wait for its end")
            self._running[key] = session, None  # taken, while the message is stored
            if not self._is_watching_exit:
                atexit.register(self.stop)
                self._is_watching_exit = True
        try:
            reply = RunningReply(own, ask_now(own), on_end=lambda _: self._forget(key))
        except BaseException:
            self._forget(key)
            raise
        with self._lock:
            self._running[key] = session, reply
        return reply

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._running.pop(key, None)

    def stop(self, session: Session | None = None) -> None:
        with self._lock:
            running = list(self._running.values())
        replies = [reply for started_in, reply in running if reply is not None and session in {None, started_in}]
        for reply in replies:
            reply.stop()
        for reply in replies:
            reply.wait_quietly(_LAST_WORDS)

    @staticmethod
    def _key(session: Session, chat_id: str) -> _Key:
        return str(session.store.address), session.user.id, chat_id


_registry = _Registry()


def start_reply(
    session: Session,
    chat_id: str,
    text: str,
    *,
    options: SendOptions = _NO_OPTIONS,
    on_event: Subscriber | None = None,
) -> RunningReply:
    """Store a message and start its reply.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Where it is said.
    text : str
        The message.
    options : SendOptions, optional
        What it asks of its reply.
    on_event : callable, optional
        A first subscriber, which misses nothing.

    Returns
    -------
    RunningReply
        The message is stored when this returns; a failure of the provider comes as the end of the reply.

    Raises
    ------
    ReplyInProgressError
        If the chat is being answered in this process.
    InvalidInputError, ChatNotFoundError, UnknownProviderError, StoreError
        If the message cannot be stored; then nothing is.
    """
    return _start(session, chat_id, lambda own: ask(own, chat_id, text, options), on_event)


def retry_reply(
    session: Session, chat_id: str, *, options: SendOptions = _NO_OPTIONS, on_event: Subscriber | None = None
) -> RunningReply:
    """Start another reply to the user's last message.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Whose last question to answer again.
    options : SendOptions, optional
        What is asked of the reply this time.
    on_event : callable, optional
        A first subscriber.

    Returns
    -------
    RunningReply
        A reply that exists stays stored beside the new one.

    Raises
    ------
    ReplyInProgressError
        If the chat is being answered in this process.
    InvalidInputError, ChatNotFoundError
        If there is nothing to answer.
    """
    return _start(session, chat_id, lambda own: ask_again(own, chat_id, options), on_event)


def edit_and_reply(
    session: Session,
    chat_id: str,
    message_id: str,
    text: str,
    *,
    options: SendOptions = _NO_OPTIONS,
    on_event: Subscriber | None = None,
) -> RunningReply:
    """Say one of the user's messages differently and start the reply to it.

    Parameters
    ----------
    session : Session
        On whose behalf.
    chat_id : str
        Where it was said.
    message_id : str
        The user's message.
    text : str
        What is said now.
    options : SendOptions, optional
        What is asked of the reply.
    on_event : callable, optional
        A first subscriber.

    Returns
    -------
    RunningReply
        The original message and what followed stay stored, off the active branch.

    Raises
    ------
    ReplyInProgressError
        If the chat is being answered in this process.
    InvalidInputError, ChatNotFoundError, MessageNotFoundError, StoreError
        If it cannot be stored; then nothing is.
    """
    return _start(session, chat_id, lambda own: ask_differently(own, chat_id, message_id, text, options), on_event)


def running_reply(session: Session, chat_id: str) -> RunningReply | None:
    """Find the reply that is being written in a chat.

    Parameters
    ----------
    session : Session
        On which store.
    chat_id : str
        Which chat.

    Returns
    -------
    RunningReply or None
        ``None`` when nothing runs, or it runs in another process.
    """
    return _registry.find(session, chat_id)


def stop_replies(session: Session) -> None:
    """Stop the replies that were started in a session, and wait until what has arrived is stored.

    Parameters
    ----------
    session : Session
        Which one; replies of other sessions on the same store go on.
    """
    _registry.stop(session)


def _start(
    session: Session, chat_id: str, ask_now: Callable[[Session], Question], on_event: Subscriber | None
) -> RunningReply:
    reply = _registry.start(session, chat_id, ask_now)
    if on_event is not None:
        reply.subscribe(on_event)
    reply.start()
    return reply
