"""Many rows at once: COPY into a temporary table, then INSERT from there, in one transaction of four round trips.

The temporary table takes any text and has no rules, so a COPY never fails in the middle, which could cost a pooler
its connection. It ends with the transaction, so a pooler may give the next one to another server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from primer_nb.backup import changes
from primer_nb.backup.columns import CHAT_CHANGES, CHATS, COMPLETIONS, MESSAGES, USER_SETTINGS, Table
from primer_nb.backup.copying_in import copied, width_of
from primer_nb.backup.loads import TABLES, Load
from primer_nb.backup.push import CONFLICTS, FOREIGN, OWN
from primer_nb.backup.rows import Quarantined

if TYPE_CHECKING:
    from psycopg import Connection

REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What a server raises for a value that it does not take."""

ROUND_TRIPS = 4

_WIDTH = max(len(table.columns) for table in TABLES)
_COLUMNS = ", ".join(f"c{at} text" for at in range(_WIDTH))
# By the plans of a connection that began with few chats the server goes through all of them for each message. Not
# everybody may take statistics, which would make it plan anew.
_BEGIN = f"DISCARD PLANS; BEGIN; CREATE TEMPORARY TABLE primer_sent (place smallint, {_COLUMNS}) ON COMMIT DROP"

_TAKEN = (
    f"SELECT id::text FROM primer_sent JOIN messages ON id = c0::uuid WHERE place = {TABLES.index(MESSAGES)}"
    " AND user_id <> {user}::uuid"
)
# What changed of a chat comes after the chat; no trigger may take the time of the chat for that of the change first.
_TOLD = (
    f" AND NOT EXISTS (SELECT FROM primer_sent told WHERE told.place = {TABLES.index(CHAT_CHANGES)}"
    " AND told.c0 = EXCLUDED.id::text AND told.c1 = '{name}')"
)
_CONFLICTS = CONFLICTS | {CHATS: changes.conflict_of_chats(changes.NOT_NOTED + _TOLD)}


class AccountMissingError(Exception):
    """The server does not have the user."""


def send(
    pg: Connection[Any],
    load: Load,
    *,
    user_id: str,
    refused: list[Quarantined],
    measure: bool = False,
    are_new: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> dict[str, int]:
    """Send rows in one transaction; what the server has already is left as it is.

    Parameters
    ----------
    pg : psycopg.Connection
        In autocommit.
    load : Load
        The rows; those they hang on are among them or on the server.
    user_id : str
        Whose.
    refused : list of Quarantined
        Messages whose identifier another user's has there are added here.
    measure : bool, default False
        Whether the server takes statistics of the chats. Without any it finds the chat of each message by going
        through all chats of the user: measured, 100,000 messages took 40 s and not 3.
    are_new : bool, default False
        Whether the server has no message of these chats, and each completion comes with its message: then it need
        not look for each, which takes a fifth of its time. If it has one after all, it takes nothing.
    meanwhile : callable, optional
        Called when the server has the rows and begins to write them, which takes it longest.

    Returns
    -------
    dict of str to int
        Rows written, by table.

    Raises
    ------
    psycopg.Error
        If the server refuses a value, or is lost; then nothing was written, or all was.
    """
    tables = tuple(table for table in TABLES if load.of(table))
    try:
        pg.execute(_BEGIN.encode())
        with pg.cursor() as cursor, cursor.copy(_copy(width_of(load))) as copy:
            for piece in copied(load).copied or ():
                copy.write(piece)
        load.copied = None  # the next load takes its room
        if meanwhile is not None:
            meanwhile()
        with pg.cursor() as cursor:
            cursor.execute(_finish(tables, user_id, measure=measure, are_new=are_new))
            counts = {}
            for table in tables:
                counts[table.name] = cursor.rowcount
                cursor.nextset()
                if measure and table is CHATS:
                    cursor.nextset()
            if not are_new and load.of(MESSAGES):
                refused += [Quarantined("m", key, FOREIGN) for (key,) in cursor]
        return counts
    except BaseException:
        if not pg.closed and pg.pgconn.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):  # a connection that is lost rolls back by itself
                pg.rollback()
        raise


def send_all_but_bad(
    pg: Connection[Any],
    load: Load,
    *,
    user_id: str,
    refused: list[Quarantined],
    measure: bool = False,
    are_new: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> tuple[dict[str, int], int, int]:
    """Send rows; where the server refuses one, find it by halves and send all others.

    Parameters
    ----------
    pg : psycopg.Connection
        In autocommit.
    load : Load
        The rows.
    user_id : str
        Whose.
    refused : list of Quarantined
        Rows the server does not take are added here.
    measure, are_new : bool, default False
        As `send`; rows that are not new after all go as others do.
    meanwhile : callable, optional
        As `send`; it may be called more than once, or not at all.

    Returns
    -------
    counts : dict of str to int
        Rows written, by table.
    rows : int
        How many the server has now, whether it had them before or not.
    round_trips : int
        What it took.

    Raises
    ------
    AccountMissingError
        If the server does not have the user: then it is no row's fault.
    psycopg.Error
        If the server is lost.
    """
    load = load.without({(row.kind, str(row.entity_id)) for row in refused})
    if not len(load):
        return {}, 0, 0
    before = len(refused)
    try:
        counts = send(
            pg, load, user_id=user_id, refused=refused, measure=measure, are_new=are_new, meanwhile=meanwhile
        )
        return counts, len(load) - (len(refused) - before), ROUND_TRIPS
    except REFUSALS as error:
        raise_when_nobody(error)
        if are_new and isinstance(error, psycopg.errors.UniqueViolation):
            counts, rows, trips = send_all_but_bad(pg, load, user_id=user_id, refused=refused, measure=measure)
            return counts, rows, ROUND_TRIPS + 1 + trips
        if len(load) == 1:
            refused.append(_refused(load, error))
            return {}, 0, ROUND_TRIPS + 1
    counts = {}
    rows, trips = 0, ROUND_TRIPS + 1
    for half in load.halves():
        written, more_rows, more_trips = send_all_but_bad(pg, half, user_id=user_id, refused=refused)
        rows, trips = rows + more_rows, trips + more_trips
        for name, count in written.items():
            counts[name] = counts.get(name, 0) + count
    return counts, rows, trips


def raise_when_nobody(error: psycopg.Error) -> None:
    """Tell a user that the server does not have from a row that it does not take.

    Parameters
    ----------
    error : psycopg.Error
        What it raised.

    Raises
    ------
    AccountMissingError
        If a row points to a user who is not there.
    """
    tables = {CHATS.name, USER_SETTINGS.name, "primer_sync_device"}
    if isinstance(error, psycopg.errors.ForeignKeyViolation) and error.diag.table_name in tables:
        raise AccountMissingError from error


def _refused(load: Load, error: psycopg.Error) -> Quarantined:
    ((table, row),) = [(table, row) for table in TABLES for row in load.of(table)]
    # the server's own text may repeat the value
    reason = f"the server does not take it ({type(error).__name__}, SQLSTATE {error.sqlstate or 'none'})"
    return Quarantined(table.kind, row[0] or "", reason)


@cache
def _copy(width: int) -> bytes:
    columns = ", ".join(f"c{at}" for at in range(width))
    return f"COPY primer_sent (place, {columns}) FROM STDIN (ENCODING 'UTF8')".encode()


def _finish(tables: tuple[Table, ...], user_id: str, *, measure: bool, are_new: bool) -> sql.Composed:
    # several statements in one message: that takes literals, not parameters
    steps: list[sql.Composable] = []
    for table in tables:
        steps.append(sql.SQL(_insert(table, are_new=are_new)).format(user=sql.Literal(user_id)))
        if measure and table is CHATS:
            steps.append(sql.SQL("ANALYZE chats (id, user_id)"))
    if not are_new and MESSAGES in tables:
        steps.append(sql.SQL(_TAKEN).format(user=sql.Literal(user_id)))
    return sql.SQL("; ").join([*steps, sql.SQL("COMMIT")])


@cache
def _insert(table: Table, *, are_new: bool) -> str:
    names = [*table.names, "user_id"] if table is MESSAGES else list(table.names)
    values = [f"c{at}::{column.type} AS {column.name}" for at, column in enumerate(table.columns)]
    chosen = "sent.*, {user}::uuid" if table is MESSAGES else "sent.*"
    rows = (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {chosen} FROM"
        f" (SELECT {', '.join(values)} FROM primer_sent WHERE place = {TABLES.index(table)}) AS sent"
    )
    if are_new and table in {MESSAGES, COMPLETIONS}:
        return rows
    rows = f"{rows} WHERE true{OWN.get(table, '')} {_CONFLICTS[table]}"
    if table is CHAT_CHANGES:
        won = f"new_chat_changes AS ({rows} RETURNING chat_id, name, value, changed_at)"
        return f"WITH {won}, {changes.RENAME}, {changes.UNTAG}, {changes.TAG} SELECT FROM new_chat_changes"
    return rows
