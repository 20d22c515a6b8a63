"""The rows of one user, found without asking the code under test whose they are: read, compared, put back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, delete, insert, select

from primer_nb.tables import metadata_for

if TYPE_CHECKING:
    from primer_nb.database import Store
    from primer_nb.session import Session
    from primer_nb.tables import User

Dump = dict[tuple[int, str], list[dict[str, Any]]]  # rows by number of the store and name of the table

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class OwnRows:
    """Every row of a user, in the local store and in that of the accounts, which a session of anybody's has open."""

    def __init__(self, user: User, session: Session) -> None:
        self._user_id = user.id
        stores = dict.fromkeys((session.store, session.accounts))
        self._stores = [(store.engine, self._tables(store)) for store in stores]

    def dump(self) -> Dump:
        """Read them, table by table."""
        found: Dump = {}
        for number, (engine, tables) in enumerate(self._stores):
            with engine.connect() as connection:
                for table, whose in tables:
                    rows = connection.execute(select(table).where(whose).order_by(*table.primary_key)).mappings()
                    found[number, table.name] = [dict(row) for row in rows]
        return found

    def put_back(self, dump: Dump) -> None:
        """Let them be those of a dump again."""
        for number, (engine, tables) in enumerate(self._stores):
            with engine.begin() as connection:
                for table, whose in reversed(tables):
                    key = next(iter(table.primary_key))
                    known = [row[key.name] for row in dump[number, table.name]]
                    connection.execute(delete(table).where(whose | key.in_(known)))  # some have lost their owner
                for table, _ in tables:
                    if rows := dump[number, table.name]:
                        connection.execute(insert(table), rows)

    def _tables(self, store: Store) -> list[tuple[Table, ColumnElement[bool]]]:
        """List the tables that have owners, parents first, each with what says whose a row is."""
        tables = [(table, self._whose(table)) for table in metadata_for(store.dialect).sorted_tables]
        return [(table, whose) for table, whose in tables if whose is not None]

    def _whose(self, table: Table) -> ColumnElement[bool] | None:
        chats, messages = table.metadata.tables["chats"], table.metadata.tables["messages"]
        own_chats = select(chats.c.id).where(chats.c.user_id == self._user_id)
        if table.name == "users":
            return table.c.id == self._user_id
        if table.name == "audit_log":  # a password tried in vain is noted, as it should be
            return (table.c.user_id == self._user_id) & (table.c.action != "sign_in_failed")
        if "user_id" in table.c:
            return table.c.user_id == self._user_id
        if "chat_id" in table.c:
            return table.c.chat_id.in_(own_chats)
        if "message_id" in table.c:
            return table.c.message_id.in_(select(messages.c.id).where(messages.c.chat_id.in_(own_chats)))
        return None


def ids_in(dump: Dump) -> set[str]:
    """Find every id in the rows of a dump."""
    return set(_UUID.findall(repr(dump)))
