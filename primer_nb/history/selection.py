"""Which rows, and which values of them: the filters as SQL, for both databases.

Everything the history reads starts from `Selection`, and every `Selection` starts from the chats of one user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    case,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql.visitors import iterate

from primer_nb.database.repositories.ownership import Ownership, table_of
from primer_nb.errors import ChatNotFoundError
from primer_nb.history.filters import ChatReference, Filters
from primer_nb.ids import is_uuid
from primer_nb.tables import Chat, ChatTag, Completion, Message

CHATS, MESSAGES, COMPLETIONS, TAGS = table_of(Chat), table_of(Message), table_of(Completion), table_of(ChatTag)
_ESCAPE = "\\"
_OF_COMPLETIONS = (
    "provider",
    "prompt_tokens",
    "completion_tokens",
    "time_to_first_token",
    "duration",
    "finish_reason",
    "parent_id",
)


@dataclass(frozen=True)
class Query:
    """Columns of messages, oldest first; what a loader carries out.

    Parameters
    ----------
    columns : mapping of str to sqlalchemy.ColumnElement
        The wanted values by the name they get.
    of_chats, of_messages : sqlalchemy.ColumnElement
        Which chats, and which of their messages. For SQLite the latter lets some too early and too late ones pass.
    since, until : datetime or None
        The exact span.
    """

    columns: Mapping[str, ColumnElement[Any]]
    of_chats: ColumnElement[bool]
    of_messages: ColumnElement[bool]
    since: datetime | None = None
    until: datetime | None = None

    def source(self, columns: Iterable[ColumnElement[Any]] = ()) -> FromClause:
        """Join what is needed.

        Parameters
        ----------
        columns : iterable of sqlalchemy.ColumnElement
            What is computed, beside the conditions.

        Returns
        -------
        sqlalchemy.FromClause
            Chats, messages and, only where it is used, what is known of their completion.
        """
        joined = CHATS.join(MESSAGES, MESSAGES.c.chat_id == CHATS.c.id)
        if COMPLETIONS in tables_in([self.of_messages, *columns]):
            return joined.outerjoin(COMPLETIONS, COMPLETIONS.c.message_id == MESSAGES.c.id)
        return joined


class Selection:
    """The rows of one user that pass the filters.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction; used to find the chats that were named.
    user_id : str
        Whose rows.
    filters : Filters
        What to see of them.

    Raises
    ------
    ChatNotFoundError
        If a chat that was named is missing or another user's.
    """

    def __init__(self, connection: Connection, *, user_id: str, filters: Filters) -> None:
        self.filters = filters
        self.owned = Ownership(user_id).clause(CHATS)
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._chat_ids = None if filters.chats is None else self._find_chats(connection, filters.chats)

    def messages(self, names: Iterable[str]) -> Query:
        """Ask for the messages that pass.

        Parameters
        ----------
        names : iterable of str
            Columns, of `columns.KINDS`.

        Returns
        -------
        Query
            For a loader.
        """
        return Query(
            columns={name: self._expressions[name] for name in names},
            of_chats=self.of_chats,
            of_messages=and_(true(), *self._of_span(), *self._of_messages()),
            since=self.filters.since,
            until=self.filters.until,
        )

    def all_messages(self, names: Iterable[str]) -> Query:
        """Ask for all messages of the chats that pass, whatever their time, text, role and model.

        Parameters
        ----------
        names : iterable of str
            Columns; ``is_chosen`` is 1 for messages that pass every filter but ``since`` and ``until``, else 0.

        Returns
        -------
        Query
            For a loader.
        """
        columns = {name: self._expressions[name] for name in names}
        return Query(columns=columns, of_chats=self.of_chats, of_messages=true())

    def chats(self, names: Iterable[str]) -> Select[Any]:
        """Ask for the chats that pass, whether or not any of their messages does.

        Parameters
        ----------
        names : iterable of str
            Columns of the table.

        Returns
        -------
        sqlalchemy.Select
            In no order. SQLite gives times as they are stored.
        """
        columns = [CHATS.c[name] for name in names]
        stored = [type_coerce(column, Text) for column in columns] if self._is_sqlite else columns
        return select(*stored).where(self.of_chats)

    @cached_property
    def of_chats(self) -> ColumnElement[bool]:
        """Say which chats pass: the user's, with the wanted ids and tags.

        Returns
        -------
        sqlalchemy.ColumnElement
            For a WHERE.
        """
        conditions = [self.owned]
        if self._chat_ids is not None:
            conditions.append(CHATS.c.id.in_(self._chat_ids))
        if self.filters.tags is not None:
            tagged = select(TAGS.c.chat_id).where(TAGS.c.tag.in_(self.filters.tags))
            conditions.append(CHATS.c.id.in_(tagged))
        return and_(*conditions)

    @cached_property
    def _expressions(self) -> dict[str, ColumnElement[Any]]:
        named = {name: MESSAGES.c[name] for name in ("id", "role", "content", "tokens", "created_at")}
        named |= {name: COMPLETIONS.c[name] for name in _OF_COMPLETIONS}
        return named | {
            "chat_id": CHATS.c.id,
            "chat_title": CHATS.c.title,
            "model": COMPLETIONS.c.model if self._is_sqlite else self._model,
            "settled_model": self._model,
            "characters": func.length(MESSAGES.c.content),
            "is_chosen": case((and_(true(), *self._of_messages()), 1), else_=0),
        }

    @property
    def _model(self) -> ColumnElement[str]:
        # a reply that another program stored has no completion; there the chat says which model answers
        return func.coalesce(COMPLETIONS.c.model, case((MESSAGES.c.role == "assistant", CHATS.c.model)))

    def _of_messages(self) -> list[ColumnElement[bool]]:
        filters = self.filters
        conditions: list[ColumnElement[bool]] = []
        if filters.roles is not None:
            conditions.append(MESSAGES.c.role.in_(filters.roles))
        if filters.providers is not None:
            conditions.append(COMPLETIONS.c.provider.in_(filters.providers))
        if filters.models is not None:
            conditions.append(self._model.in_(filters.models))
        if filters.contains is not None:
            conditions.append(or_(*map(self._holds, _spellings(filters.contains))))
        return conditions

    def _holds(self, needle: str) -> ColumnElement[bool]:
        for special in (_ESCAPE, "%", "_"):
            needle = needle.replace(special, _ESCAPE + special)
        # SQLite's LIKE ignores the case of ASCII letters; SQLAlchemy's ilike would copy each text by lower() first
        like = MESSAGES.c.content.like if self._is_sqlite else MESSAGES.c.content.ilike
        return like(f"%{needle}%", escape=_ESCAPE)

    def _of_span(self) -> list[ColumnElement[bool]]:
        since, until = self.filters.since, self.filters.until
        column = MESSAGES.c.created_at
        conditions: list[ColumnElement[bool]] = []
        if not self._is_sqlite:
            conditions += [] if since is None else [column >= since]
            return conditions if until is None else [*conditions, column <= until]
        # Other writers spell times in other ways, so here only whole days are compared, with a day to spare for
        # offsets; the loader compares the times themselves.
        text = type_coerce(column, Text)
        if since is not None and since.date() > date.min:
            conditions.append(text >= (since.date() - timedelta(days=1)).isoformat())
        if until is not None and until.date() < date.max - timedelta(days=2):
            conditions.append(text < (until.date() + timedelta(days=2)).isoformat())
        return conditions

    def _find_chats(self, connection: Connection, references: tuple[ChatReference, ...]) -> list[str]:
        ids = [reference.name for reference in references if self._is_sqlite or is_uuid(reference.name)]
        titles = [reference.name for reference in references if not reference.is_id]
        named = or_(CHATS.c.id.in_(ids), CHATS.c.title.in_(titles))
        found = connection.execute(select(CHATS.c.id, CHATS.c.title).where(self.owned, named)).all()
        by_id, by_title = {row.id for row in found}, {row.title for row in found}
        for reference in references:
            spellings = (reference.name, reference.name.lower())  # PostgreSQL gives ids in lower case
            if by_id.isdisjoint(spellings) and (reference.is_id or reference.name not in by_title):
                raise ChatNotFoundError(
                    f"there is no chat with the id or title {reference.name[:100]!r}; ws.chats.list() shows yours"
                )
        return list(by_id)


def tables_in(expressions: Iterable[ColumnElement[Any]]) -> set[Any]:
    """Find the tables whose columns are used.

    Parameters
    ----------
    expressions : iterable of sqlalchemy.ColumnElement
        What is computed.

    Returns
    -------
    set of sqlalchemy.Table
        Each once.
    """
    parts = (part for expression in expressions for part in iterate(expression))
    return {part.table for part in parts if isinstance(part, Column)}


def _spellings(needle: str) -> set[str]:
    """SQLite folds the case of ASCII letters only; the usual spellings stand in for the other letters."""
    return {needle} if needle.isascii() else {needle, needle.lower(), needle.upper(), needle.title()}
