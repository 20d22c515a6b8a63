"""Replace a function of the engine of backups wherever it is held: by a crash, or by a wrong idea."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from crashes import Killed

from primer_nb.backup.bookkeeping import acknowledge
from primer_nb.backup.bulk import send_all_but_bad
from primer_nb.backup.journal import next_batch
from primer_nb.backup.push import push_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CRASHES = ("before the commit", "before the acknowledgement", "between two loads")


@contextmanager
def replaced(function: Callable[..., Any], by: Callable[..., Any]) -> Iterator[None]:
    """Let every module of the engine that has a function have another one, also when it was replaced before."""
    name, replacement = function.__name__, partial(by)
    replacement.replaces = function
    modules = [module for path, module in list(sys.modules.items()) if path.startswith("primer_nb.backup.")]
    holders = [module for module in modules if function in _is_or_replaces(getattr(module, name, None))]
    assert holders, name
    with ExitStack() as stack:
        for module in holders:
            stack.enter_context(patch.object(module, name, replacement))
        yield


def _is_or_replaces(value: Any) -> tuple[Any, Any]:
    return value, getattr(value, "replaces", None)


@contextmanager
def small_pieces() -> Iterator[None]:
    """Let a handful of rows be many: batches, loads and groups end after a few."""
    with (
        replaced(next_batch, partial(next_batch, limit=4)),
        patch("primer_nb.backup.gathering.MOST_MESSAGES", 2),
        patch("primer_nb.backup.gathering._MESSAGES_AT_ONCE", 2),
        patch("primer_nb.backup.pull.MESSAGES_AT_ONCE", 3),
    ):
        yield


@contextmanager
def dying(moment: str | None) -> Iterator[None]:
    """Let the process die at a moment of its next backup, if it comes to that."""
    with ExitStack() as stack:
        if moment == "before the commit":
            for function in (push_batch, send_all_but_bad):
                stack.enter_context(replaced(function, _die))
        elif moment == "before the acknowledgement":
            stack.enter_context(replaced(acknowledge, _die))
        elif moment == "between two loads":
            stack.enter_context(replaced(send_all_but_bad, _send_and_die))
        yield


def _die(*_arguments: Any, **_options: Any) -> None:
    raise Killed


def _send_and_die(*arguments: Any, **options: Any) -> None:
    send_all_but_bad(*arguments, **options)
    raise Killed
