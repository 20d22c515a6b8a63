"""Tokens are random, typos in them are found without asking anybody, and only a digest is stored."""

from __future__ import annotations

import hashlib
import random
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import limits
from primer_nb.credentials.tokens import digest, new_refresh_token, new_token, parse_token, public_id
from primer_nb.errors import TokenError
from primer_nb.secret import Secret, redact

ALPHABET = string.digits + string.ascii_letters


def is_refused(text):
    try:
        parse_token(Secret(text))
    except TokenError:
        return True
    return False


def test_a_token_has_the_documented_form():
    text = new_token().reveal()

    assert re.fullmatch(r"pnbk_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}", text)
    assert len(text) <= limits.TOKEN
    assert redact(f"refused: {text}") == "refused: [hidden]"


def test_the_checksum_is_a_crc_32_in_base62():
    text = new_token().reveal()
    number = 0
    for character in text[-6:]:
        number = number * 62 + (string.digits + string.ascii_uppercase + string.ascii_lowercase).index(character)

    assert number == zlib.crc32(text[:-6].encode())


def test_a_token_is_read_as_it_was_made_with_blanks_around_it():
    token = new_token()

    assert parse_token(Secret(f"  {token.reveal()}\n")).reveal() == token.reveal()


def test_ten_thousand_tokens_are_all_different():
    made = [new_token().reveal() for _ in range(10_000)]

    assert len(set(made)) == len({text[14:57] for text in made}) == 10_000
    assert len({text[5:13] for text in made}) == 10_000


def test_every_single_wrong_character_is_found():
    text = new_token().reveal()
    characters = ALPHABET + "_- é"

    wrong = [
        text[:at] + other + text[at + 1 :] for at in range(len(text)) for other in characters if other != text[at]
    ]

    assert len(wrong) > 4_000
    assert [typo for typo in wrong if not is_refused(typo)] == []


def test_wrong_characters_in_many_tokens_are_found():
    pick = random.Random(7)
    passed = []

    for _ in range(200):
        text = new_token().reveal()
        for at in pick.sample(range(len(text)), 20):
            other = pick.choice([character for character in ALPHABET if character != text[at]])
            typo = text[:at] + other + text[at + 1 :]
            passed += [] if is_refused(typo) else [typo]

    assert passed == []


def test_exchanged_neighbours_and_lost_or_doubled_characters_are_found():
    text = new_token().reveal()
    places = range(len(text) - 1)
    exchanged = {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in places} - {text}
    lost = {text[:at] + text[at + 1 :] for at in places}
    doubled = {text[: at + 1] + text[at:] for at in places}

    assert [typo for typo in exchanged | lost | doubled if not is_refused(typo)] == []


@given(st.text(min_size=1).filter(str.strip))
def test_any_other_text_is_refused(text):
    assert is_refused(text)
    assert is_refused("pnbk_" + text)


def test_a_refused_token_is_not_in_the_message():
    text = new_token().reveal()[:-1] + "!"

    with pytest.raises(TokenError, match="copy it again") as caught:
        parse_token(Secret(text))

    assert text[14:40] not in str(caught.value)


def test_the_public_id_is_the_part_that_may_be_shown():
    token = new_token()

    assert public_id(token) == token.reveal()[5:13]
    assert len(public_id(token)) <= limits.KEY_PREFIX


def test_a_refresh_token_has_no_public_id():
    with pytest.raises(TokenError):
        public_id(new_refresh_token())


def test_refresh_tokens_hold_256_bits_and_are_all_different():
    made = [new_refresh_token().reveal() for _ in range(1_000)]

    assert len(set(made)) == 1_000
    assert all(re.fullmatch(r"pnbr_[0-9A-Za-z]{43}", text) for text in made)
    assert 62**43 > 2**256


def test_the_digest_is_sha_256():
    token = new_token()

    assert digest(token) == hashlib.sha256(token.reveal().encode()).hexdigest()
    assert len(digest(token)) == limits.SHA256
    assert digest(Secret("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
