"""Passwords are hashed by Argon2id, and only hashes of sensible cost are read."""

from __future__ import annotations

import unicodedata

import argon2
import pytest
from argon2.low_level import Type, hash_secret
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.credentials import passwords
from primer_nb.credentials.argon2_texts import Argon2Text, parse
from primer_nb.errors import AccountError, InvalidInputError
from primer_nb.secret import Secret

PASSWORD = "purple otter reads maps"


@pytest.fixture
def derivations(monkeypatch):
    """What Argon2 is asked to do, in place of doing it."""
    asked = []

    def spy(secret, salt, **parameters):
        asked.append(parameters)
        return bytes(parameters["hash_len"])

    monkeypatch.setattr(passwords, "hash_secret_raw", spy)
    return asked


def stored(text=PASSWORD, *, t=1, m=8, p=1, salt=bytes(16), tag=32, kind=Type.ID, version=19):
    """Hash as another program would."""
    made = hash_secret(
        text.encode(), salt, time_cost=t, memory_cost=m, parallelism=p, hash_len=tag, type=kind, version=version
    )
    return made.decode()


def test_a_hash_has_the_second_recommended_parameters_of_rfc_9106():
    made = passwords.hash_password(Secret(PASSWORD))

    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert [len(part) for part in made.split("$")[-2:]] == [22, 43]  # 16 and 32 bytes in Base64
    assert argon2.PasswordHasher().verify(made, PASSWORD)
    assert passwords.verify_password(made, Secret(PASSWORD))
    assert not passwords.needs_rehash(made)


def test_no_two_of_a_thousand_salts_are_equal(quick_argon2):
    made = [passwords.hash_password(Secret(PASSWORD)) for _ in range(1_000)]

    assert len({text.split("$")[-2] for text in made}) == 1_000


@pytest.mark.parametrize("other", [PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1]])
def test_a_password_is_neither_trimmed_nor_folded_nor_cut(quick_argon2, other):
    made = passwords.hash_password(Secret(PASSWORD))

    assert passwords.verify_password(made, Secret(PASSWORD))
    assert not passwords.verify_password(made, Secret(other))


def test_a_password_longer_than_other_hashes_read_counts_to_its_end(quick_argon2):
    made = passwords.hash_password(Secret("é" * 511 + "a"))

    assert not passwords.verify_password(made, Secret("é" * 511 + "b"))


def test_a_password_is_the_same_however_its_accents_are_typed(quick_argon2):
    made = passwords.hash_password(Secret(unicodedata.normalize("NFD", "crème brûlée à midi")))

    assert passwords.verify_password(made, Secret(unicodedata.normalize("NFC", "crème brûlée à midi")))


@given(st.text(min_size=1, max_size=256).filter(str.strip))
def test_every_password_of_characters_has_one_form(text):
    form = passwords.normalized(Secret(text))

    assert form == unicodedata.normalize("NFC", text).encode()
    assert passwords.normalized(Secret(form.decode())) == form


@pytest.mark.parametrize("text", ["x" * 1025, "é" * 513, "half \ud83d of an emoji"])
def test_what_is_no_password_is_refused(text):
    with pytest.raises(InvalidInputError, match="the password"):
        passwords.normalized(Secret(text))


@pytest.mark.parametrize(
    "known",
    [  # vectors of the reference implementation (phc-winner-argon2, src/test.c): "password", "somesalt"
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ],
)
def test_hashes_of_the_reference_implementation_verify(known):
    assert passwords.verify_password(known, Secret("password"))
    assert not passwords.verify_password(known, Secret("Password"))


@pytest.mark.parametrize(
    "weaker",
    [
        {"m": 19_456},
        {"t": 2},
        {"salt": bytes(8)},
        {"tag": 16},
        {"kind": Type.I},
        {"kind": Type.D},
        {"version": 16},
    ],
)
def test_a_weaker_hash_verifies_and_is_to_be_upgraded(weaker):
    known = stored(**{"t": 3, "m": 65_536, "p": 4, **weaker})

    assert passwords.verify_password(known, Secret(PASSWORD))
    assert passwords.needs_rehash(known)


def test_a_stronger_hash_stays(quick_argon2):
    assert not passwords.needs_rehash(stored(t=2, m=64, p=2, tag=64))


HOSTILE = [
    "$argon2id$v=19$m=2147483648,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=1048577,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=65536,t=1000000000,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=65536,t=11,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=65536,t=3,p=17$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=15,t=3,p=2$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=0,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=065536,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=٦٥٥٣٦,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=20$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2x$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHR$" + "A" * 43,  # not the spelling that encoding gives
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQaa$" + "A" * 43,  # no Base64 is that long
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 42 + "B",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 1_000_000,
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 43 + "\n",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ",
    "$2b$12$abcdefghijklmnopqrstuv",
    "",
    "!",
    passwords.UNKNOWN,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_hash_costs_as_much_as_a_hash_and_opens_nothing(derivations, hostile):
    assert not passwords.verify_password(hostile, Secret(PASSWORD))
    assert not passwords.needs_rehash(hostile)

    (asked,) = derivations
    assert (asked["memory_cost"], asked["time_cost"], asked["parallelism"]) == (65_536, 3, 4)


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    assert parse(text) is None or str(parse(text)).startswith("$argon2")


@given(
    salt=st.binary(min_size=8, max_size=64),
    tag=st.none() | st.binary(min_size=16, max_size=64),
    lanes=st.integers(1, 16),
    passes=st.integers(1, 10),
    memory=st.integers(128, 1024 * 1024),
)
def test_an_argon2_text_says_what_was_written(salt, tag, lanes, passes, memory):
    length = 32 if tag is None else len(tag)
    parameters = argon2.Parameters(Type.ID, 19, len(salt), length, passes, memory, lanes)
    written = Argon2Text(parameters, salt=salt, tag=tag)

    assert parse(str(written)) == written


def test_too_little_memory_is_said_clearly(quick_argon2, monkeypatch):
    def fail(*args, **kwargs):
        raise argon2.exceptions.HashingError("Memory allocation error")

    monkeypatch.setattr(passwords, "hash_secret_raw", fail)

    with pytest.raises(AccountError, match="memory to check"):
        passwords.hash_password(Secret(PASSWORD))
