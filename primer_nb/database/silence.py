"""Connections to PostgreSQL that give up a server which falls silent in the middle of a statement.

`tcp_user_timeout` ends a line on which nobody acknowledges what was sent. It does not see a server that hangs behind
a kernel, a pooler or a proxy that goes on acknowledging, so whoever waits looks here whether bytes still move. A slow
line is no silent one: a single byte in either direction begins the time anew.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from primer_nb.database.addresses import SILENCE

Result = TypeVar("Result")

LONG_WORK = 5
"""How many times as long a statement over a whole history may take.

A server sums up 1,000,000 messages in 4 seconds. One that must read 500 MB from the slowest disk first (250 reads of
8 kB a second) needs 250 seconds; the time for it is 600.
"""

AFTER_STOP = 5.0  # seconds for a server to end a statement after Ctrl-C


class SilenceError(psycopg.OperationalError):
    """The server has neither sent nor taken a byte for too long; the connection was closed."""


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that is closed when its server falls silent.

    Attributes
    ----------
    silence : float
        Seconds after which a server that is waited for counts as silent.
    allowance : float or None
        How many times as long it may be silent now; ``None``: it is waited for without end.
    answered_at : float
        When it last did what it was asked, by the monotonic clock.
    """

    silence: float = SILENCE
    allowance: float | None = 1
    answered_at: float = float("-inf")

    def wait(self, gen: Generator[Any, Any, Result], *arguments: Any, **options: Any) -> Result:
        """Run what has to wait for the server; every statement and each piece of a COPY comes by here.

        Parameters
        ----------
        gen : generator
            Of psycopg: yields what it waits for, is sent what is ready.
        *arguments, **options : object
            For psycopg.

        Returns
        -------
        object
            What the generator returns.

        Raises
        ------
        SilenceError
            If no byte moved for `silence` seconds.
        KeyboardInterrupt
            At Ctrl-C; the connection is closed if the statement has not ended by then.
        """
        try:
            wanted = next(gen)
        except StopIteration as done:  # is here already: a COPY calls this for each row
            value: Result = done.value
            return value
        try:
            value = super().wait(self._watched(gen, wanted), *arguments, **options)
        except KeyboardInterrupt:
            # It fell between two pieces of the answer. Whoever cleans up would wait for the rest of them, and a
            # second time for a server that is silent.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise
        self.answered_at = time.monotonic()
        return value

    def _watched(self, gen: Generator[Any, Any, Result], wanted: Any) -> Generator[Any, Any, Result]:
        moved, unsent, is_stopped = time.monotonic(), -1, False
        try:
            while True:
                ready = yield wanted  # at least ten times a second
                if ready is None:  # psycopg begins to wait anew: it has asked the server to stop, for Ctrl-C
                    moved, is_stopped = time.monotonic(), True
                elif ready:
                    moved = time.monotonic()
                else:
                    before, unsent = unsent, _unsent(self.pgconn.socket)
                    if before != unsent:
                        moved = time.monotonic()
                    self._check(time.monotonic() - moved, is_stopped=is_stopped)
                wanted = gen.send(ready)
        except StopIteration as done:
            value: Result = done.value
            return value

    def _check(self, seconds: float, *, is_stopped: bool) -> None:
        if is_stopped and seconds > AFTER_STOP:
            self.close()
            raise KeyboardInterrupt
        if self.allowance is not None and seconds > self.silence * self.allowance:
            self.close()
            raise SilenceError(
                f"the server said nothing for {self.silence * self.allowance:g} seconds in the middle of a "
                "statement, so the connection was closed: it hangs, or the network loses what it says. Try again; if "
                f"it only needs longer, append silence_timeout={2 * self.silence:.0f} to the query of its URL"
            )


@contextmanager
def long_work(connection: object, *, without_end: bool = False) -> Iterator[None]:
    """Let a server be silent for longer.

    Parameters
    ----------
    connection : object
        To the server; one that is not watched is left as it is.
    without_end : bool, default False
        Whether it may take as long as it takes, not only `LONG_WORK` times as long.

    Yields
    ------
    None
        Nothing; what runs in the block may take its time.
    """
    if not isinstance(connection, WatchedConnection):
        yield
        return
    before, connection.allowance = connection.allowance, None if without_end else LONG_WORK
    try:
        yield
    finally:
        connection.allowance = before


def is_idle(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether nothing is left over of what was done.

    Parameters
    ----------
    connection : psycopg.Connection
        To a server.

    Returns
    -------
    bool
        False in the middle of a statement, a COPY or a transaction.
    """
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def _unsent(descriptor: int) -> int:
    """Count the bytes that wait here to be acknowledged; always 0 where the system does not tell."""
    try:
        import fcntl
        import termios

        return int.from_bytes(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)), "little")
    except (ImportError, OSError):  # Windows; no socket
        return 0
