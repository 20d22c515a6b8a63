"""What may stand behind the question mark of a PostgreSQL URL, and which of it reaches libpq.

libpq refuses a name that it does not know. Some that providers print are meant for other programs and are left out;
any other is refused by us, with what was probably meant: a misspelled ``sslmode`` must not go unnoticed.
"""

from __future__ import annotations

import difflib
import ipaddress

from sqlalchemy import URL

from primer_nb.errors import InvalidInputError

LIBPQ = frozenset(
    (
        "application_name",
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "dbname",
        "fallback_application_name",
        "gssdelegation",
        "gssencmode",
        "gsslib",
        "host",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "krbsrvname",
        "load_balance_hosts",
        "max_protocol_version",
        "min_protocol_version",
        "oauth_client_id",
        "oauth_issuer",
        "oauth_scope",
        "options",
        "passfile",
        "password",
        "port",
        "replication",
        "require_auth",
        "requirepeer",
        "service",
        "servicefile",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "sslcert",
        "sslcertmode",
        "sslcompression",
        "sslcrl",
        "sslcrldir",
        "sslkey",
        "sslkeylogfile",
        "sslmode",
        "sslnegotiation",
        "sslrootcert",
        "sslsni",
        "target_session_attrs",
        "tcp_user_timeout",
        "user",
    )
)
"""The names that libpq 18 knows, but for `SECRET`."""

SECRET = frozenset(("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"))
"""Names whose values would be shown wherever an address is."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

# of Prisma (pgbouncer, connection_limit, pool_timeout, statement_cache_size, socket_timeout), of Vercel's integration
# (supa, workaround), of node-postgres (uselibpqcompat)
_FOREIGN = frozenset(
    (
        "pgbouncer",
        "connection_limit",
        "pool_timeout",
        "statement_cache_size",
        "socket_timeout",
        "supa",
        "workaround",
        "uselibpqcompat",
    )
)
_CHOSEN = ("disable", "verify-ca", "verify-full")  # modes that a URL may choose for a distant server


def understood(url: URL) -> URL:
    """Leave out what is meant for other programs.

    Parameters
    ----------
    url : sqlalchemy.URL
        Of a PostgreSQL server.

    Returns
    -------
    sqlalchemy.URL
        With parameters that libpq knows; a name and a password are moved to their places.

    Raises
    ------
    InvalidInputError
        If a parameter is not known, or has a value that cannot be followed.
    """
    query = dict(url.query)
    if str(query.pop("ssl", "true")).lower() not in {"true", "1", "require"}:
        raise InvalidInputError("the URL's ssl= is not 'true'; write sslmode=require, verify-full or disable instead")
    if query.pop("schema", "public") != "public":
        raise InvalidInputError("another schema is named by options=-csearch_path%3DNAME, not by schema=NAME")
    query = {name: value for name, value in query.items() if name not in _FOREIGN}
    for name in query:
        _check(name)
    mode = query.get("sslmode", "require")
    if mode not in SSL_MODES:
        raise InvalidInputError(f"sslmode={mode!r} is none of {', '.join(SSL_MODES)}")
    if "user" in query:
        url = url.set(username=str(query.pop("user")))
    if "password" in query:
        url = url.set(password=str(query.pop("password")))
    return url.set(query=query)


def secured(url: URL) -> URL:
    """Ask for TLS when a server is not on this machine: libpq's own default falls back to plain text.

    Parameters
    ----------
    url : sqlalchemy.URL
        Of a PostgreSQL server.

    Returns
    -------
    sqlalchemy.URL
        With ``verify-full`` when it names a certificate authority and ``require`` when it does not; ``disable`` and
        ``verify-ca`` only where it says so itself.
    """
    if is_this_machine(url) or url.query.get("sslmode") in _CHOSEN:
        return url
    return url.update_query_dict({"sslmode": "verify-full" if "sslrootcert" in url.query else "require"})


def is_this_machine(url: URL) -> bool:
    """Tell whether what is sent to a server stays on this machine.

    Parameters
    ----------
    url : sqlalchemy.URL
        Of the server.

    Returns
    -------
    bool
        True for a Unix socket and a loopback address.
    """
    host = url.host or str(url.query.get("host", ""))
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(name: str) -> None:
    if name in SECRET:
        raise InvalidInputError(f"{name}= is a secret, and the parameters of a URL are shown; it is not taken here")
    if name not in LIBPQ:
        similar = difflib.get_close_matches(name, LIBPQ, n=1)
        hint = f"; did you mean {similar[0]}?" if similar else "; remove it"
        raise InvalidInputError(f"a PostgreSQL URL has no parameter {name!r}{hint}")
