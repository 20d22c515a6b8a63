"""Provider keys of the local user in several kernels: whatever another one did, what is stored opens everywhere."""

from __future__ import annotations

from functools import partial

import pytest

from primer_nb.credentials.sealing import new_data_key
from primer_nb.errors import KeysLockedError, NotSignedInError
from primer_nb.secret import Secret
from primer_nb.use_cases import provider_keys, rotation
from primer_nb.use_cases.data_keys import MASTER, check_current, local_data_key, make_slot
from primer_nb.use_cases.stored_keys import stored_key

KEY, OTHER_KEY = Secret("sk-abcdefghijkl"), Secret("sk-mnopqrstuvwx")
MASTER_KEY = Secret("a master key of more than thirty-two characters")


@pytest.fixture
def kernels(people, monkeypatch):
    """Two kernels in which nobody is signed in and a provider key is stored, which both have opened."""
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY.reveal())
    first, second = people.session(), people.session()
    provider_keys.add_key(first, "openai", key=KEY, check=False)
    assert stored_key(second, "openai").reveal() == KEY.reveal()
    return first, second


def test_a_key_added_after_another_kernel_removed_the_last_one_opens(people, kernels):
    first, second = kernels
    provider_keys.remove_key(first, "openai")

    provider_keys.add_key(second, "gemini", key=OTHER_KEY, check=False)

    for session in (first, second, people.session()):
        assert stored_key(session, "gemini").reveal() == OTHER_KEY.reveal()


def test_after_a_rotation_in_another_kernel_keys_open_and_are_added(people, kernels):
    first, second = kernels
    rotation.rotate_keys(first)

    provider_keys.add_key(second, "gemini", key=OTHER_KEY, check=False)

    for session in (first, second, people.session()):
        assert stored_key(session, "openai").reveal() == KEY.reveal()
        assert stored_key(session, "gemini").reveal() == OTHER_KEY.reveal()


def test_after_a_rotation_in_another_kernel_it_can_be_rotated_again(people, kernels):
    first, second = kernels
    rotation.rotate_keys(first)

    rotation.rotate_keys(second)

    assert stored_key(people.session(), "openai").reveal() == KEY.reveal()


@pytest.mark.parametrize("change", [partial(provider_keys.remove_key, provider="openai"), rotation.rotate_keys])
def test_a_key_that_was_sealed_before_a_change_of_another_kernel_is_not_stored(people, kernels, monkeypatch, change):
    first, second = kernels
    seal = provider_keys.seal

    def seal_and_change(*arguments, **named):
        sealed = seal(*arguments, **named)
        monkeypatch.undo()
        monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY.reveal())
        change(first)
        return sealed

    monkeypatch.setattr(provider_keys, "seal", seal_and_change)

    with pytest.raises(NotSignedInError, match="try again"):
        provider_keys.add_key(second, "gemini", key=OTHER_KEY, check=False)
    provider_keys.add_key(second, "gemini", key=OTHER_KEY, check=False)

    assert stored_key(people.session(), "gemini").reveal() == OTHER_KEY.reveal()


def test_two_kernels_that_begin_at_once_do_not_end_with_two_data_keys(people, kernels):
    session, _ = kernels
    ours = new_data_key()
    slot = make_slot(ours, kind=MASTER, opener=MASTER_KEY, user_id=session.user.id)

    with session.write() as work, pytest.raises(NotSignedInError):
        check_current(work, ours, session.user.id, new_slot=slot)


def test_what_is_held_is_opened_once(kernels):
    session, _ = kernels
    held = session.data_key

    assert held is not None
    assert local_data_key(session) is held


def test_a_key_that_nothing_opens_any_more_is_to_be_stored_again(kernels):
    session, _ = kernels
    with session.write() as work:
        work.key_slots.remove(user_id=session.user.id)
        work.commit()

    with pytest.raises(KeysLockedError, match=r"ws\.api_keys\.add"):
        stored_key(session, "openai")
    provider_keys.add_key(session, "openai", key=OTHER_KEY, check=False)

    assert stored_key(session, "openai").reveal() == OTHER_KEY.reveal()
