"""No error of the credentials shows a secret: not in its text, not in a traceback that prints local variables."""

from __future__ import annotations

import base64
import os
import pickle
import traceback
from pathlib import Path

import argon2
import keyring
import keyring.backend
import pytest

from primer_nb.credentials import master_keys, passwords, private_files, recovery_keys, sealing, slots, tokens
from primer_nb.credentials.kept_tokens import KeptToken, kept_token
from primer_nb.secret import Secret

CANARY = "CanaryThatNobodyMaySee"
MATERIAL = b"CanaryKeyOf32BytesNobodyMaySee!!"
PLACE = {"user_id": "user-1", "slot_id": "slot-1"}


def data_key():
    return sealing.DataKey(MATERIAL, kid="0a1b2c3d")


def opened_with_another_password():
    slot = slots.seal_slot(data_key(), kind="password", opener=Secret(CANARY), **PLACE)
    slots.open_slot(slot, kind="password", opener=Secret(CANARY + "?"), **PLACE)


def opened_with_another_token():
    slot = slots.seal_slot(data_key(), kind="api_key", opener=Secret(CANARY), **PLACE)
    slots.open_slot(slot, kind="api_key", opener=Secret(CANARY + "?"), **PLACE)


def opened_elsewhere():
    here, there = (sealing.Context("provider_key", user_id=user) for user in ("ada", "bob"))
    sealing.open_sealed(data_key(), sealing.seal(data_key(), Secret(CANARY), context=here), context=there)


def sealed_with_a_wiped_key():
    key = data_key()
    key.wipe()
    sealing.seal(key, Secret(CANARY), context=sealing.Context("provider_key", user_id="ada"))


class FullMemory:
    """The library of Argon2 on a machine without memory to spare; its own frames hold the password."""

    def __init__(self, library):
        self._library = library

    def __getattr__(self, name):
        return getattr(self._library, name)

    def argon2_hash(self, *args):
        return self._library.ARGON2_MEMORY_ALLOCATION_ERROR


def no_memory(monkeypatch):
    monkeypatch.setattr(argon2.low_level, "lib", FullMemory(argon2.low_level.lib))


def hashed_without_memory(monkeypatch):
    no_memory(monkeypatch)
    passwords.hash_password(Secret(CANARY))


def verified_without_memory(monkeypatch):
    no_memory(monkeypatch)
    passwords.verify_password("!", Secret(CANARY))


def sealed_without_memory(monkeypatch):
    no_memory(monkeypatch)
    slots.seal_slot(data_key(), kind="password", opener=Secret(CANARY), **PLACE)


def kept_on_a_full_disk(monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with kept_token("a b") as keeper:
        keeper.write(KeptToken(Secret(CANARY), Secret(CANARY), "user-1"))


class Refusing(keyring.backend.KeyringBackend):
    """A keyring that fails with the key in its hands."""

    priority = -1

    def get_password(self, service, username):
        return None

    def set_password(self, service, username, password):
        raise RuntimeError(f"cannot keep {password}")


def made_with_a_refusing_keyring(monkeypatch):
    monkeypatch.setattr(master_keys.secrets, "token_urlsafe", lambda length: CANARY * 2)
    monkeypatch.setattr(keyring.core, "_keyring_backend", Refusing())
    master_keys.make_master_key()


def found_too_short(monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", CANARY)
    master_keys.find_master_key()


FAILURES = [
    lambda: passwords.normalized(Secret(CANARY * 100)),
    lambda: passwords.normalized(Secret(CANARY + "\ud800")),
    lambda: passwords.hash_password(Secret(CANARY + "\ud800")),
    lambda: passwords.verify_password("!", Secret(CANARY * 100)),
    lambda: passwords.check_new_password(Secret(CANARY), minimum=99),
    lambda: passwords.check_new_password(Secret("enihsnus"[::-1]), minimum=8),
    opened_with_another_password,
    opened_with_another_token,
    opened_elsewhere,
    sealed_with_a_wiped_key,
    hashed_without_memory,
    verified_without_memory,
    sealed_without_memory,
    lambda: slots.seal_slot(data_key(), kind="none", opener=Secret(CANARY), **PLACE),
    lambda: tokens.parse_token(Secret(CANARY)),
    lambda: tokens.public_id(Secret(CANARY)),
    lambda: recovery_keys.parse_recovery_key(Secret(CANARY)),
    lambda: recovery_keys.slot_id_of(Secret(CANARY)),
    lambda: sealing.open_sealed(data_key(), CANARY[::-1], context=sealing.Context("p", user_id="u")),
    kept_on_a_full_disk,
    made_with_a_refusing_keyring,
    found_too_short,
    lambda: pickle.dumps(KeptToken(Secret(CANARY), None, "user-1")),
    lambda: pickle.dumps(data_key()),
]


def shown(error):
    """Return what a verbose traceback shows: texts, and the local variables of every frame but the tests' own."""
    yield from traceback.format_exception(error, chain=True)
    waiting = [error]
    while waiting:
        current = waiting.pop()
        yield str(current)
        yield repr(current.args)
        waiting += [other for other in (current.__cause__, current.__context__) if other is not None]
        for frame, _ in traceback.walk_tb(current.__traceback__):
            if Path(frame.f_code.co_filename) != Path(__file__):
                yield from map(repr, frame.f_locals.values())


def spellings(secret):
    """Return a secret as it may be written."""
    yield from (secret.decode(), secret.hex(), secret.decode().casefold(), secret.decode().upper())
    yield base64.b64encode(secret).decode().rstrip("=")[:-1]


@pytest.mark.parametrize("fail", FAILURES, ids=range(len(FAILURES)))
def test_no_failure_shows_a_secret(quick_argon2, monkeypatch, fail):
    with pytest.raises(Exception) as caught:
        fail(monkeypatch) if fail.__code__.co_argcount else fail()
    monkeypatch.undo()

    seen = "\n".join(shown(caught.value)).replace("\\'", "'")

    secrets = [*spellings(CANARY.encode()), *spellings(MATERIAL), "sunshine"]
    assert [secret for secret in secrets if secret in seen] == []


def test_an_error_of_argon2_itself_would_show_the_password(monkeypatch):
    no_memory(monkeypatch)
    with pytest.raises(argon2.exceptions.HashingError) as caught:
        argon2.PasswordHasher().hash(CANARY)

    assert CANARY in "\n".join(shown(caught.value))


def test_the_search_finds_a_secret_in_a_local_variable():
    with pytest.raises(Exception) as caught:
        base64.b64decode(CANARY + "!", validate=True)

    assert CANARY in "\n".join(shown(caught.value))


@pytest.mark.parametrize("show", [repr, str, format, "{!r}".format])
@pytest.mark.parametrize(
    "value",
    [data_key(), KeptToken(Secret(CANARY), Secret(CANARY), "user-1"), passwords.UNKNOWN, private_files],
    ids=["data key", "kept token", "unknown", "module"],
)
def test_no_value_shows_a_secret(show, value):
    seen = show(value)

    assert [secret for secret in (*spellings(CANARY.encode()), *spellings(MATERIAL)) if secret in seen] == []
