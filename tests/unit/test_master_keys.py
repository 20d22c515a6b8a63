"""The master key comes from the environment or the keyring, and a machine without either says what to do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest

from primer_nb.credentials.master_keys import find_master_key, make_master_key
from primer_nb.errors import MasterKeyError
from primer_nb.secret import Secret

KEY = "a-master-key-of-the-environment-1234"


class RememberingKeyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = -1  # never chosen by itself

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.written = 0

    def get_password(self, service: str, username: str) -> str | None:
        found = self.entries.get((service, username))
        time.sleep(0.005)  # others may write before the caller knows
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        self.written += 1
        self.entries[service, username] = password


class BrokenKeyring(RememberingKeyring):
    """A keyring that raises what it is told to raise."""

    def __init__(self, *, get: Exception | None = None, set_: Exception | None = None) -> None:
        super().__init__()
        self.errors = (get, set_)

    def get_password(self, service: str, username: str) -> str | None:
        if self.errors[0]:
            raise self.errors[0]
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.errors[1] or AssertionError("not to be written")


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """Start without a keyring, and never touch the user's."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def remembering() -> RememberingKeyring:
    """A keyring that works."""
    made = RememberingKeyring()
    keyring.set_keyring(made)
    return made


def test_the_tests_see_no_keyring_of_the_user():
    assert os.environ["PYTHON_KEYRING_BACKEND"] == "keyring.backends.fail.Keyring"


def test_the_environment_comes_first(remembering, monkeypatch):
    make_master_key()
    monkeypatch.setenv("PRIMER_MASTER_KEY", f" {KEY}\n")

    assert find_master_key().reveal() == KEY


@pytest.mark.parametrize("short", ["x", "x" * 31, " " * 40 + "x" * 31 + " " * 40])
def test_a_short_key_in_the_environment_is_refused_and_not_shown(monkeypatch, short):
    monkeypatch.setenv("PRIMER_MASTER_KEY", short)

    with pytest.raises(
        MasterKeyError, match=r"^\$PRIMER_MASTER_KEY is too short .* set \$PRIMER_MASTER_KEY"
    ) as caught:
        find_master_key()

    assert "xx" not in str(caught.value)


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_variable_counts_as_none(monkeypatch, nothing):
    monkeypatch.setenv("PRIMER_MASTER_KEY", nothing)

    assert find_master_key() is None


def test_a_key_that_was_made_is_found_again(remembering):
    made = make_master_key()

    assert find_master_key().reveal() == made.reveal()
    assert make_master_key().reveal() == made.reveal()
    assert remembering.entries == {("primer_nb", "master_key"): made.reveal()}
    assert len(made.reveal()) >= 43
    assert "PRIMER_MASTER_KEY" not in os.environ


def test_nothing_is_made_by_looking(remembering):
    assert find_master_key() is None
    assert remembering.written == 0


def test_kernels_that_start_at_once_agree_on_one_key(remembering):
    made: list[Secret] = []
    threads = [threading.Thread(target=lambda: made.append(make_master_key())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert {key.reveal() for key in made} == set(remembering.entries.values())
    assert remembering.written == 1


@pytest.mark.parametrize(
    "backend",
    [
        keyring.backends.fail.Keyring(),
        BrokenKeyring(get=keyring.errors.KeyringLocked("locked")),
        BrokenKeyring(get=keyring.errors.InitError("no session bus")),
        BrokenKeyring(get=OSError(5, "a backend's own error")),
        BrokenKeyring(get=ImportError("no module named dbus")),
    ],
    ids=lambda backend: type(backend).__name__,
)
def test_a_keyring_that_cannot_be_used_counts_as_none(backend):
    keyring.set_keyring(backend)

    assert find_master_key() is None
    with pytest.raises(MasterKeyError, match=r"no keyring of the operating system .* set \$PRIMER_MASTER_KEY"):
        make_master_key()


@pytest.mark.parametrize("error", [keyring.errors.PasswordSetError("denied"), OSError(13, "denied")])
def test_a_keyring_that_keeps_nothing_is_said(error):
    keyring.set_keyring(BrokenKeyring(set_=error))

    with pytest.raises(MasterKeyError, match=type(error).__name__):
        make_master_key()


def test_a_keyring_that_is_switched_off_is_said():
    keyring.set_keyring(keyring.backends.null.Keyring())

    with pytest.raises(MasterKeyError, match="it forgets what it is given"):
        make_master_key()


def test_an_entry_that_is_no_key_is_neither_used_nor_overwritten(remembering):
    remembering.entries["primer_nb", "master_key"] = "short"

    for ask in (find_master_key, make_master_key):
        with pytest.raises(MasterKeyError, match="the entry 'master_key' of 'primer_nb' in the keyring is too short"):
            ask()

    assert remembering.written == 0
