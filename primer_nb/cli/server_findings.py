"""What ``primer-nb doctor`` looks at of the server: whether it answers, what it is, who can read along.

It is the one check that uses the network; as the others it changes nothing and never raises.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from primer_nb.cli.findings import FAIL, OK, WARN, Finding
from primer_nb.cli.stores import is_missing
from primer_nb.database import Store, migrations, supabase
from primer_nb.database.url_parameters import is_this_machine
from primer_nb.errors import PrimerError

_SERVERS = ("PRIMER_SERVER_URL", "SUPABASE_CONNECTION_STRING")
_VERIFY = "append sslmode=verify-full and sslrootcert=PATH, its authority's certificate, to the query of the URL"


def server_findings() -> Iterator[Finding]:
    """Look at everything in turn.

    Yields
    ------
    Finding
        As soon as it is known.
    """
    variable = next((name for name in _SERVERS if os.environ.get(name)), None)
    if variable is None:
        yield Finding("server", OK, "none; accounts live in the store")
        return
    address = os.environ[variable]
    try:
        if is_missing(address):
            yield Finding("server", OK, f"{address} is not there yet; the first account makes it")
            return
        store = Store(address)
    except PrimerError as error:
        yield Finding("server", FAIL, f"${variable}: {error}")
        return
    try:
        yield _schema(store, variable)
        if store.dialect == "postgresql":
            yield from _line(store)
    finally:
        store.close()


def _schema(store: Store, variable: str) -> Finding:
    try:
        status = migrations.status(store.engine)
    except PrimerError as error:
        advice = f"correct ${variable}, or wait for the server: who signed in here before can do so without it"
        return Finding("server", FAIL, f"${variable}: {error}", advice)
    if status.is_newer:
        return Finding("server", FAIL, f"{store.address} was written by a newer release", "pip install -U primer-nb")
    if status.pending:
        advice = "its owner brings it up to date by signing in, or with 'primer-nb migrate up'"
        return Finding("server", WARN, f"{store.address} is at {status.current or 'base'}", advice)
    return Finding("server", OK, f"{store.address} is up to date")


def _line(store: Store) -> Iterator[Finding]:
    url = store.address.url
    kind = supabase.kind_of(url)
    if kind is not None:
        yield Finding("Supabase", OK, f"{supabase.NAMES[kind]}; the pooler on port 6543 takes backups as well")
    mode = url.query.get("sslmode")
    if is_this_machine(url):
        return
    if mode == "disable":
        text = "switched off by the URL: everybody on the way can read along, passwords too"
        yield Finding("server's TLS", WARN, text, "remove sslmode=disable")
    elif mode == "require":
        text = "encrypted, but nobody checks whose server answers"
        yield Finding("server's TLS", WARN, text, supabase.AUTHORITY if kind else _VERIFY)
    else:
        yield Finding("server's TLS", OK, f"encrypted, and the server has to prove who it is ({mode})")
