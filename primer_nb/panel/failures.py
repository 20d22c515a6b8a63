"""What to tell a person at the panel about an exception; nothing of it goes to the notebook or a log."""

from __future__ import annotations

import logging

from primer_nb.errors import InvalidKeyError, KeysLockedError, MissingKeyError, PrimerError
from primer_nb.panel.part import Message
from primer_nb.panel.words import say

_logger = logging.getLogger(__name__)


def explain(error: Exception) -> Message:
    """Say what went wrong, in words for the panel.

    Parameters
    ----------
    error : Exception
        Whatever was raised.

    Returns
    -------
    dict
        The text of an error of ours; of any other only its type, since its text may hold anything.
    """
    if isinstance(error, PrimerError):
        return {"text": str(error)}
    # a warning would be printed below the running cell
    _logger.debug("the panel failed unexpectedly", exc_info=error)
    return say("unexpected", kind=type(error).__name__)


def remedy(error: Exception, *, provider: str) -> Message | None:
    """Say where in the dialog of the account something can be done about it.

    Parameters
    ----------
    error : Exception
        What ended a reply.
    provider : str
        Who was asked.

    Returns
    -------
    dict or None
        The section of the dialog, and the provider whose key is missing or wrong.
    """
    if isinstance(error, KeysLockedError):
        return {"section": "account"}
    if isinstance(error, MissingKeyError | InvalidKeyError):
        return {"section": "keys", "provider": provider}
    return None
