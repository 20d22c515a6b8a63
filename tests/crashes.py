"""Let a process die at each statement it sends to its databases in turn, as `kill -9` would."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from primer_nb.session import Session


class Killed(BaseException):
    """No code of the package catches it, so nothing after the statement runs."""


def kills(session: Session) -> Iterator[AbstractContextManager[None]]:
    """Yield a context manager for each statement of an operation: the operation dies before that statement.

    The last one dies before the commit that ends the operation, or not at all: then there are no more.
    """
    number, is_over = 0, False
    while not is_over:
        number += 1
        seen = []
        yield _killed(session, number, seen)
        is_over = len(seen) < number


@contextmanager
def _killed(session: Session, number: int, seen: list[str]) -> Iterator[None]:
    engines = {store.engine for store in (session.store, session.accounts, session.local_copy)}

    def count(what: str) -> None:
        seen.append(what)
        if len(seen) == number:
            raise Killed(what)

    def before_statement(_connection, _cursor, statement, _parameters, _context, _many) -> None:
        count(statement)

    def before_commit(_connection) -> None:
        count("COMMIT")

    for engine in engines:
        event.listen(engine, "before_cursor_execute", before_statement)
        event.listen(engine, "commit", before_commit)
    try:
        yield
    except Killed:
        pass
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before_statement)
            event.remove(engine, "commit", before_commit)
