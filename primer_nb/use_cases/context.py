"""What a model is sent: the conversation, cut from its oldest turn to what the model can hold.

Nobody tells us the tokenizer, so tokens are estimated from above: one for three bytes of UTF-8 (English has about
four bytes a token, Chinese about one token for a character of three bytes) and four for the frame of a turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from primer_nb.errors import ContextTooLongError
from primer_nb.providers.base import Turn

if TYPE_CHECKING:
    from primer_nb.database.repositories.messages import StoredMessage
    from primer_nb.use_cases.options import Choice

FRAME = 4  # tokens around each turn in the chat templates in use
REPLY = 1_024  # tokens kept free for a reply whose length nobody limited


@dataclass(frozen=True, slots=True)
class Context:
    """The turns of a request.

    Parameters
    ----------
    turns : tuple of Turn
        System prompt first, then the conversation, oldest first; the last is the one to answer.
    is_cut : bool
        Whether older turns were left out.
    """

    turns: tuple[Turn, ...]
    is_cut: bool


def count_tokens(text: str) -> int:
    """Estimate the tokens of a turn from above.

    Parameters
    ----------
    text : str
        Its text.

    Returns
    -------
    int
        Tokens, the frame of the turn included.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3) + FRAME


def build_context(branch: Iterable[StoredMessage], choice: Choice) -> Context:
    """Collect the newest turns that fit into the model's window.

    Parameters
    ----------
    branch : iterable of StoredMessage
        The active branch, the message to answer first; read only as far as it fits.
    choice : Choice
        Who answers.

    Returns
    -------
    Context
        It begins with a turn of the user, after the system prompt.

    Raises
    ------
    ContextTooLongError
        If the message to answer alone does not fit.
    """
    window = choice.provider.context_window(choice.model)
    room = window - min(choice.max_tokens or REPLY, window // 2)
    system = choice.system
    if system is not None:
        room -= count_tokens(system)
    turns: list[Turn] = []
    is_cut = False
    for message in branch:
        if message.role == "system":
            if system is None:  # of an import, or of another program: the chat's settings know nothing of it
                system = message.content
                room -= count_tokens(system)
            continue
        room -= count_tokens(message.content)
        if room < 0 and turns:
            is_cut = True
            break
        if room < 0:
            raise ContextTooLongError(
                f"this message has about {count_tokens(message.content):,} tokens, {choice.model!r} can read about "
                f"{window:,} in all; shorten it or choose a model with a larger window"
            )
        turns.append(Turn(message.role, message.content))
    while len(turns) > 1 and turns[-1].role != "user":
        turns.pop()  # an answer without its question says nothing
    turns.reverse()
    head = () if system is None else (Turn("system", system),)
    return Context(turns=(*head, *turns), is_cut=is_cut)
