"""Provider keys: sealed for one user, provider and row, and checked with the provider before they are stored."""

from __future__ import annotations

import pytest
from people import BOB, OTHER_PASSWORD, actions

from primer_nb.credentials.sealing import LONGEST_PROVIDER_KEY
from primer_nb.errors import (
    InvalidInputError,
    InvalidKeyError,
    KeysLockedError,
    MasterKeyError,
    NotFoundError,
    NotSignedInError,
    ProviderNotAllowedError,
    UnknownProviderError,
)
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys, rotation, tokens
from primer_nb.use_cases.stored_keys import stored_key

KEY, OTHER_KEY = Secret("sk-abcdefghijkl"), Secret("sk-mnopqrstuvwx")
MASTER_KEY = "a master key of more than thirty-two characters"


def _add(session, provider="openai", key=KEY):
    return provider_keys.add_key(session, provider, key=key, check=False)


def test_one_key_a_provider_and_none_is_shown(people):
    session = people.sign_up()

    _add(session, "openai")
    _add(session, "openai", OTHER_KEY)
    _add(session, "gemini")

    assert [key.provider for key in provider_keys.list_keys(session)] == ["gemini", "openai"]
    assert stored_key(session, "openai").reveal() == OTHER_KEY.reveal()
    assert KEY.reveal() not in repr(provider_keys.list_keys(session))
    assert actions(session)[-3:] == ["provider_key_added"] * 3


def test_a_removed_key_is_gone(people):
    session = people.sign_up()
    _add(session)

    provider_keys.remove_key(session, "openai")

    assert stored_key(session, "openai") is None
    with pytest.raises(NotFoundError, match="openai"):
        provider_keys.remove_key(session, "openai")


@pytest.mark.parametrize("key", ["two words", "käse", "a\nb", "x" * (LONGEST_PROVIDER_KEY + 1)])
def test_what_is_no_key_is_refused(people, key):
    session = people.sign_up()

    with pytest.raises(InvalidInputError):
        _add(session, key=Secret(key))

    assert provider_keys.list_keys(session) == []


def test_the_longest_key_fits(people):
    session = people.sign_up()

    _add(session, key=Secret("x" * LONGEST_PROVIDER_KEY))

    assert stored_key(people.sign_in(), "openai").reveal() == "x" * LONGEST_PROVIDER_KEY


def test_a_provider_that_takes_no_key_or_is_unknown_is_said(people):
    session = people.sign_up()

    with pytest.raises(InvalidInputError, match="takes no key"):
        _add(session, "local")
    with pytest.raises(UnknownProviderError):
        _add(session, "nobody")


def test_a_key_is_tried_before_it_is_stored(people, fake_openai, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)
    session = people.sign_up()
    fake_openai.api_key = "sk-the-right-one"

    with pytest.raises(InvalidKeyError):
        provider_keys.add_key(session, "openai", key=KEY)
    assert provider_keys.list_keys(session) == []
    provider_keys.add_key(session, "openai", key=Secret("sk-the-right-one"))

    assert [key.provider for key in provider_keys.list_keys(session)] == ["openai"]


def test_the_environment_is_asked_only_when_none_is_stored(people, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    session = people.sign_up()
    provider = session.providers.get("openai")

    before = provider._endpoint().key.reveal()
    _add(session)
    after = provider._endpoint().key.reveal()

    assert (before, after) == ("sk-of-the-environment", KEY.reveal())


def test_a_key_never_reaches_the_environment(people, monkeypatch):
    session = people.sign_up()
    _add(session)

    stored_key(session, "openai")

    import os

    assert KEY.reveal() not in os.environ.values()


def test_the_local_user_keeps_keys_under_the_master_key(people, monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY)
    _add(people.session())

    later = people.session()
    assert stored_key(later, "openai").reveal() == KEY.reveal()
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY[::-1])
    other = people.session()

    with pytest.raises(KeysLockedError, match="PRIMER_MASTER_KEY"):
        stored_key(other, "openai")
    provider_keys.remove_key(other, "openai")
    _add(other)
    assert stored_key(people.session(), "openai").reveal() == KEY.reveal()


def test_without_a_place_for_the_master_key_nothing_is_stored_and_three_ways_are_named(people):
    session = people.session()

    with pytest.raises(MasterKeyError, match="PRIMER_MASTER_KEY"):
        _add(session)

    assert provider_keys.list_keys(session) == []
    with session.read() as work:
        assert work.key_slots.list() == []


def test_a_row_moved_to_another_user_provider_or_place_does_not_open(people):
    ada, bob = people.sign_up(), people.sign_up(BOB, password=OTHER_PASSWORD)
    _add(ada)
    _add(bob, key=OTHER_KEY)
    with ada.local_copy.unit_of_work() as work:
        (adas,), (bobs,) = (work.user_api_keys.where(user_id=session.user.id) for session in (ada, bob))
        bobs.api_key, adas.provider = adas.api_key, "gemini"
        work.user_api_keys.update(bobs)
        work.user_api_keys.update(adas)
        work.commit()

    for session, provider in ((bob, "openai"), (ada, "gemini")):
        with pytest.raises(KeysLockedError, match=r"ws\.api_keys\.add"):
            stored_key(session, provider)


def test_a_key_that_another_program_stored_is_said_not_sent(people):
    session = people.sign_up()
    _add(session)
    with session.local_copy.unit_of_work() as work:
        (row,) = work.user_api_keys.where(user_id=session.user.id)
        row.api_key = "plain text of an older program"
        work.user_api_keys.update(row)
        work.commit()

    with pytest.raises(KeysLockedError, match="another program") as caught:
        session.providers.get("openai")._endpoint()

    assert "plain text" not in str(caught.value)


def test_keys_of_other_accounts_are_out_of_reach(people):
    _add(people.sign_up())
    bob = people.sign_up(BOB, password=OTHER_PASSWORD)

    assert provider_keys.list_keys(bob) == []
    assert stored_key(bob, "openai") is None
    with pytest.raises(NotFoundError):
        provider_keys.remove_key(bob, "openai")


def test_keys_go_only_where_the_administrator_allows(people, fake_openai, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)
    session = people.sign_up()
    administration.set_admin_setting(session, "allowed_base_urls", value=["https://api.openai.com/v1"])

    with pytest.raises(ProviderNotAllowedError, match=r"api\.openai\.com"):
        provider_keys.add_key(session, "openai", key=KEY)

    assert fake_openai.connections == 0


def test_a_token_neither_adds_nor_removes_keys(people):
    session = people.sign_up()
    _add(session)
    by_token = people.session(token=tokens.create_token(session, "nightly", provider_keys=True))

    with pytest.raises(NotSignedInError):
        _add(by_token, "gemini")
    with pytest.raises(NotSignedInError):
        provider_keys.remove_key(by_token, "openai")

    assert stored_key(by_token, "openai").reveal() == KEY.reveal()


def test_a_key_sealed_by_a_kernel_that_missed_a_rotation_is_refused(people):
    session = people.sign_up()
    _add(session)
    behind = people.sign_in()
    rotation.rotate_keys(session, password=Secret("purple otter reads maps"))

    with pytest.raises(NotSignedInError, match="rotated elsewhere"):
        _add(behind, "gemini")

    accounts.sign_in(behind, session.user.email, password=Secret("purple otter reads maps"))
    _add(behind, "gemini")
