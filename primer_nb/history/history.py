"""The history: every message and every chat of the user, as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from primer_nb.history import postgresql_loader, sqlite_loader
from primer_nb.history.chat_summary import CHAT_COLUMNS, MESSAGE_COLUMNS, summarise
from primer_nb.history.columns import check_columns
from primer_nb.history.filters import Filters, Moment, Names, check_filters
from primer_nb.history.frames import Batch, make_frame
from primer_nb.history.plain_rows import to_batch
from primer_nb.history.selection import Query, Selection
from primer_nb.use_cases.backup_state import unsaved_chats

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from primer_nb.session import Session


class History:
    """All conversations of one user, as data.

    Parameters
    ----------
    session : Session
        Whose, and where they are kept.

    Notes
    -----
    What is read is as fresh as the call, and of one moment: a message that arrives meanwhile is in the next frame.
    All branches of a chat are there, also answers that were retried and questions that were edited.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"History({self._session.store.address})"

    def messages(
        self,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        model: Names | None = None,
        provider: Names | None = None,
        role: Names | None = None,
        chat: Any = None,
        contains: str | None = None,
        tag: Names | None = None,
        columns: str | Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """Read messages into a DataFrame.

        Filters that are not given let everything pass; all given ones must hold; of several values any will do.

        Parameters
        ----------
        since, until : str, date or datetime, optional
            The first and the last moment, both included. A time without a zone is UTC. A day, such as
            ``"2026-01-31"``, begins at its first moment as ``since`` and ends at its last as ``until``.
        model, provider, role : str or iterable of str, optional
            Whole values, upper and lower case distinguished. A role is system, user or assistant.
        chat : str, chat or iterable of them, optional
            Ids, titles (all chats of that title) or chats.
        contains : str, optional
            What the text must hold, literally, in upper or lower case. Beyond ASCII, SQLite finds the spelling that
            is given and those all in lower case, all in upper case and with capital initials.
        tag : str or iterable of str, optional
            Of the chat; whole, upper and lower case distinguished.
        columns : iterable of str, optional
            The columns to load, in this order; all but ``characters`` by default. Without ``content`` a frame takes
            a third of the memory.

        Returns
        -------
        pandas.DataFrame
            One row a message, oldest first (then by id), with a RangeIndex and the columns ``id``, ``chat_id``,
            ``chat_title`` (str), ``role`` (category), ``content`` (str), ``tokens`` (Int64), ``provider``, ``model``
            (category), ``created_at`` (datetime64[us, UTC]), ``prompt_tokens``, ``completion_tokens`` (Int64),
            ``time_to_first_token``, ``duration`` (float64, seconds), ``finish_reason`` (category) and ``parent_id``
            (str). From ``provider`` on they describe replies and are missing elsewhere; ``model`` is that of the
            chat for a reply of which another program did not keep it. ``parent_id`` is missing, too, where a
            message simply follows the one before it. On request ``characters`` (Int64), the length of the text,
            counted in the database.

        Raises
        ------
        InvalidInputError
            If a value is of the wrong kind, a role or a column is unknown, or ``since`` is later than ``until``.
        ChatNotFoundError
            If there is no chat of that id or title.
        StoreError
            If the database cannot be read.

        Examples
        --------
        >>> frame = ws.history.messages(role="assistant", since="2026-01-01")  # doctest: +SKIP
        >>> frame.groupby("model", observed=True)["duration"].median()  # doctest: +SKIP
        """
        names = check_columns(columns)
        filters = check_filters(
            since=since,
            until=until,
            model=model,
            provider=provider,
            role=role,
            chat=chat,
            contains=contains,
            tag=tag,
        )
        with self._session.read() as work:
            selection = self._select(work.connection, filters)
            if "model" not in names or self._session.store.dialect != "sqlite":
                return self._read(work.connection, selection, names)
            frame = self._read(work.connection, selection, dict.fromkeys((*names, "role")))
            if (frame["model"].isna() & (frame["role"] == "assistant")).any():
                # Replies of another program, which kept the model with the chat. SQLite joins row by row, which costs
                # 0.7 s for a million messages; so it is done only when it is needed.
                settled = self._read(work.connection, selection, ["settled_model"])
                frame["model"] = settled["settled_model"].array
            return frame[list(names)]

    def chats(
        self,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        model: Names | None = None,
        provider: Names | None = None,
        role: Names | None = None,
        chat: Any = None,
        contains: str | None = None,
        tag: Names | None = None,
    ) -> pd.DataFrame:
        """Read chats into a DataFrame, with what their messages come to.

        Filters that choose messages (all but ``chat`` and ``tag``) choose those that are counted; a chat without any
        is left out.

        Parameters
        ----------
        since, until, model, provider, role, chat, contains, tag : optional
            As for `messages`.

        Returns
        -------
        pandas.DataFrame
            One row a chat, oldest first (then by id), with a RangeIndex and the columns ``id``, ``title`` (str),
            ``model`` (category), ``created_at``, ``updated_at`` (datetime64[us, UTC]), ``messages``, ``turns``
            (messages of the user), ``tokens``, ``characters`` (Int64), ``first_message_at``, ``last_message_at``
            (datetime64[us, UTC]), ``reply_latency`` (float64: median seconds from a message of the user to the
            reply right after it) and ``backed_up`` (bool: whether the server of your account has all of the chat,
            as far as this machine knows: nothing of it is new, and nothing was refused. The server is not asked).

        Raises
        ------
        InvalidInputError, ChatNotFoundError, StoreError
            As for `messages`.

        Examples
        --------
        >>> ws.history.chats(contains="birds").sort_values("tokens")  # doctest: +SKIP
        """
        filters = check_filters(
            since=since,
            until=until,
            model=model,
            provider=provider,
            role=role,
            chat=chat,
            contains=contains,
            tag=tag,
        )
        with self._session.read() as work:
            selection = self._select(work.connection, filters)
            found = work.connection.execute(selection.chats(CHAT_COLUMNS)).all()
            chats = make_frame(CHAT_COLUMNS, rows=len(found), batches=iter([to_batch(CHAT_COLUMNS, found)]))
            rows, batches = self._load(work.connection, selection.all_messages(MESSAGE_COLUMNS))
            messages = make_frame(MESSAGE_COLUMNS, rows=rows, batches=batches)
        # after the reading: what was saved meanwhile is saved
        return summarise(chats, messages, filters=filters, unsaved=unsaved_chats(self._session))

    def _select(self, connection: Connection, filters: Filters) -> Selection:
        return Selection(connection, user_id=self._session.user.id, filters=filters)

    def _read(self, connection: Connection, selection: Selection, names: Iterable[str]) -> pd.DataFrame:
        rows, batches = self._load(connection, selection.messages(names))
        return make_frame(names, rows=rows, batches=batches)

    def _load(self, connection: Connection, query: Query) -> tuple[int, Iterator[Batch]]:
        store = self._session.store
        if store.dialect == "sqlite":
            return sqlite_loader.load(connection, query)
        return postgresql_loader.load(connection, query, address=store.address)
