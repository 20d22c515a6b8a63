"""Supabase's three connection strings: which one a URL is, and what to do when it does not work.

By its documentation, "Connect to your database": the direct address ``db.<ref>.supabase.co:5432`` answers over IPv6
only unless the project pays for IPv4; the shared pooler ``<…>.pooler.supabase.com`` answers over IPv4, in session
mode on port 5432 and in transaction mode on 6543, to the user ``postgres.<ref>``. Paying projects also have a pooler
of their own on port 6543 of the direct address.
"""

from __future__ import annotations

import re
from typing import Literal

from sqlalchemy import URL

Kind = Literal["direct", "session", "transaction", "dedicated"]

NAMES: dict[Kind, str] = {
    "direct": "Supabase's direct address",
    "session": "Supabase's session pooler",
    "transaction": "Supabase's transaction pooler",
    "dedicated": "the dedicated pooler of a Supabase project",
}
AUTHORITY = (
    "download the certificate in Supabase's dashboard under Database, Settings, SSL Configuration, and append "
    "sslmode=verify-full and sslrootcert=PATH to the query of the URL"
)

_PORT = 5432
_POOLERS_PORT = 6543
_DIRECT = re.compile(r"db\.\w+\.supabase\.(co|red)")
_POOLER = re.compile(r"[\w-]+\.pooler\.supabase\.(com|red)")
_IPV6_ONLY = (
    "answers over IPv6 only, which this network may not have: use the string of the session pooler that the "
    "dashboard shows under Connect (port 5432), or of the transaction pooler (port 6543)"
)
_POOLERS_USER = "the user of Supabase's poolers is written postgres.<ref>, with the reference of the project"
_POOLERS_PROJECT = "see that user and host are those of your project, as the dashboard shows them under Connect"
_POOLERS_PORTS = "Supabase's poolers listen on port 5432 (session) and 6543 (transaction)"


def kind_of(url: URL) -> Kind | None:
    """Recognise a connection string.

    Parameters
    ----------
    url : sqlalchemy.URL
        Of a PostgreSQL server.

    Returns
    -------
    str or None
        Which one it is; ``None``: not one of Supabase's.
    """
    host, port = (url.host or "").lower(), url.port or _PORT
    if _DIRECT.fullmatch(host):
        return "dedicated" if port == _POOLERS_PORT else "direct"
    if _POOLER.fullmatch(host):
        return "transaction" if port == _POOLERS_PORT else "session"
    return None


def advice(url: URL, text: str) -> str:
    """Say what to do when a connection string does not work.

    Parameters
    ----------
    url : sqlalchemy.URL
        The connection string.
    text : str
        What libpq or the server said.

    Returns
    -------
    str
        Empty when it is not Supabase's, or there is nothing to add.
    """
    kind = kind_of(url)
    if kind is None:
        return ""
    is_pooler = kind in {"session", "transaction"}
    cases = (
        (not is_pooler and "FATAL" not in text, f"{NAMES[kind]} {_IPV6_ONLY}"),
        (is_pooler and "." not in (url.username or ""), _POOLERS_USER),
        (is_pooler and "not found" in text, _POOLERS_PROJECT),  # of the tenant, which is the project
        (is_pooler and "MaxClients" in text, "Supabase's session pooler has no connection left: use port 6543"),
        (is_pooler and url.port not in {None, _PORT, _POOLERS_PORT}, _POOLERS_PORTS),
    )
    return next((said for fits, said in cases if fits), "")


def complaint(url: URL) -> str:
    """Say what is wrong with a connection string before it is tried.

    Parameters
    ----------
    url : sqlalchemy.URL
        The connection string.

    Returns
    -------
    str
        Empty when nothing is.
    """
    if (url.password or "").upper() == "[YOUR-PASSWORD]":
        return "the URL still says [YOUR-PASSWORD]: put the password of the database there, percent-encoded"
    if "@" in (url.host or ""):
        return "the password in the URL has an @ in it: write it as %40, and percent-encode other special characters"
    return ""
