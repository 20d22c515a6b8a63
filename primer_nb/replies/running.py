"""One reply on its way: the thread that reads the stream, its subscribers, stop and wait.

No lock is held while a provider, the database or a subscriber runs, but for the hand-over to subscribers: a new one
gets the text so far and every later piece, none lost and none twice.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from primer_nb.errors import PrimerError, ProviderError
from primer_nb.replies.drafts import DraftKeeper
from primer_nb.replies.events import Piece, Preparing, ReplyEnded, ReplyEvent, Subscriber
from primer_nb.replies.reading import StreamReader
from primer_nb.replies.reply import Reply
from primer_nb.use_cases.replying import Outcome, keep_reply

if TYPE_CHECKING:
    from primer_nb.session import Session
    from primer_nb.use_cases.sending import Question

_logger = logging.getLogger(__name__)

CUT_NOTICE = "Older messages did not fit into the model's window and were left out of what it was sent."


class RunningReply:
    """A reply that is being written.

    Parameters
    ----------
    session : Session
        On whose behalf; it stays with its user, so that the reply is kept for who asked, whoever is signed in then.
    question : Question
        What was asked; stored.
    on_end : callable
        Called with this object when it has ended and everything is stored.
    """

    def __init__(self, session: Session, question: Question, *, on_end: Callable[[RunningReply], None]) -> None:
        self._session = session
        self._question = question
        self._on_end = on_end
        self._lock = threading.Lock()
        self._pieces: list[str] = []
        self._subscribers: list[Subscriber] = []
        self._reader = StreamReader(question.provider, question.request, refusal=question.refusal)
        self._ended: ReplyEnded | None = None
        self._done = threading.Event()

    def __repr__(self) -> str:
        """Return one line."""
        state = "running" if self.is_running else "ended"
        return f"<RunningReply {state}, model={self.model!r}>"

    @property
    def chat_id(self) -> str:
        """The chat it is said in."""
        return self._question.chat_id

    @property
    def user_message_id(self) -> str:
        """The message it answers."""
        return self._question.user_message_id

    @property
    def message_id(self) -> str:
        """The id it will have when it is stored."""
        return self._question.reply_id

    @property
    def provider(self) -> str:
        """Name of the provider that writes it."""
        return self._question.provider.name

    @property
    def model(self) -> str:
        """Name of the model that writes it."""
        return self._question.request.model

    @property
    def notice(self) -> str | None:
        """Something the user should know, or ``None``."""
        return CUT_NOTICE if self._question.is_cut else None

    @property
    def text(self) -> str:
        """What has arrived so far."""
        with self._lock:
            return "".join(self._pieces)

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return not self._done.is_set()

    def start(self) -> None:
        """Start the thread that reads the stream."""
        # The copied context: ipykernel 7.0 needs it to send a widget's messages from another thread (its issue 1450).
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._run,), name="primer-reply", daemon=True).start()

    def subscribe(self, subscriber: Subscriber) -> tuple[str, Callable[[], None]]:
        """Be told of everything that comes from now on.

        Parameters
        ----------
        subscriber : callable
            Called with each event in the thread that reads the stream; must return at once. When the reply has
            ended already it is called with the end, here and now.

        Returns
        -------
        tuple of str and callable
            The text so far, and what ends the subscription.
        """
        with self._lock:
            text = "".join(self._pieces)
            ended = self._ended
            if ended is None:
                self._subscribers.append(subscriber)
        if ended is not None:
            subscriber(ended)
        return text, lambda: self._unsubscribe(subscriber)

    def stop(self) -> None:
        """End the reply; what has arrived is kept. May be called at any time, from any thread."""
        self._reader.stop()

    def wait(self, timeout: float | None = None) -> Reply:
        """Wait for the end.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without end by default.

        Returns
        -------
        Reply
            The stored reply.

        Raises
        ------
        TimeoutError
            If it is still running then.
        PrimerError
            What went wrong; what had arrived is stored.
        """
        self.wait_quietly(timeout)
        if self._ended is None:
            raise TimeoutError(f"the reply is still running after {timeout} seconds")
        if self._ended.error is not None:
            raise self._ended.error
        return self._reply(self._ended.outcome)

    def wait_quietly(self, timeout: float | None = None) -> None:
        """Wait for the end without asking how it ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without end by default.
        """
        # In short steps: on Windows a wait without end cannot be interrupted by the user.
        until = None if timeout is None else time.monotonic() + timeout
        while not self._done.wait(0.5 if until is None else min(0.5, max(0.0, until - time.monotonic()))):
            if until is not None and time.monotonic() >= until:
                return

    def _reply(self, outcome: Outcome) -> Reply:
        return Reply(
            text=outcome.text,
            message_id=self.message_id,
            chat_id=self.chat_id,
            finish_reason=outcome.finish_reason,
            provider=self.provider,
            model=self.model,
            prompt_tokens=outcome.prompt_tokens,
            completion_tokens=outcome.completion_tokens,
            time_to_first_token=outcome.time_to_first_token,
            duration=outcome.duration,
            notice=self.notice,
        )

    def _unsubscribe(self, subscriber: Subscriber) -> None:
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

    def _run(self) -> None:
        error: PrimerError | None = None
        outcome = Outcome(text="", finish_reason="error")
        try:
            with DraftKeeper(self._session, self._question, read=lambda: self.text):
                ending = self._reader.read(self._take, tell=self._tell)
            error = ending.error
            outcome = Outcome(
                text=self.text,
                finish_reason=ending.finish_reason,
                prompt_tokens=ending.prompt_tokens,
                completion_tokens=ending.completion_tokens,
                time_to_first_token=ending.time_to_first_token,
                duration=ending.duration,
            )
            keep_reply(self._session, self._question, outcome)
        except PrimerError as failure:
            error = failure  # the chat is gone, or the store cannot be written
        except Exception as failure:
            _logger.exception("a reply failed unexpectedly")
            error = ProviderError(f"the reply failed unexpectedly ({type(failure).__name__}); please report this")
        finally:
            self._end(outcome, error)

    def _take(self, text: str) -> None:
        with self._lock:
            self._pieces.append(text)
            subscribers = tuple(self._subscribers)
        self._publish(subscribers, Piece(text))

    def _tell(self, status: str) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        self._publish(subscribers, Preparing(status))

    def _end(self, outcome: Outcome, error: PrimerError | None) -> None:
        stored = self.message_id if outcome.text else None
        ended = ReplyEnded(outcome=outcome, message_id=stored, error=error)
        with self._lock:
            self._ended = ended
            subscribers = tuple(self._subscribers)
            self._subscribers.clear()
        self._on_end(self)
        self._done.set()
        self._publish(subscribers, ended)

    def _publish(self, subscribers: tuple[Subscriber, ...], event: ReplyEvent) -> None:
        for subscriber in subscribers:
            try:
                subscriber(event)
            except Exception:  # a broken view must not end the reply
                _logger.exception("a subscriber of a reply failed")
