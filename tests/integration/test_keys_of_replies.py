"""A message goes with the key of who sent it, whoever signs in while it is on its way."""

from __future__ import annotations

import pytest
from fake_openai import Say
from people import ADA, BOB, OTHER_PASSWORD
from sqlalchemy import event

from primer_nb.errors import KeysLockedError
from primer_nb.replies import RunningReply, start_reply
from primer_nb.secret import Secret
from primer_nb.use_cases import accounts, provider_keys, tokens
from primer_nb.use_cases.chats import create_chat
from primer_nb.use_cases.options import SendOptions

ADAS_KEY, BOBS_KEY, KEY_OF_THE_MACHINE = "sk-of-ada-0123456789", "sk-of-bob-0123456789", "sk-of-the-machine-012345"
OPENAI = SendOptions(provider="openai", model="fake-1")


@pytest.fixture(autouse=True)
def openai(fake_openai, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)


@pytest.fixture
def ada(people):
    return _with_key(people.sign_up(ADA), ADAS_KEY)


@pytest.fixture
def bob(people, ada):
    return _with_key(people.sign_up(BOB, password=OTHER_PASSWORD), BOBS_KEY)


def _with_key(session, key):
    provider_keys.add_key(session, "openai", key=Secret(key), check=False)
    return session


def _sent_keys(fake_openai):
    return [call.headers["authorization"].removeprefix("Bearer ") for call in fake_openai.calls]


def test_who_signs_in_before_the_reply_begins_lends_it_no_key(ada, bob, fake_openai, monkeypatch):
    chat, begin = create_chat(ada), RunningReply.start

    def begin_late(reply: RunningReply) -> None:
        accounts.sign_in(ada, BOB, password=Secret(OTHER_PASSWORD), stay=False)
        begin(reply)

    monkeypatch.setattr(RunningReply, "start", begin_late)
    start_reply(ada, chat.id, "Hello", options=OPENAI).wait(20)

    assert ada.user.email == BOB
    assert _sent_keys(fake_openai) == [ADAS_KEY]


def test_who_signs_in_at_the_moment_a_message_is_stored_lends_it_no_key(ada, bob, fake_openai):
    chat = create_chat(ada)
    event.listen(ada.store.engine, "commit", lambda _: ada.become(bob.user, data_key=bob.data_key), once=True)

    with pytest.raises(KeysLockedError, match=ADA):
        start_reply(ada, chat.id, "Hello", options=OPENAI).wait(20)

    assert ada.user.email == BOB
    assert fake_openai.calls == []


def test_a_reply_on_its_way_keeps_its_key(ada, bob, fake_openai):
    fake_openai.script(Say("one two three", stall_after=1))
    chat = create_chat(ada)
    reply = start_reply(ada, chat.id, "Hello", options=OPENAI)
    fake_openai.wait_until(lambda: fake_openai.calls and fake_openai.calls[0].sent)

    accounts.sign_in(ada, BOB, password=Secret(OTHER_PASSWORD), stay=False)
    other = start_reply(ada, create_chat(ada).id, "Hello", options=OPENAI)
    fake_openai.release()

    assert reply.wait(20).text == "one two three"
    assert other.wait(20).text == "echo: Hello"
    assert _sent_keys(fake_openai) == [ADAS_KEY, BOBS_KEY]


@pytest.mark.parametrize(("may_use_keys", "sent"), [(True, ADAS_KEY), (False, KEY_OF_THE_MACHINE)])
def test_a_token_sends_with_the_keys_it_may_use(people, ada, fake_openai, monkeypatch, may_use_keys, sent):
    monkeypatch.setenv("OPENAI_API_KEY", KEY_OF_THE_MACHINE)
    session = people.session(token=tokens.create_token(ada, "nightly", provider_keys=may_use_keys))

    start_reply(session, create_chat(session).id, "Hello", options=OPENAI).wait(20)

    assert _sent_keys(fake_openai) == [sent]


def test_the_keyring_is_asked_once_for_all_messages_of_the_local_user(people, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_MASTER_KEY", "a master key of more than thirty-two characters")
    _with_key(people.session(), KEY_OF_THE_MACHINE)
    session = people.session()
    chat = create_chat(session)

    start_reply(session, chat.id, "Hello", options=OPENAI).wait(20)
    monkeypatch.delenv("PRIMER_MASTER_KEY")
    start_reply(session, chat.id, "Hello again", options=OPENAI).wait(20)

    assert _sent_keys(fake_openai) == [KEY_OF_THE_MACHINE] * 2


def test_a_program_that_brings_a_provider_brings_its_key(ada, fake_openai):
    provider = ada.providers.get("openai").with_key(Secret(KEY_OF_THE_MACHINE))
    ada.providers.add(provider)

    start_reply(ada, create_chat(ada).id, "Hello", options=OPENAI).wait(20)

    assert _sent_keys(fake_openai) == [KEY_OF_THE_MACHINE]
