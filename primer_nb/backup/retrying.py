"""Go on after a lost connection: what is done with a server is tried again, after a pause.

Each attempt finds by itself what the one before has done, so that doing it again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from primer_nb.backup.server import Server, translated
from primer_nb.database.addresses import Address
from primer_nb.errors import StoreUnavailableError

Result = TypeVar("Result")

PAUSES = (0.5, 2.0, 5.0)  # seconds before each new attempt

_HOPELESS = {"53100", "57014"}  # its disk is full, its statement_timeout is over: waiting does not help


@contextmanager
def line_to(server: Address | Server) -> Iterator[Server]:
    """Use a server that somebody keeps, or one for this once.

    Parameters
    ----------
    server : Address or Server
        Of a PostgreSQL store.

    Yields
    ------
    Server
        The one that was given is left open.
    """
    if isinstance(server, Server):
        yield server
        return
    with Server(server) as line:
        yield line


def retried(server: Server, attempt: Callable[[], Result]) -> Result:
    """Do something with a server, again when the connection is lost.

    A server that cannot be reached at all is given up at once. A connection that was kept and turns out to be closed
    (its server was started anew, or closes what is idle) is replaced without a pause.

    Parameters
    ----------
    server : Server
        Its connection is closed before each new attempt.
    attempt : callable
        Does it; done twice it changes nothing more.

    Returns
    -------
    object
        What the attempt returned.

    Raises
    ------
    StoreError
        In place of an exception of psycopg, when there was no hope or the pauses are used up.
    """
    with translated(server.address):
        return _retried(server, attempt)


def _retried(server: Server, attempt: Callable[[], Result]) -> Result:
    begun, was_kept, pauses = time.monotonic(), server.is_open, iter(PAUSES)
    while True:
        try:
            return attempt()
        except (psycopg.OperationalError, psycopg.InterfaceError, StoreUnavailableError) as error:
            _raise_interrupt(error)
            has_answered = server.has_answered_since(begun)
            server.close()
            if not _is_lost(error, has_answered=has_answered):
                raise
            is_stale, was_kept = was_kept and not has_answered, False
            if is_stale:
                continue
            pause = next(pauses, None)
            if pause is None:
                raise
        except BaseException:
            server.tidy()
            raise
        time.sleep(pause)


def _is_lost(error: Exception, *, has_answered: bool) -> bool:
    if isinstance(error, psycopg.Error):
        return error.sqlstate not in _HOPELESS
    # connecting failed; a local disk that does not answer is no lost connection
    return has_answered and isinstance(error.__cause__, psycopg.Error)


def _raise_interrupt(error: BaseException) -> None:
    # a Ctrl-C in a COPY of a silent server: psycopg's own end of the COPY fails too, and hides it
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        found = found.__context__
