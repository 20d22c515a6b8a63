"""Recovery keys forgive how they are typed, and find every slip."""

from __future__ import annotations

import base64
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.credentials import recovery_keys
from primer_nb.credentials.recovery_keys import new_recovery_key, parse_recovery_key, slot_id_of
from primer_nb.errors import InvalidInputError
from primer_nb.secret import Secret

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# b"primer_nb recovery k" in Base32 of RFC 4648; the last group is its number modulo 1,048,573
KNOWN = "OBZG-S3LF-OJPW-4YRA-OJSW-G33W-MVZH-SIDL-JWMS"


def is_refused(text):
    try:
        parse_recovery_key(Secret(text))
    except InvalidInputError:
        return True
    return False


def test_a_recovery_key_is_nine_groups_of_four():
    assert re.fullmatch(r"([A-Z2-7]{4}-){8}[A-Z2-7]{4}", new_recovery_key().reveal())


def test_a_recovery_key_is_base_32_and_a_check_group(monkeypatch):
    monkeypatch.setattr(recovery_keys.secrets, "token_bytes", lambda length: b"primer_nb recovery k"[:length])

    text = new_recovery_key().reveal()

    assert text == KNOWN
    assert text.replace("-", "")[:32] == base64.b32encode(b"primer_nb recovery k").decode()
    check = sum(ALPHABET.index(character) << place * 5 for place, character in enumerate(reversed(text[-4:])))
    assert check == int.from_bytes(b"primer_nb recovery k", "big") % 1_048_573


def test_a_new_key_is_read_as_it_was_made():
    for _ in range(200):
        key = new_recovery_key()

        assert parse_recovery_key(key).reveal() == key.reveal()


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: text.replace("-", " "),
        lambda text: text.replace("-", "\N{EN DASH}"),
        lambda text: f"\n  {text.replace('-', '  -  ')}\t",
        lambda text: text.replace("O", "0").replace("I", "1"),
        lambda text: text.lower().replace("o", "0").replace("i", "1"),
    ],
)
def test_a_key_may_be_typed_in_many_ways(spell):
    for _ in range(20):
        key = new_recovery_key()

        assert parse_recovery_key(Secret(spell(key.reveal()))).reveal() == key.reveal()
        assert slot_id_of(Secret(spell(key.reveal()))) == slot_id_of(key)


def test_every_single_wrong_character_is_found():
    for _ in range(5):
        text = new_recovery_key().reveal().replace("-", "")
        wrong = {text[:at] + other + text[at + 1 :] for at in range(36) for other in ALPHABET + "89"} - {text}

        assert [typo for typo in wrong if not is_refused(typo)] == []


def test_every_exchange_of_two_characters_is_found():
    for _ in range(5):
        text = new_recovery_key().reveal().replace("-", "")
        wrong = set()
        for left in range(36):
            for right in range(left + 1, 36):
                characters = list(text)
                characters[left], characters[right] = characters[right], characters[left]
                wrong.add("".join(characters))

        assert [typo for typo in wrong - {text} if not is_refused(typo)] == []


def test_a_lost_or_doubled_character_is_found():
    text = new_recovery_key().reveal().replace("-", "")
    wrong = [text[:at] + text[at + 1 :] for at in range(36)] + [text[: at + 1] + text[at:] for at in range(36)]

    assert [typo for typo in wrong if not is_refused(typo)] == []


@given(st.text(min_size=1).filter(str.strip))
def test_any_other_text_is_refused(text):
    assert is_refused(text)


def test_a_refused_key_is_not_in_the_message():
    text = new_recovery_key().reveal()[:-1] + "8"

    with pytest.raises(InvalidInputError, match="compare it with what you wrote down") as caught:
        parse_recovery_key(Secret(text))

    assert text[:9] not in str(caught.value)


def test_keys_and_their_slots_are_all_different():
    made = [new_recovery_key() for _ in range(1_000)]

    assert len({key.reveal() for key in made}) == len({slot_id_of(key) for key in made}) == 1_000


def test_the_slot_of_a_key_is_a_uuid_that_stays():
    made = uuid.UUID(slot_id_of(Secret(KNOWN)))

    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert str(made) == "425e4665-aa7e-8eec-bfca-7c892a0bc661"


def test_a_typo_finds_no_slot():
    with pytest.raises(InvalidInputError):
        slot_id_of(Secret(KNOWN[:-1] + "8"))
