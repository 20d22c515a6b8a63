"""Take a secret from a program, or ask a person for it: by ``getpass``, in a terminal as in a notebook.

What was passed as text becomes a `Secret` at once, so that no variable of ours holds it when something fails.
"""

from __future__ import annotations

import getpass
import warnings

from primer_nb.errors import InvalidInputError, PasswordNeededError
from primer_nb.secret import Secret
from primer_nb.workspace.shown_once import Given, as_secret


def given_or_asked(value: Given | None, *, prompt: str, argument: str) -> Secret:
    """Take a secret, or ask for it when there is none.

    Parameters
    ----------
    value : str, Secret, ShownOnce or None
        What a program passed.
    prompt : str
        What to ask for.
    argument : str
        Name of the argument that would have been it, for whoever cannot be asked.

    Returns
    -------
    Secret
        What was passed or typed.

    Raises
    ------
    PasswordNeededError
        If it has to be asked for and nobody is there.
    InvalidInputError
        If it is empty.
    """
    return as_secret(value) if value is not None else _ask(prompt, argument)


def asked_twice(prompt: str, *, argument: str) -> Secret:
    """Ask for a new password, twice, since nobody sees what is typed.

    Parameters
    ----------
    prompt : str
        What to ask for.
    argument : str
        Name of the argument that would have been it.

    Returns
    -------
    Secret
        What was typed.

    Raises
    ------
    PasswordNeededError
        If nobody is there.
    InvalidInputError
        If it is empty, or the two differ.
    """
    typed = _ask(prompt, argument)
    if _ask("The same again", argument).reveal() != typed.reveal():
        raise InvalidInputError("what was typed the second time differs from the first; nothing was changed")
    return typed


def _ask(prompt: str, argument: str) -> Secret:
    try:
        with warnings.catch_warnings():
            # getpass would go on and show what is typed
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(f"{prompt}: "))
    except InvalidInputError:
        raise InvalidInputError("nothing was typed") from None
    except (EOFError, NotImplementedError, getpass.GetPassWarning):
        # IPython's StdinNotImplementedError, of a kernel that cannot ask, is a NotImplementedError
        raise PasswordNeededError(
            f"nobody is here to be asked ({prompt!r}); pass it, as the argument {argument}"
        ) from None
