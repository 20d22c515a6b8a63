"""A session notices that who works in it no longer does: its user signed up elsewhere, its account is deleted."""

from __future__ import annotations

import pkgutil

import pytest
from fake_openai import Say
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb.errors import NotSignedInError
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import start_reply
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, administration, provider_keys, rotation
from primer_nb.use_cases.chats import create_chat, list_chats
from primer_nb.use_cases.messages import whole_branch
from primer_nb.use_cases.options import SendOptions
from primer_nb.use_cases.settings import change_settings
from primer_nb.use_cases.stored_keys import stored_key

KEY = Secret("sk-abcdefghijkl")
MASTER_KEY = "a master key of more than thirty-two characters"


@pytest.fixture(autouse=True)
def master_key(monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", MASTER_KEY)


@pytest.fixture
def kernels(people):
    """Two kernels in which nobody is signed in."""
    return people.session(), people.session()


def register_bob(session):
    accounts.register(session, BOB, password=Secret(OTHER_PASSWORD), stay=False)


def test_when_the_local_user_signs_up_the_other_kernel_is_told_who_has_the_chats_now(kernels):
    first, second = kernels
    create_chat(second, "Birds")
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)

    with pytest.raises(NotSignedInError, match=r"ws\.login\('ada@example\.org'\)"):
        list_chats(second)

    assert second.is_local
    assert second.user.id != first.user.id
    assert list_chats(second) == []


def test_then_it_goes_on_in_a_place_of_its_own(people, kernels):
    first, second = kernels
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)
    with pytest.raises(NotSignedInError):
        list_chats(second)

    create_chat(first, "hers")
    create_chat(second, "its own")

    assert [chat.title for chat in list_chats(first)] == ["hers"]
    assert [chat.title for chat in list_chats(people.session())] == ["its own"]


def test_who_watches_the_other_kernel_is_told(kernels):
    first, second = kernels
    watcher = Watcher(second)
    second.watch(watcher.note)
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)

    with pytest.raises(NotSignedInError):
        list_chats(second)

    assert watcher.noted == [second.user.id]


def test_who_signs_in_at_that_moment_stays_signed_in(kernels, monkeypatch):
    first, second = kernels
    create_chat(first, "Birds")
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)
    _after(
        monkeypatch,
        "session.session.local_user",
        lambda: accounts.sign_in(second, ADA, password=Secret(PASSWORD), stay=False),
    )

    found = list_chats(second)

    assert [chat.title for chat in found] == ["Birds"]
    assert second.user.email == ADA


def test_nothing_is_written_for_who_was_the_local_user(kernels):
    first, second = kernels
    for write in (
        lambda: create_chat(second, "Birds"),
        lambda: change_settings(second, theme="dark"),
        lambda: provider_keys.add_key(second, "openai", key=KEY, check=False),
    ):
        accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)
        before = _rows(first)

        with pytest.raises(NotSignedInError, match="signed up"):
            write()

        assert _rows(first) == before
        accounts.delete_account(first, password=Secret(PASSWORD))


def test_the_other_kernel_cannot_register_over_the_account(people, kernels):
    first, second = kernels
    create_chat(first, "Birds")
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)

    with pytest.raises(NotSignedInError):
        register_bob(second)
    register_bob(second)

    ada = people.sign_in()
    assert [chat.title for chat in list_chats(ada)] == ["Birds"]
    assert [(user.email, user.is_admin) for user in administration.list_users(ada)] == [(ADA, True), (BOB, False)]
    assert list_chats(second) == []


def test_removing_the_last_key_in_the_other_kernel_leaves_the_account_its_slots(people, kernels):
    first, second = kernels
    provider_keys.add_key(first, "openai", key=KEY, check=False)
    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)

    with pytest.raises(NotSignedInError, match="signed up"):
        provider_keys.remove_key(second, "openai")

    assert stored_key(people.sign_in(), "openai").reveal() == KEY.reveal()
    with first.accounts.unit_of_work(first.user.id, read_only=True) as work:
        assert {slot.kind for slot in work.key_slots.list()} == {"password", "recovery"}


@pytest.mark.parametrize(
    ("last_step", "change"),
    [
        ("accounts.registration.new_recovery_key", register_bob),
        ("provider_keys.seal", lambda session: provider_keys.add_key(session, "gemini", key=KEY, check=False)),
        ("provider_keys.limits.check_text", lambda session: provider_keys.remove_key(session, "openai")),
        ("rotation.find_master_key", rotation.rotate_keys),
    ],
    ids=["register", "add_key", "remove_key", "rotate_keys"],
)
def test_what_changes_an_account_looks_again_under_the_lock(people, kernels, monkeypatch, last_step, change):
    first, second = kernels
    provider_keys.add_key(first, "openai", key=KEY, check=False)
    _after(
        monkeypatch,
        f"use_cases.{last_step}",
        lambda: accounts.register(first, ADA, password=Secret(PASSWORD), stay=False),
    )

    with pytest.raises(NotSignedInError, match="signed up"):
        change(second)

    ada = people.sign_in()
    assert [user.email for user in administration.list_users(ada)] == [ADA]
    assert [key.provider for key in provider_keys.list_keys(ada)] == ["openai"]
    assert stored_key(ada, "openai").reveal() == KEY.reveal()


def test_a_reply_on_its_way_is_kept_though_its_user_signed_up_elsewhere(kernels, fake_openai):
    first, second = kernels
    second.providers.add(
        OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1", timeout=5.0)
    )
    fake_openai.script(Say("word " * 20, delay=0.02))
    chat = create_chat(second, "Birds")
    reply = start_reply(second, chat.id, "talk", options=SendOptions(provider="custom"))

    accounts.register(first, ADA, password=Secret(PASSWORD), stay=False)
    reply.wait(20)

    assert whole_branch(first, chat.id)[-1].content == reply.text


def test_when_an_account_is_deleted_the_other_kernel_is_the_local_users_again(people):
    ada = people.sign_up()
    other = people.sign_in()
    accounts.delete_account(ada, password=Secret(PASSWORD))

    with pytest.raises(NotSignedInError, match=r"ada@example\.org is not here any more"):
        create_chat(other, "Birds")

    assert other.is_local
    assert other.data_key is None
    assert list_chats(other) == []


class Watcher:
    """Notes for whom the session works when it is told."""

    def __init__(self, session):
        self._session = session
        self.noted = []

    def note(self):
        self.noted.append(self._session.user.id)


def _rows(session):
    with session.store.unit_of_work(session.user.id, read_only=True) as work:
        repositories = (work.users, work.chats, work.user_settings, work.user_api_keys, work.key_slots)
        return [row.model_dump() for repository in repositories for row in repository.list()]


def _after(monkeypatch, step, happens):
    """Let something happen once, right after a step of an operation."""
    path = f"primer_nb.{step}"
    original = pkgutil.resolve_name(path)

    def stand_in(*arguments, **named):
        monkeypatch.setattr(path, original)
        done = original(*arguments, **named)
        happens()
        return done

    monkeypatch.setattr(path, stand_in)
