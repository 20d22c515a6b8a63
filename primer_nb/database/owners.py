"""Who may do what on a PostgreSQL server: its owner changes the schema, members read and write rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from primer_nb.database.revisions import VERSION_TABLE, head
from primer_nb.errors import MigrationError
from primer_nb.tables import metadata_for

if TYPE_CHECKING:
    from primer_nb.database.addresses import Address

_OWNER = text(f"""
SELECT current_user, pg_get_userbyid(relowner), pg_has_role(relowner, 'USAGE') FROM pg_class
WHERE oid = coalesce(to_regclass('{VERSION_TABLE}'), to_regclass('chats'))""")  # noqa: S608
_MAY_MAKE = text("SELECT current_user, current_schema(), has_schema_privilege(current_schema(), 'CREATE')")

_GRANTS = """\
-- What {role} needs to sign up, chat and back up. The owner of the tables runs it, again after each
-- 'primer-nb migrate up'.
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), {literal});
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), {literal});
    IF current_setting('server_version_num')::int >= 170000 THEN
        -- without it the first large backup is slow: it may not take statistics
        EXECUTE format('GRANT MAINTAIN ON chats TO %I', {literal});
    END IF;
END
$$;
GRANT SELECT ON {version_table} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON
    {tables}
    TO {role};
-- Row security keeps from every row who is not named here, such as the roles of Supabase's Data API.
DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY string_to_array('{version_table}, {tables}', ', ') LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON %I', {literal}, each);
        EXECUTE format('CREATE POLICY %I ON %I TO %I USING (true) WITH CHECK (true)', {literal}, each, {literal});
    END LOOP;
END
$$;"""


def check_owner(connection: Connection, address: Address, *, found: str | None) -> None:
    """Refuse a change of the schema by somebody who does not own it.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        To the PostgreSQL server.
    address : Address
        Of the server, for the message.
    found : str or None
        The revision it has.

    Raises
    ------
    MigrationError
        If the role of the connection may not change the tables; with who may.
    """
    owned = connection.execute(_OWNER).one_or_none()
    if owned is None:
        role, schema, may_make = connection.execute(_MAY_MAKE).one()
        if not may_make:
            raise MigrationError(
                f"{address}: primer-nb has no tables there yet, and your role {role!r} may not make any in the "
                f"schema {schema!r}; the owner of the database makes them with 'primer-nb migrate up', and lets "
                f"you in by what 'primer-nb migrate grants {role}' prints"
            )
        return
    role, owner, is_owner = owned
    if not is_owner:
        raise MigrationError(
            f"{address}: its schema is {found or 'older than primer-nb or hidden from you'}, this release needs "
            f"{head('postgresql')}, and your role {role!r} does not own its tables; ask {owner!r} to run "
            f"'primer-nb migrate up' there, and what 'primer-nb migrate grants {role}' prints"
        )


def grants(role: str) -> str:
    """Print what a role needs to work on a server that somebody else owns.

    Parameters
    ----------
    role : str
        Its name.

    Returns
    -------
    str
        SQL for the owner of the tables.
    """
    quoted = '"{}"'.format(role.replace('"', '""'))
    return _GRANTS.format(
        role=quoted,
        literal="'{}'".format(role.replace("'", "''")),
        version_table=VERSION_TABLE,
        tables=", ".join(sorted(metadata_for("postgresql").tables)),
    )
