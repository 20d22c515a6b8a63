"""What to pass to everything that can be called: for each parameter its kind, and for each kind Ada's and nobody's.

A parameter without a kind makes the walk fail: whoever adds one says here what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from isolation_scene import ADAS_MODEL, ADAS_PROVIDER, ADAS_TAG, MARK, NOBODYS_PROVIDER
from people import ADA, OTHER_PASSWORD

from primer_nb import ids, times
from primer_nb.backup.progress import NoProgress
from primer_nb.credentials.recovery_keys import new_recovery_key
from primer_nb.credentials.tokens import new_token
from primer_nb.magics import ChatMagics
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.secret import Secret
from primer_nb.tables import Chat, ChatSettings
from primer_nb.use_cases.options import SendOptions
from primer_nb.use_cases.policy import Policy
from primer_nb.use_cases.replying import Outcome
from primer_nb.use_cases.sending import Question
from primer_nb.workspace import ChatHandle

if TYPE_CHECKING:
    from isolation_scene import Ada, Bob

Pair = tuple[Any, Any]  # what is Ada's, and what nobody has


@dataclass(frozen=True)
class Kind:
    """What a parameter takes: something of Bob's own, and pairs to attack it with; no pairs, no attack."""

    own: Callable[[Bob], Any]
    pairs: Callable[[Ada, Bob], list[Pair]] = field(default=lambda ada, bob: [])


@dataclass(frozen=True)
class Attempt:
    """Something to do, first with what is Ada's and then with what nobody has."""

    name: str
    do: Callable[[Any], Any]
    hers: Any
    nobodys: Any


def plain(value: Any) -> Kind:
    """Make the kind of a parameter that names nothing of anybody's."""
    return Kind(own=lambda bob: value)


@cache
def nobodys(identifier: str) -> str:
    """Make up an id that nobody has, always the same one for the same id of Ada's."""
    return ids.new_id()


def _spelled(identifier: str) -> list[str]:
    """Spell an id in the ways that PostgreSQL reads it."""
    bare = identifier.replace("-", "")
    return [identifier, identifier.upper(), bare, f"{{{identifier}}}"]


def _ids(first: str, *others: str) -> list[Pair]:
    """Pair ids of Ada's with ids that nobody has, the first one in every spelling."""
    pairs = zip(_spelled(first), _spelled(nobodys(first)), strict=True)
    return [*pairs, *((other, nobodys(other)) for other in others)]


def _chats(ada: Ada, bob: Bob) -> list[Pair]:
    return _ids(ada.quiet.id, ada.busy.id)


def _messages(ada: Ada, bob: Bob) -> list[Pair]:
    return _ids(*(message.id for message in ada.messages), ada.reply.user_message_id, ada.reply.message_id)


def _titles(ada: Ada, bob: Bob) -> list[Pair]:
    return [(ada.quiet.title, f"egret{ada.quiet.title[5:]}"), *_chats(ada, bob)]


def _handles(ada: Ada, bob: Bob) -> list[Pair]:
    return [(handle(bob, chat.id), handle(bob, nobodys(chat.id))) for chat in (ada.quiet, ada.busy)]


def _with_his(ada: Ada, bob: Bob) -> Pair:
    return [bob.chat.id, ada.quiet.id], [bob.chat.id, nobodys(ada.quiet.id)]


def _questions(ada: Ada, bob: Bob) -> list[Pair]:
    about = [("chat_id", ada.quiet.id), ("chat_id", ada.busy.id), ("user_message_id", ada.messages[0].id)]
    return [(_question(bob, **{name: hers}), _question(bob, **{name: nobodys(hers)})) for name, hers in about]


def handle(bob: Bob, chat_id: str) -> ChatHandle:
    """Make a handle on any chat in Bob's session, as one that was left from before somebody else signed in."""
    now = times.now()
    chat = Chat(id=chat_id, user_id=bob.session.user.id, title=None, model=None, created_at=now, updated_at=now)
    return ChatHandle(bob.session, chat)


def _question(bob: Bob, **changes: str) -> Question:
    values = {"chat_id": bob.chat.id, "user_message_id": bob.messages[0].id, "reply_id": ids.new_id()} | changes
    request = ChatRequest("fake-1", (Turn("user", "Chirp?"),))
    return Question(provider=bob.session.providers.get("custom"), request=request, is_cut=False, **values)


_NOBODY = nobodys("")
_CHAT = Kind(lambda bob: bob.chat.id, _chats)
_MESSAGE = Kind(lambda bob: bob.messages[0].id, _messages)
_TITLE = Kind(lambda bob: bob.chat.title, _titles)
_EMAIL = Kind(
    lambda bob: bob.session.user.email, lambda ada, bob: [(ADA, "eve@example.org"), (ADA.upper(), "EVE@example.org")]
)
_USER = Kind(lambda bob: bob.session.user.id, lambda ada, bob: _ids(ada.session.user.id))
_TOKEN = Kind(lambda bob: _NOBODY, lambda ada, bob: _ids(ada.token_id, *(row["id"] for row in _slots(ada))))
_PROVIDER = Kind(lambda bob: "custom", lambda ada, bob: [(ADAS_PROVIDER, NOBODYS_PROVIDER)])
_WORDS = Kind(lambda bob: "Chirp", lambda ada, bob: [(MARK, "egret"), (f"the {MARK} waits", "the egret waits")])
_QUESTION = Kind(_question, _questions)
_PASSWORD, _WRONG = plain(Secret(OTHER_PASSWORD)), plain(Secret("not the password of anybody"))


def _slots(ada: Ada) -> list[dict[str, Any]]:
    return [row for (_, table), rows in ada.before.items() if table == "key_slots" for row in rows]


def _magics(bob: Bob) -> ChatMagics:
    magics = ChatMagics(None)
    magics._workspace = bob.ws
    return magics


class _Printer:
    """Takes what IPython would show."""

    def pretty(self, value: object) -> None:
        str(value)

    text = pretty


KINDS: dict[str, Kind] = {
    "chat_id": _CHAT,
    "chat": Kind(lambda bob: bob.chat.id, lambda ada, bob: [*_chats(ada, bob), *_handles(ada, bob)]),
    "message_id": _MESSAGE,
    "before": _MESSAGE,
    "email": _EMAIL,
    "user_id": _USER,
    "token_id": _TOKEN,
    "provider": _PROVIDER,
    "question": _QUESTION,
    "matching": _WORDS,
    "contains": _WORDS,
    "line": plain(""),
    "cell": plain("Chirp?"),
    "text": plain("Chirp!"),
    "title": plain("Doves"),
    "name": plain("Doves"),
    "model": plain("fake-1"),
    "temperature": plain(0.5),
    "max_tokens": plain(50),
    "system": plain("be a pigeon"),
    "role": plain("user"),
    "since": plain("2020-01-01"),
    "until": plain("2120-01-01"),
    "columns": plain(["id", "content"]),
    "limit": plain(1_000),
    "key": plain(Secret("sk-of-bob-0123456789")),
    "check": plain(False),
    "stay": plain(False),
    "days": plain(1),
    "provider_keys": plain(False),
    "flag": plain(True),
    "value": plain("15"),
    "theme": plain("light"),
    "language": plain("en"),
    "notifications_enabled": plain(True),
    "automatic_backup": plain(False),
    "password": _WRONG,
    "old": _PASSWORD,
    "new": _PASSWORD,
    "recovery_key": plain(new_recovery_key()),
    "token": plain(new_token()),
    "options": plain(SendOptions(provider="custom")),
    "settings": plain(ChatSettings(chat_id=_NOBODY, created_at=times.now(), updated_at=times.now())),
    "policy": plain(Policy()),
    "outcome": plain(Outcome(text="Chirp.", finish_reason="stop")),
    "owner": plain("nobody@1+1"),
    "started_at": plain(times.now()),
    "on_event": plain(None),
    "printer": plain(_Printer()),
    "cycle": plain(False),
    "probe": plain(True),
    "depth": plain(3),
    "progress": plain(NoProgress()),
    "chats": Kind(lambda bob: [bob.chat.id], lambda ada, bob: [([her], [none]) for her, none in _chats(ada, bob)]),
    "ids": Kind(lambda bob: [bob.chat.id], lambda ada, bob: [([her], [none]) for her, none in _chats(ada, bob)]),
    # where a name means something else
    "Chats.__getitem__.title": _TITLE,
    "Chats.search.text": _WORDS,
    "ChatMagics.chats.line": _WORDS,
    "ChatMagics.chat.line": Kind(
        lambda bob: "", lambda ada, bob: [(f"-c {hers}", f"-c {nobodys}") for hers, nobodys in _chats(ada, bob)]
    ),
    "History.messages.model": Kind(lambda bob: "fake-1", lambda ada, bob: [(ADAS_MODEL, "egret-1")]),
    "History.chats.model": Kind(lambda bob: "fake-1", lambda ada, bob: [(ADAS_MODEL, "egret-1")]),
    "tag": Kind(lambda bob: "chirps", lambda ada, bob: [(ADAS_TAG, "egret-2")]),
    "AdminSettings.__setitem__.key": plain("motto"),
    "AdminSettings.__getitem__.key": plain("motto"),
    "AdminSettings.__delitem__.key": plain("motto"),
    "SettingsHandle.theme =.value": plain("light"),
    "SettingsHandle.language =.value": plain("en"),
    "SettingsHandle.notifications_enabled =.value": plain(True),
    "SettingsHandle.automatic_backup =.value": plain(False),
    "use_cases.administration.set_admin_setting.key": plain("motto"),
    "use_cases.chats.chats_titled.title": _TITLE,
    "use_cases.policy.allowed_provider.name": plain("custom"),
    "use_cases.policy.default_model.provider": Kind(lambda bob: bob.session.providers.get("custom")),
    "use_cases.rotation.rotate_keys.password": _PASSWORD,
    "ApiKeys.rotate.password": _PASSWORD,
}
KINDS["History.messages.chat"] = KINDS["History.chats.chat"] = Kind(
    lambda bob: bob.chat.id,
    lambda ada, bob: [*_titles(ada, bob), *_handles(ada, bob), _with_his(ada, bob)],
)

# On what a method is called; of a chat, the handle itself may be of Ada's chat.
RECEIVERS: dict[str, Kind] = {
    "Workspace": Kind(lambda bob: bob.ws),
    "Chats": Kind(lambda bob: bob.ws.chats),
    "ChatHandle": Kind(lambda bob: handle(bob, bob.chat.id), _handles),
    "History": Kind(lambda bob: bob.ws.history),
    "Maintenance": Kind(lambda bob: bob.ws.maintenance),
    "ApiKeys": Kind(lambda bob: bob.ws.api_keys),
    "Tokens": Kind(lambda bob: bob.ws.tokens),
    "SettingsHandle": Kind(lambda bob: bob.ws.settings),
    "Admin": Kind(lambda bob: bob.ws.admin),
    "AdminSettings": Kind(lambda bob: bob.ws.admin.settings),
    "ChatMagics": Kind(lambda bob: _magics(bob)),
}
# What no input of a user's reaches: it is called by what has just proved whose account it is.
NOT_FOR_USERS = {
    "use_cases.accounts.going_on.go_on",
    "use_cases.accounts.moving.move",
    "use_cases.local_copy.refresh_local_copy",
    "use_cases.policy.policy_here",
}
# Who signs up is told that an address is taken: without mail there is nobody else to tell.
TELLS_WHO_SIGNS_UP = {"Workspace.register", "use_cases.accounts.registration.register", "Account.ask.register"}


def kind_of(full_name: str, parameter: str) -> Kind:
    """Look a parameter up."""
    kind = KINDS.get(f"{full_name}.{parameter}") or KINDS.get(parameter)
    assert kind is not None, (
        f"{full_name} has a parameter {parameter!r} that no plan knows: say in tests/isolation_plans.py what it "
        "takes, so that another user's is tried"
    )
    return kind
