"""A sealed text opens with its key, in its place, unchanged; and otherwise not at all."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import pickle
import random
from itertools import product

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given
from hypothesis import strategies as st

from primer_nb import limits
from primer_nb.credentials import envelope
from primer_nb.credentials.sealing import (
    LONGEST_PROVIDER_KEY,
    Context,
    DataKey,
    kid_of,
    new_data_key,
    open_sealed,
    seal,
)
from primer_nb.errors import SealError
from primer_nb.secret import Secret

KEY = DataKey(bytes(range(32)), kid="0a1b2c3d")
PLACE = Context("provider_key", user_id="user-1", provider="openai", row_id="row-1")
FROZEN = (
    "pnb1.0a1b2c3d.MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMNGjrhE8x1"
    "FhR_1wBsi4sn3G_d54ciIBTtfRcPUTo40W8LlKo2BSbaVq5UErFh0"
)

texts = st.text(st.characters(), min_size=1).filter(str.strip)  # halves of surrogate pairs included
contexts = st.builds(Context, texts, user_id=st.text(), provider=st.text(), row_id=st.text())


def refusal(data_key, sealed, context=PLACE):
    """Return the type and the text of the error."""
    with pytest.raises(Exception) as caught:
        open_sealed(data_key, sealed, context=context)
    return type(caught.value), str(caught.value), caught.value.__cause__, caught.value.__context__


def in_base64(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def body_of(sealed):
    text = sealed.split(".")[2]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@given(text=texts, context=contexts)
def test_a_sealed_text_opens_in_its_place(text, context):
    data_key = new_data_key()

    sealed = seal(data_key, Secret(text), context=context)

    assert open_sealed(data_key, sealed, context=context).reveal() == text
    assert kid_of(sealed) == data_key.kid


@given(written=contexts, read=contexts)
def test_a_sealed_text_opens_in_no_other_place(written, read):
    assume(written != read)

    sealed = seal(KEY, Secret("not-a-real-key"), context=written)

    with pytest.raises(SealError):
        open_sealed(KEY, sealed, context=read)


def test_a_name_cannot_be_moved_from_one_field_to_the_next():
    sealed = seal(KEY, Secret("not-a-real-key"), context=Context("provider_key", "ab", "c", "d"))

    with pytest.raises(SealError):
        open_sealed(KEY, sealed, context=Context("provider_key", "a", "bc", "d"))


def test_version_1_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(envelope.secrets, "token_bytes", lambda length: b"0" * length)

    assert seal(KEY, Secret("not-a-real-key"), context=PLACE) == FROZEN
    assert open_sealed(KEY, FROZEN, context=PLACE).reveal() == "not-a-real-key"


def test_version_1_is_what_its_description_says():
    body = body_of(FROZEN)
    salt, nonce, commitment, ciphertext = body[:16], body[16:28], body[28:44], body[44:]
    pseudorandom = hmac.digest(salt, bytes(range(32)), hashlib.sha256)  # RFC 5869: extract, then expand
    info = b"primer_nb/v1/provider_key"
    first = hmac.digest(pseudorandom, info + b"\x01", hashlib.sha256)
    second = hmac.digest(pseudorandom, first + info + b"\x02", hashlib.sha256)
    fields = ("primer_nb", "provider_key", "pnb1", "0a1b2c3d", "user-1", "openai", "row-1")
    associated = b"".join(len(field).to_bytes(4, "big") + field.encode() for field in fields)

    assert commitment == second[:16]
    assert AESGCM(first).decrypt(nonce, ciphertext, associated) == b"not-a-real-key"


def test_the_same_text_is_sealed_differently_each_time():
    assert len({seal(KEY, Secret("not-a-real-key"), context=PLACE) for _ in range(100)}) == 100


def test_the_longest_provider_key_fits_its_column():
    sealed = seal(KEY, Secret("k" * LONGEST_PROVIDER_KEY), context=PLACE)
    longer = seal(KEY, Secret("k" * (LONGEST_PROVIDER_KEY + 1)), context=PLACE)

    assert LONGEST_PROVIDER_KEY == 304
    assert len(sealed) == limits.API_KEY < len(longer)


def swaps():
    """Seal in 54 places; each text with 20 of the other places."""
    axes = (("provider_key", "backup"), ("ada", "bob", "cyd"), ("openai", "gemini", "local"), ("r1", "r2", "r3"))
    places = [Context(*names) for names in product(*axes)]
    pick = random.Random(1)
    for place in places:
        sealed = seal(KEY, Secret("not-a-real-key"), context=place)
        yield from ((sealed, other) for other in pick.sample([other for other in places if other != place], 20))


def forgeries():
    """Change one sealed text in every way that keeps most of it."""
    sealed = seal(KEY, Secret("not-a-real-key"), context=PLACE)
    version, kid, text = sealed.split(".")
    body = body_of(sealed)
    for bit in range(len(body) * 8):
        flipped = int.from_bytes(body, "big") ^ 1 << bit
        yield f"{version}.{kid}.{in_base64(flipped.to_bytes(len(body), 'big'))}"
    yield from (sealed[:length] for length in range(len(sealed)))
    yield from (f"{version}.{kid}.{in_base64(body[:length])}" for length in range(len(body)))
    yield from (f"{other}.{kid}.{text}" for other in ("pnb0", "pnb2", "PNB1", "pnb", "", "pnb11", "fernet"))
    yield from (f"{version}.{kid[:at]}{digit}{kid[at + 1 :]}.{text}" for at in range(8) for digit in "49ef")
    yield from (f"{version}.{other}.{text}" for other in ("", kid.upper(), kid[:-1], kid + "0", "00000000"))
    yield from (sealed + more for more in ("=", "==", "\n", " ", "A", ".", "\x00", "é"))
    yield from (" " + sealed, sealed.replace(".", ":"), "\N{FULLWIDTH FULL STOP}".join(sealed.split(".")))
    yield f"{version}.{kid}.{in_base64(body + bytes(16))}"


def test_no_forgery_and_no_swap_opens_and_all_fail_alike():
    moved = [refusal(KEY, sealed, other) for sealed, other in swaps()]
    forged = [refusal(KEY, sealed) for sealed in forgeries()]

    assert len(moved) > 500
    assert len(forged) > 500
    assert len(set(moved + forged)) == 1
    assert moved[0][0] is SealError
    assert moved[0][2:] == (None, None)


def test_another_spelling_of_the_same_bytes_does_not_open():
    sealed = next(text for text in iter(lambda: seal(KEY, Secret("k" * 13), context=PLACE), "") if text[-1] in "AQgw")
    respelled = sealed[:-1] + chr(ord(sealed[-1]) + 1)  # the last 4 bits of Base64 belong to no byte

    assert body_of(respelled) == body_of(sealed)
    assert refusal(KEY, respelled)[0] is SealError


@given(st.text())
def test_any_text_is_refused_with_the_one_error(text):
    assert refusal(KEY, text) == refusal(KEY, "")


def test_another_key_of_the_same_id_opens_nothing():
    sealed = seal(KEY, Secret("not-a-real-key"), context=PLACE)

    assert refusal(DataKey(bytes(32), kid=KEY.kid), sealed) == refusal(KEY, "")


def test_the_id_of_the_key_has_to_be_the_one_in_the_text():
    sealed = seal(KEY, Secret("not-a-real-key"), context=PLACE)

    assert refusal(DataKey(KEY.reveal(), kid="00000000"), sealed) == refusal(KEY, "")


def test_the_commitment_alone_keeps_another_key_out(monkeypatch):
    sealed = seal(KEY, Secret("not-a-real-key"), context=PLACE)
    monkeypatch.setattr(AESGCM, "decrypt", lambda *args: b"what GCM alone would have opened", raising=False)

    assert refusal(DataKey(bytes(32), kid=KEY.kid), sealed)[0] is SealError


def test_a_wiped_key_seals_and_opens_nothing():
    data_key = new_data_key()
    sealed = seal(data_key, Secret("not-a-real-key"), context=PLACE)

    data_key.wipe()
    data_key.wipe()

    assert refusal(data_key, sealed)[0] is SealError
    with pytest.raises(SealError):
        seal(data_key, Secret("not-a-real-key"), context=PLACE)


def test_wiping_overwrites_the_memory_of_the_key():
    data_key = new_data_key()
    material = data_key._DataKey__material
    seen = memoryview(material)

    with pytest.raises(BufferError):  # the view holds the memory, so that it can be looked at afterwards
        data_key.wipe()

    assert bytes(seen) == bytes(32)


def test_data_keys_are_random():
    made = [new_data_key() for _ in range(100)]

    assert len({data_key.reveal() for data_key in made}) == len({data_key.kid for data_key in made}) == 100
    assert {len(data_key.reveal()) for data_key in made} == {32}


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, vars])
def test_a_data_key_refuses_to_be_written_or_copied(take):
    with pytest.raises(TypeError):
        take(KEY)


@pytest.mark.parametrize("show", [repr, str, format, "{!r:>80}".format, lambda key: repr([key])])
def test_a_data_key_shows_its_id_only(show):
    assert "0a1b2c3d" in show(KEY)
    assert "hidden" in show(KEY)
    assert "\\x01" not in show(KEY)
