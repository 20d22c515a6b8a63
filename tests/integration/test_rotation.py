"""Rotation of the data key: every key opens before, after, and wherever it is killed; old openers open nothing."""

from __future__ import annotations

import warnings

import pytest
from crashes import kills
from people import ADA, OTHER_PASSWORD, PASSWORD, actions

from primer_nb.credentials.sealing import kid_of
from primer_nb.errors import InvalidInputError, KeysLockedError, NotSignedInError, SignInError, TokenError
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, provider_keys, rotation, tokens
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")
MASTER_KEY = "a master key of more than thirty-two characters"


@pytest.fixture
def ada(people):
    session = people.sign_up()
    for provider in ("openai", "gemini"):
        provider_keys.add_key(session, provider, key=KEY, check=False)
    return session


def test_after_a_rotation_everything_opens_with_the_new_key_and_nothing_with_the_old(people, ada):
    old_kids = _kids(ada)

    done = rotation.rotate_keys(ada, password=Secret(PASSWORD))

    assert (done.keys, done.tokens_revoked) == (2, 0)
    assert _kids(ada).isdisjoint(old_kids)
    assert len(_kids(ada)) == 1
    assert stored_key(ada, "openai").reveal() == KEY.reveal()
    assert stored_key(people.sign_in(), "gemini").reveal() == KEY.reveal()
    assert actions(ada)[-2:] == ["provider_keys_rotated", "signed_in"]


def test_the_new_recovery_key_works_and_the_old_one_does_not(people):
    session = people.session()
    old = accounts.register(session, ADA, password=Secret(PASSWORD), stay=False)
    provider_keys.add_key(session, "openai", key=KEY, check=False)

    new = rotation.rotate_keys(session, password=Secret(PASSWORD)).recovery_key

    with pytest.raises(SignInError):
        accounts.reset_password(people.session(), recovery_key=old, new=Secret(OTHER_PASSWORD))
    lost = people.session()
    accounts.reset_password(lost, recovery_key=new, new=Secret(OTHER_PASSWORD))
    assert stored_key(lost, "openai").reveal() == KEY.reveal()


def test_tokens_that_could_open_keys_are_revoked_and_others_stay(people, ada):
    with_keys = tokens.create_token(ada, "with keys", provider_keys=True)
    without = tokens.create_token(ada, "without")

    done = rotation.rotate_keys(ada, password=Secret(PASSWORD))

    assert done.tokens_revoked == 1
    with pytest.raises(TokenError):
        people.session(token=with_keys)
    assert people.session(token=without).user.email == ADA


def test_other_machines_sign_in_again_and_this_one_need_not(people, ada, tmp_path, monkeypatch):
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "other machine"))
    people.sign_in(stay=True)
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "this machine"))
    session = people.sign_in(stay=True)

    rotation.rotate_keys(session, password=Secret(PASSWORD))

    assert stored_key(people.session(), "openai").reveal() == KEY.reveal()
    monkeypatch.setenv("PRIMER_HOME", str(tmp_path / "other machine"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert people.session().is_local


def test_a_rotation_killed_at_any_statement_loses_no_key_and_can_be_begun_again(people, ada):
    deaths = 0

    for is_killed in kills(ada):
        with is_killed:
            rotation.rotate_keys(ada, password=Secret(PASSWORD))
        deaths += 1
        with ada.accounts.unit_of_work() as work:
            work.attempts.remove()
            work.commit()
        again = people.sign_in()
        assert len(_kids(again)) == 1
        for provider in ("openai", "gemini"):
            assert stored_key(again, provider).reveal() == KEY.reveal()

    assert deaths > 15


def test_a_key_that_does_not_open_stops_the_rotation(people, ada):
    with ada.accounts.unit_of_work() as work:
        broken, _ = work.user_api_keys.where(user_id=ada.user.id)
        broken.api_key = broken.api_key[:-4] + "AAAA"
        work.user_api_keys.update(broken)
        work.commit()
    before = _kids(ada)

    with pytest.raises(KeysLockedError, match=broken.provider):
        rotation.rotate_keys(ada, password=Secret(PASSWORD))

    assert _kids(ada) == before


def test_the_password_is_asked(people, ada):
    with pytest.raises(SignInError):
        rotation.rotate_keys(ada, password=Secret("not the password at all"))
    with pytest.raises(InvalidInputError):
        rotation.rotate_keys(ada)
    with pytest.raises(NotSignedInError):
        rotation.rotate_keys(people.session(token=tokens.create_token(ada, "nightly")), password=Secret(PASSWORD))


def test_the_local_user_rotates_under_the_master_key(people, monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY)
    session = people.session()
    with pytest.raises(InvalidInputError, match="nothing to rotate"):
        rotation.rotate_keys(session)
    provider_keys.add_key(session, "openai", key=KEY, check=False)

    done = rotation.rotate_keys(session)

    assert (done.keys, done.recovery_key) == (1, None)
    assert stored_key(session, "openai").reveal() == KEY.reveal()
    assert stored_key(people.session(), "openai").reveal() == KEY.reveal()


def _kids(session) -> set[str]:
    with session.accounts.unit_of_work(read_only=True) as work:
        sealed = [slot.sealed_key for slot in work.key_slots.where(user_id=session.user.id)]
        sealed += [row.api_key for row in work.user_api_keys.where(user_id=session.user.id)]
    return {kid_of(text) for text in sealed}
