"""What subscribers of a running reply are told, in the thread that reads the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from primer_nb.errors import PrimerError
    from primer_nb.use_cases.replying import Outcome


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text has arrived.

    Parameters
    ----------
    text : str
        What to append.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Preparing:
    """The provider is busy with something else than the reply.

    Parameters
    ----------
    status : str
        What it is doing, for people to read.
    """

    status: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The reply is over and stored, if there was any text.

    Parameters
    ----------
    outcome : Outcome
        The text, why it ended, and what was counted.
    message_id : str or None
        The stored message; ``None`` when nothing had arrived.
    error : PrimerError or None
        What went wrong.
    """

    outcome: Outcome
    message_id: str | None
    error: PrimerError | None


ReplyEvent = Piece | Preparing | ReplyEnded
Subscriber = Callable[[ReplyEvent], None]
