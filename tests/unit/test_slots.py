"""A slot gives the data key to its opener, for its user, in its row; and to nothing else."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import product

import pytest

from primer_nb.credentials import envelope, passwords, slots
from primer_nb.credentials.argon2_texts import parse
from primer_nb.credentials.recovery_keys import new_recovery_key
from primer_nb.credentials.sealing import new_data_key
from primer_nb.credentials.slots import SLOT_KINDS, SealedSlot, open_slot, seal_slot
from primer_nb.credentials.tokens import new_refresh_token, new_token
from primer_nb.errors import InvalidInputError, SealError
from primer_nb.secret import Secret

PASSWORD = Secret("purple otter reads maps")
PLACE = {"kind": "recovery", "user_id": "user-1", "slot_id": "slot-1"}


def refusal(slot, *, opener=PASSWORD, **place):
    """Return what tells one refusal from another."""
    with pytest.raises(Exception) as caught:
        open_slot(slot, opener=opener, **place)
    return type(caught.value), str(caught.value), caught.value.__cause__, caught.value.__context__


@pytest.mark.parametrize("kind", SLOT_KINDS)
def test_a_slot_gives_back_the_data_key(quick_argon2, kind):
    data_key = new_data_key()
    place = {**PLACE, "kind": kind}

    opened = open_slot(seal_slot(data_key, opener=PASSWORD, **place), opener=PASSWORD, **place)

    assert (opened.kid, opened.reveal()) == (data_key.kid, data_key.reveal())


@pytest.mark.parametrize(
    ("kind", "opener"),
    [("recovery", new_recovery_key()), ("api_key", new_token()), ("refresh", new_refresh_token())],
)
def test_what_this_package_makes_opens_a_slot(kind, opener):
    data_key = new_data_key()

    slot = seal_slot(data_key, kind=kind, opener=opener, user_id="u", slot_id="s")

    assert slot.kdf == "hkdf-sha256"
    assert open_slot(slot, kind=kind, opener=opener, user_id="u", slot_id="s").reveal() == data_key.reveal()


def test_a_password_slot_takes_the_full_cost_and_a_salt_of_its_own():
    stored = passwords.hash_password(PASSWORD)

    slot = seal_slot(new_data_key(), opener=PASSWORD, **{**PLACE, "kind": "password"})

    assert slot.kdf.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert parse(slot.kdf).salt != parse(stored).salt
    assert parse(slot.kdf).tag is None


def test_the_stored_tag_of_the_password_opens_no_slot(quick_argon2):
    place = {**PLACE, "kind": "password"}
    tags, slots_ = [], []

    for _ in range(20):
        tags.append(parse(passwords.hash_password(PASSWORD)).tag)
        slots_.append(seal_slot(new_data_key(), opener=PASSWORD, **place))

    for tag, slot in product(tags, slots_):
        context = ("user-1", "password", "slot-1", slot.kdf)
        assert envelope.open_bytes(slot.sealed_key, material=tag, purpose="slot/password", context=context) is None


def test_the_tag_would_be_the_key_if_both_shared_a_salt(quick_argon2, monkeypatch):
    monkeypatch.setattr(passwords.secrets, "token_bytes", lambda length: bytes(length))
    tag = parse(passwords.hash_password(PASSWORD)).tag

    slot = seal_slot(new_data_key(), opener=PASSWORD, **{**PLACE, "kind": "password"})

    context = ("user-1", "password", "slot-1", slot.kdf)
    assert envelope.open_bytes(slot.sealed_key, material=tag, purpose="slot/password", context=context) is not None


def swaps():
    """Open each of 135 slots in four other places."""
    places = [
        {"kind": kind, "user_id": user, "slot_id": row}
        for kind, user, row in product(SLOT_KINDS, ("ada", "bob", "cyd"), ("r1", "r2", "r3"))
    ]
    for place in places:
        slot = seal_slot(new_data_key(), opener=PASSWORD, **place)
        for name, values in (
            ("kind", SLOT_KINDS),
            ("user_id", ("ada", "bob", "")),
            ("slot_id", ("r1", "r2", "", "R1")),
        ):
            yield from ((slot, {**place, name: value}) for value in values if value != place[name])


def forgeries(slot):
    """Change a slot in every way that keeps most of it."""
    version, kid, text = slot.sealed_key.split(".")
    body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for bit in range(0, len(body) * 8, 3):
        flipped = (int.from_bytes(body, "big") ^ 1 << bit).to_bytes(len(body), "big")
        encoded = base64.urlsafe_b64encode(flipped).decode().rstrip("=")
        yield replace(slot, sealed_key=f"{version}.{kid}.{encoded}")
    yield from (replace(slot, sealed_key=slot.sealed_key[:length]) for length in range(len(slot.sealed_key)))
    yield from (replace(slot, sealed_key=f"{other}.{kid}.{text}") for other in ("pnb0", "pnb2", ""))
    yield from (replace(slot, sealed_key=f"{version}.{other}.{text}") for other in ("00000000", kid[::-1], ""))
    yield from (replace(slot, kdf=slot.kdf[:length]) for length in range(len(slot.kdf)))
    yield from (replace(slot, kdf=slot.kdf + more) for more in (" ", "\n", "$AAAA", "$" + "A" * 43, "\x00"))
    yield from (replace(slot, kdf=other) for other in ("", "none", "sha256", "HKDF-SHA256"))


def test_no_forged_slot_and_no_swap_opens_and_all_fail_alike(quick_argon2):
    moved = [refusal(slot, **place) for slot, place in swaps()]
    forged = []
    for kind in ("password", "recovery"):
        place = {**PLACE, "kind": kind}
        slot = seal_slot(new_data_key(), opener=PASSWORD, **place)
        forged += [refusal(other, **place) for other in forgeries(slot) if other != slot]

    assert len(moved) > 350
    assert len(forged) > 500
    assert len(set(moved + forged)) == 1
    assert moved[0][0] is SealError
    assert moved[0][2:] == (None, None)


def test_another_opener_opens_nothing(quick_argon2):
    for kind in SLOT_KINDS:
        place = {**PLACE, "kind": kind}
        slot = seal_slot(new_data_key(), opener=PASSWORD, **place)

        assert refusal(slot, opener=Secret("purple otter reads mapS"), **place)[0] is SealError


def test_the_salt_and_the_cost_of_one_slot_do_not_serve_another(quick_argon2):
    place = {**PLACE, "kind": "password"}
    first, second = (seal_slot(new_data_key(), opener=PASSWORD, **place) for _ in range(2))

    assert refusal(replace(first, kdf=second.kdf), **place)[0] is SealError
    assert refusal(replace(first, kdf=first.kdf.replace("t=1", "t=2")), **place)[0] is SealError


@pytest.mark.parametrize(
    "kdf",
    [
        "$argon2id$v=19$m=2147483648,t=3,p=4$c29tZXNhbHQ",
        "$argon2id$v=19$m=65536,t=1000000000,p=4$c29tZXNhbHQ",
        "$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$" + "A" * 43,
        "hkdf-sha256",
    ],
)
def test_a_hostile_way_of_making_keys_is_not_tried(monkeypatch, kdf):
    asked = []
    monkeypatch.setattr(passwords, "hash_secret_raw", lambda *args, **kwargs: asked.append(kwargs))

    found = refusal(SealedSlot(kdf=kdf, sealed_key="pnb1.00000000.AAAA"), **{**PLACE, "kind": "password"})

    assert found[0] is SealError
    assert asked == []


def test_a_token_slot_never_stretches(monkeypatch):
    monkeypatch.setattr(passwords, "hash_secret_raw", None)
    slot = SealedSlot(kdf="$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ", sealed_key="pnb1.00000000.AAAA")

    assert refusal(slot, **PLACE)[0] is SealError


def test_an_unknown_kind_is_refused():
    with pytest.raises(InvalidInputError, match="'fingerprint' is not a kind of slot"):
        seal_slot(new_data_key(), opener=PASSWORD, **{**PLACE, "kind": "fingerprint"})


def test_a_wiped_key_goes_into_no_slot():
    data_key = new_data_key()
    data_key.wipe()

    with pytest.raises(SealError):
        seal_slot(data_key, opener=PASSWORD, **PLACE)


def test_version_1_of_a_slot_stays_as_it_is():
    frozen = SealedSlot(
        kdf="hkdf-sha256",
        sealed_key="pnb1.0a1b2c3d.RZ2xg0ryHMZoKFHMXHZWKsqXzzmfnFNNh27rMMVnrqWjgpzWSzzTsYhp"
        "L0IqwSaFqRUvfG8E4FA_dbIVzoIFzDIBu6dI4NZwqRGKoUxr4YsMrvPfyoQfI8lieik",
    )

    opened = open_slot(frozen, opener=PASSWORD, **PLACE)

    assert (opened.kid, opened.reveal()) == ("0a1b2c3d", bytes(range(32)))


def test_version_1_of_a_password_slot_stays_as_it_is():
    frozen = SealedSlot(
        kdf="$argon2id$v=19$m=65536,t=3,p=4$nxXnw3JwQvn3r+5BXp9Tiw",
        sealed_key="pnb1.0a1b2c3d.27p2cPCZMHha-1kYXLp1EEVheSyAfd_otcQU21tOc3PaXR47XyVm8SLt"
        "lVo-rUMDyOX5nX7XdbmhXECAIB3olfUmGYoifvVd9DOsY0FTV1P3W9L7N-RGSzzDU_U",
    )

    opened = open_slot(frozen, opener=PASSWORD, **{**PLACE, "kind": "password"})

    assert (opened.kid, opened.reveal()) == ("0a1b2c3d", bytes(range(32)))


def test_a_slot_shows_nothing_sealed():
    slot = seal_slot(new_data_key(), opener=PASSWORD, **PLACE)

    assert repr(slot) == "SealedSlot(kdf='hkdf-sha256')"
    assert slots.SLOT_KINDS == ("password", "recovery", "master", "api_key", "refresh")
