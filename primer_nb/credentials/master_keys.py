"""The master key of a machine: it opens the data key of somebody who has no password, such as the local user.

From ``$PRIMER_MASTER_KEY``, or from the keyring of the operating system. It is written to no file and never into the
environment, which every child process inherits.
"""

from __future__ import annotations

import os
import secrets

from primer_nb.credentials.private_files import alone
from primer_nb.errors import MasterKeyError
from primer_nb.paths import data_dir
from primer_nb.secret import Secret

VARIABLE = "PRIMER_MASTER_KEY"
SHORTEST = 32  # characters; it is not stretched, so it has to be random

_SERVICE, _ENTRY = "primer_nb", "master_key"
_WAY_OUT = (
    f"set ${VARIABLE} to {SHORTEST} or more random characters, such as what "
    "python -c 'import secrets; print(secrets.token_urlsafe(32))' prints, or register an account"
)


class _NoKeyringError(Exception):
    """The keyring cannot be used; the text is the kind of failure."""


def find_master_key() -> Secret | None:
    """Find the master key.

    Returns
    -------
    Secret or None
        What ``$PRIMER_MASTER_KEY`` holds, else what the keyring does; ``None`` if neither has one or the keyring
        cannot be used.

    Raises
    ------
    MasterKeyError
        If it is too short to be a random key.
    """
    if os.environ.get(VARIABLE, "").strip():
        return _checked(Secret(os.environ[VARIABLE].strip()), source=f"${VARIABLE}")
    try:
        return _of_keyring()
    except _NoKeyringError:
        return None


def make_master_key() -> Secret:
    """Make a master key and keep it in the keyring; one that is there already stays and is returned.

    Returns
    -------
    Secret
        The key, as the keyring gives it back.

    Raises
    ------
    MasterKeyError
        If there is no keyring, it is locked, or it does not keep what it is given. The message says what to do.
    """
    with alone(data_dir() / "master-key.lock"):  # two kernels that start at once shall agree on one
        try:
            kept = _of_keyring() or _kept(Secret(secrets.token_urlsafe(32)))
        except _NoKeyringError as error:
            raise MasterKeyError(
                f"no keyring of the operating system keeps the key of this machine ({error}); {_WAY_OUT}"
            ) from None
    return kept


def _kept(key: Secret) -> Secret:
    _write(key)
    kept = _of_keyring()
    if kept is None:  # such as the backend that stands for a keyring switched off
        raise _NoKeyringError("it forgets what it is given")
    return kept


def _of_keyring() -> Secret | None:
    try:
        import keyring  # 70 ms, and may start a service

        text = keyring.get_password(_SERVICE, _ENTRY)
    except Exception as error:  # noqa: BLE001  backends raise what their systems raise
        raise _NoKeyringError(type(error).__name__) from None
    if not text or not text.strip():
        return None
    return _checked(Secret(text), source=f"the entry {_ENTRY!r} of {_SERVICE!r} in the keyring")


def _write(key: Secret) -> None:
    try:
        import keyring

        keyring.set_password(_SERVICE, _ENTRY, key.reveal())
    except Exception as error:  # noqa: BLE001  as above
        failure = type(error).__name__
    else:
        return
    raise _NoKeyringError(failure)  # out of the except block: the frames of the keyring hold the key


def _checked(key: Secret, *, source: str) -> Secret:
    if len(key.reveal()) < SHORTEST:
        raise MasterKeyError(f"{source} is too short to be a master key; {_WAY_OUT}")
    return key
