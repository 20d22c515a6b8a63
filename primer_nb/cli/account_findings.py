"""What ``primer-nb doctor`` looks at for accounts: what seals keys of who has none.

As in `findings`, a check changes nothing and never raises. The keyring is asked who it is, not for the key: to ask
for that may open a window that wants a password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from primer_nb.cli.findings import FAIL, OK, WARN, Finding
from primer_nb.credentials.master_keys import SHORTEST, VARIABLE

_NEW_KEY = f"set ${VARIABLE}: python -c 'import secrets; print(secrets.token_urlsafe(32))' prints one"


def account_findings() -> Iterator[Finding]:
    """Look at everything in turn.

    Yields
    ------
    Finding
        As soon as it is known.
    """
    yield _master_key()


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
