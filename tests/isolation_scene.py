"""Ada, who has a row in every table, and Bob, who works on the same stores and tries to get at them.

Every text of Ada's holds `MARK`, and every id of hers is known: whoever shows one of them has read what is hers.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from builders import add_chat, add_messages
from fake_openai import FakeOpenAI, Say
from isolation_rows import OwnRows, ids_in
from people import ADA, BOB, OTHER_PASSWORD, World
from sqlalchemy import event

from primer_nb import ids, times
from primer_nb.paths import data_dir
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import start_reply
from primer_nb.secret import Secret
from primer_nb.tables import ChatSettings, ChatTag, Completion, MessageAttachment
from primer_nb.use_cases.accounts.staying import stay
from primer_nb.use_cases.backups import back_up
from primer_nb.use_cases.options import SendOptions
from primer_nb.use_cases.provider_keys import add_key
from primer_nb.use_cases.settings import change_settings
from primer_nb.use_cases.stored_keys import stored_key
from primer_nb.use_cases.tokens import create_token, list_tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from primer_nb import Workspace
    from primer_nb.session import Session
    from primer_nb.tables import Chat, Message

MARK = "heron"
ADAS_PROVIDER, NOBODYS_PROVIDER = "osprey", "falcon"  # Ada has a key for the first, nobody one for the second
ADAS_MODEL, ADAS_TAG = "heron-1", "heron-2"


class Ada:
    """The other user; one of her chats is being answered in this very process."""

    def __init__(self, people: World, fake_openai: FakeOpenAI) -> None:
        self.session = people.sign_up(ADA)
        _stay_elsewhere(self.session)
        add_providers(self.session, fake_openai)
        store, user = self.session.store, self.session.user
        self.quiet, self.busy = (add_chat(store, user, f"{MARK} in the {place}") for place in ("reeds", "air"))
        self.messages = add_messages(store, user, self.quiet, f"a {MARK}, alone", f"the {MARK} waits")
        _add_details(self.session, self.quiet, self.messages)
        change_settings(self.session, theme="dark", language="de")
        add_key(self.session, ADAS_PROVIDER, key=Secret("sk-of-ada-0123456789"), check=False)
        create_token(self.session, f"nightly {MARK}", provider_keys=True)
        self.token_id = list_tokens(self.session)[0].id
        fake_openai.script(Say([f"the {MARK}", " flies"], stall_after=1))
        options = SendOptions(provider="custom")
        self.reply = start_reply(self.session, self.busy.id, f"where does the {MARK} go?", options=options)
        _wait_for_draft(self.session)
        if self.session.server is not None and self.session.server.dialect == "postgresql":
            back_up(self.session)
        self.rows = OwnRows(user, self.session)
        self.before = self.rows.dump()
        self.ids = ids_in(self.before)
        self._was_stopped = False

    @property
    def is_unharmed(self) -> bool:
        """Whether all her rows are as they were, and her reply goes on."""
        return self.rows.dump() == self.before and self.reply._reader._is_stopped == self._was_stopped

    def recover(self) -> None:
        """Get her rows back; a reply that was stopped cannot go on."""
        if self.reply._reader._is_stopped:
            self.reply.wait_quietly(20)
            self._was_stopped = True
        self.rows.put_back(self.before)


class Bob:
    """Who tries: signed in, let in by a token of his, or as the passwordless local user."""

    def __init__(self, people: World, fake_openai: FakeOpenAI, ada: Ada, *, comes_by: str) -> None:
        self._people = people
        self._fake_openai = fake_openai
        self._comes_by = comes_by
        person = people.sign_up(BOB, password=OTHER_PASSWORD)
        self._token = create_token(person, "for Bob", provider_keys=True)
        self._enter()
        session = self.ws._session
        self.chat: Chat = add_chat(session.store, session.user, "Pigeons")
        self.messages: list[Message] = add_messages(session.store, session.user, self.chat, "Chirp?", "Chirp.")
        self.rows = OwnRows(session.user, ada.session)
        self.before = self.rows.dump()

    @property
    def session(self) -> Session:
        """The session he works in."""
        return self.ws._session

    def begin_anew(self) -> None:
        """Undo what an attempt did to him: come in again if he is out, and let his rows be as they were."""
        if (self.session.user.id, self.session.data_key is None) != self._is_in:
            self.rows.put_back(self.before)  # he may have no account any more
            self.ws.close()
            self._enter()
        if self._has_written:
            self.rows.put_back(self.before)
            self._has_written = False

    def _enter(self) -> None:
        _forget_here()
        self.ws: Workspace = self._people.connect(token=self._token if self._comes_by == "token" else None)
        if self._comes_by == "password":
            self.ws.login(BOB, password=OTHER_PASSWORD, stay=False)
        add_providers(self.session, self._fake_openai)
        self._is_in = (self.session.user.id, self.session.data_key is None)
        self._has_written = True
        for engine in {self.session.store.engine, self.session.accounts.engine}:
            event.listen(engine, "commit", self._note_commit)

    def _note_commit(self, _connection: Connection) -> None:
        self._has_written = True


def add_providers(session: Session, fake_openai: FakeOpenAI) -> None:
    """Let a session know two providers that take keys, and one that needs none."""
    for name in (ADAS_PROVIDER, NOBODYS_PROVIDER):
        provider = OpenAICompatibleProvider(
            name,
            base_url=fake_openai.base_url,
            key=lambda name=name: stored_key(session, name),
            needs_key=True,
            default_model="fake-1",
        )
        session.providers.add(provider)
    # Ada's reply stalls until the walk is over, however slow the machine: the provider must not give it up
    patient = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1", timeout=3_600)
    session.providers.add(patient)


def _stay_elsewhere(session: Session) -> None:
    """Have a refresh token, and a slot that it opens, without its file on this machine."""
    stay(session)
    _forget_here()


def _forget_here() -> None:
    for file in data_dir().glob("signed-in-*.json"):
        file.unlink()


def _add_details(session: Session, chat: Chat, messages: list[Message]) -> None:
    now = times.now()
    settings = ChatSettings(
        chat_id=chat.id, model=ADAS_MODEL, system_prompt=f"be a {MARK}", created_at=now, updated_at=now
    )
    attachment = MessageAttachment(
        id=ids.new_id(),
        message_id=messages[0].id,
        name=f"{MARK}.txt",
        media_type="text/plain",
        size=5,
        sha256="0" * 64,
        content=MARK.encode(),
        created_at=now,
    )
    answered = Completion(
        message_id=messages[1].id, parent_id=messages[0].id, provider=ADAS_PROVIDER, model=ADAS_MODEL
    )
    with session.write() as work:
        work.chat_settings.add(settings)
        work.chat_tags.add(ChatTag(chat_id=chat.id, tag=ADAS_TAG, created_at=now))
        work.message_attachments.add(attachment)
        work.completions.add(answered)
        work.commit()


def _wait_for_draft(session: Session) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with session.read() as work:
            if work.drafts.list():
                return
        time.sleep(0.02)
    raise AssertionError("no draft came")
