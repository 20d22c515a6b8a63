"""What ``primer-nb doctor`` looks at for accounts: where they live, and what seals keys of who has none.

As in `findings`, a check changes nothing and never raises. The keyring is asked who it is, not for the key: to ask
for that may open a window that wants a password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from primer_nb.cli.findings import FAIL, OK, WARN, Finding
from primer_nb.cli.stores import is_missing
from primer_nb.credentials.master_keys import SHORTEST, VARIABLE
from primer_nb.database import Store, migrations
from primer_nb.errors import PrimerError

_SERVERS = ("PRIMER_SERVER_URL", "SUPABASE_CONNECTION_STRING")
_NEW_KEY = f"set ${VARIABLE}: python -c 'import secrets; print(secrets.token_urlsafe(32))' prints one"


def account_findings() -> Iterator[Finding]:
    """Look at everything in turn.

    Yields
    ------
    Finding
        As soon as it is known.
    """
    yield _server()
    yield _master_key()


def _server() -> Finding:
    variable = next((name for name in _SERVERS if os.environ.get(name)), None)
    if variable is None:
        return Finding("server", OK, "none; accounts live in the store")
    address = os.environ[variable]
    try:
        if is_missing(address):
            return Finding("server", OK, f"{address} is not there yet; the first account makes it")
        store = Store(address)
    except PrimerError as error:
        return Finding("server", FAIL, f"${variable}: {error}")
    try:
        return _schema(store)
    except PrimerError as error:
        advice = f"correct ${variable}, or wait for the server: who signed in here before can do so without it"
        return Finding("server", FAIL, f"${variable}: {error}", advice)
    finally:
        store.close()


def _schema(store: Store) -> Finding:
    status = migrations.status(store.engine)
    if status.is_newer:
        return Finding("server", FAIL, f"{store.address} was written by a newer release", "pip install -U primer-nb")
    if status.pending:
        advice = "its owner brings it up to date by signing in, or with 'primer-nb migrate up'"
        return Finding("server", WARN, f"{store.address} is at {status.current or 'base'}", advice)
    return Finding("server", OK, f"{store.address} is up to date")


def _master_key() -> Finding:
    value = os.environ.get(VARIABLE, "").strip()
    if value and len(value) < SHORTEST:
        text = f"${VARIABLE} is shorter than {SHORTEST} characters, so nothing is sealed with it"
        return Finding("master key", FAIL, text, _NEW_KEY)
    if value:
        return Finding("master key", OK, f"${VARIABLE} is set")
    if keyring := _keyring():
        return Finding("master key", OK, f"kept in the keyring ({keyring}), once a provider key is stored")
    text = f"no ${VARIABLE} and no keyring: provider keys can be stored after signing up, and not without an account"
    return Finding("master key", WARN, text, f"{_NEW_KEY}; or ws.register(email)")


def _keyring() -> str | None:
    """Name the keyring of the operating system, if there is one that keeps things."""
    try:
        import keyring

        backend = keyring.get_keyring()
        return backend.name if backend.priority > 0 else None
    except Exception:  # noqa: BLE001  backends raise what their systems raise
        return None
