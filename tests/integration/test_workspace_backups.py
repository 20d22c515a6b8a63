"""Backups in the user's hand: send, fetch, bring back, compare, forget; in a notebook, a terminal and a magic."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from backup_devices import Told
from builders import add_messages, said
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD, world

import primer_nb
from primer_nb import times
from primer_nb.cli import main
from primer_nb.errors import ChatNotFoundError, InvalidInputError, NotSignedInError
from primer_nb.use_cases.chats import choose_model


@pytest.fixture
def people(sqlite_url, postgres_url, quick_argon2):
    with world(sqlite_url, postgres_url) as made:
        yield made


@pytest.fixture
def ada(people):
    ws = people.connect()
    ws.register(ADA, password=PASSWORD)
    return ws


def _talk(ws, title="Birds", *contents):
    chat = ws.chats.create(title)
    add_messages(ws._session.store, ws.user, chat, *(contents or ("Which bird cannot fly?", "The penguin.")))
    return chat


def test_what_is_new_is_sent_once(ada):
    _talk(ada)

    first, second = ada.backup(), ada.backup()

    assert (first.chats, first.messages) == (1, 2)
    assert (second.chats, second.messages) == (0, 0)
    assert ada.verify(depth=3)


def test_a_wiped_store_comes_back_whole(ada, people, tmp_path):
    chat = _talk(ada, "Vögel \N{BIRD}", "Why?\r\n\ttabs", "", "\U0001f427" * 1000)
    ada.backup()
    before = said(chat)

    other = people.connect(database_url=f"sqlite:///{tmp_path / 'new machine.db'}")
    other.login(ADA, password=PASSWORD, stay=False)
    report = other.restore()

    assert said(other.chats[chat.title]) == before
    assert report.messages == 3
    assert other.verify(depth=3)
    assert other.backup().messages == 0


def test_two_machines_see_what_the_other_wrote(ada, people, tmp_path):
    other = people.connect(database_url=f"sqlite:///{tmp_path / 'other.db'}")
    other.login(ADA, password=PASSWORD, stay=False)
    _talk(ada, "From here")
    _talk(other, "From there")

    ada.backup()
    other.backup()
    ada.pull()
    other.pull()

    assert {chat.title for chat in ada.chats} == {chat.title for chat in other.chats} == {"From here", "From there"}
    assert ada.verify(depth=3)


def test_a_slow_clock_does_not_lose_to_settings_that_it_has_seen(ada, people, tmp_path, monkeypatch):
    chat = _talk(ada)
    other = people.connect(database_url=f"sqlite:///{tmp_path / 'other.db'}")
    other.login(ADA, password=PASSWORD, stay=False)
    real = times.now()
    monkeypatch.setattr(times, "now", lambda: real + timedelta(hours=1))
    ada.settings.theme = "dark"
    choose_model(ada._session, chat.id, provider="openai", model="of the fast clock")
    ada.backup()
    other.pull()
    monkeypatch.setattr(times, "now", lambda: real)

    other.settings.theme = "light"
    choose_model(other._session, chat.id, provider="openai", model="of the slow clock")
    other.backup()
    ada.pull()
    other.pull()

    assert (ada.settings.theme, other.settings.theme) == ("light", "light")
    assert _model_of(ada, chat) == _model_of(other, chat) == "of the slow clock"
    assert ada.verify(depth=3)
    assert other.verify(depth=3)


def _model_of(ws, chat):
    with ws._session.read() as work:
        return work.chat_settings.get(chat.id).model


def test_selected_chats_are_sent_and_others_stay(ada):
    one, two, three = (_talk(ada, title) for title in ("One", "Two", "Three"))

    assert one.backup().chats == 1
    assert ada.backup([two, three.id]).chats == 2
    assert ada.verify()


def test_a_deleted_chat_stays_away_until_it_is_asked_for(ada):
    chat = _talk(ada)
    ada.backup()
    ada.chats.delete(chat.id)

    ada.pull()
    assert ada.chats.list() == []
    ada.restore(chat.id)

    assert [found.title for found in ada.chats] == ["Birds"]


def test_a_forgotten_chat_is_gone_from_the_server(ada):
    chat = _talk(ada)
    ada.backup()

    ada.forget(chat)

    with pytest.raises(ChatNotFoundError):
        ada.forget(chat)
    assert [found.title for found in ada.chats] == ["Birds"]
    assert ada.backup().messages == 0
    add_messages(ada._session.store, ada.user, chat, "One more thing")
    assert ada.backup().messages == 3


def test_chats_of_others_are_out_of_reach(ada, people, tmp_path):
    chat = _talk(ada)
    ada.backup()
    bob = people.connect(database_url=f"sqlite:///{tmp_path / 'bob.db'}")
    bob.register(BOB, password=OTHER_PASSWORD, stay=False)

    for attempt in (lambda: bob.backup(chat.id), lambda: bob.restore(chat.id), lambda: bob.forget(chat.id)):
        with pytest.raises(ChatNotFoundError):
            attempt()

    bob.pull()
    assert bob.chats.list() == []
    assert ada.verify(depth=3)


def test_a_drill_shows_that_a_restore_would_work(ada):
    _talk(ada)
    ada.backup()

    assert ada.backup_drill()
    _talk(ada, "Not sent")
    assert not ada.backup_drill()


@pytest.mark.parametrize("method", ["verify", "backup_drill", "pull", "restore"])
def test_what_may_take_long_shows_a_bar(ada, monkeypatch, method):
    told = Told()
    monkeypatch.setattr("primer_nb.workspace.backup_methods.progress_bar", lambda *_, **__: nullcontext(told))
    _talk(ada)
    ada.backup()
    told.is_finished = False

    getattr(ada, method)()

    assert told.is_finished


def test_who_has_no_account_or_no_server_is_told_what_to_do(people, tmp_path):
    with pytest.raises(NotSignedInError, match=r"ws\.register"):
        people.connect().backup()
    with (
        primer_nb.connect(tmp_path / "alone.db") as alone,
        pytest.raises(InvalidInputError, match="PRIMER_SERVER_URL"),
    ):
        alone.backup()


def test_stores_of_other_kinds_are_told_apart(postgres_url, tmp_path, quick_argon2):
    with world(f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}") as people:
        ws = people.connect()
        ws.register(ADA, password=PASSWORD, stay=False)

        with pytest.raises(InvalidInputError, match="PostgreSQL"):
            ws.backup()


def test_the_audit_log_knows_of_restores(ada):
    chat = _talk(ada)
    ada.backup()
    ada.restore()
    ada.forget(chat)

    assert list(ada.admin.audit_log()["action"])[:2] == ["chat_forgotten", "restored"]


def test_a_report_is_one_line_and_a_frame(ada):
    _talk(ada)

    report = ada.backup()

    assert "\n" not in repr(report)
    assert len(report.to_frame()) >= 1
    assert "<" in report._repr_html_()


def test_the_commands_back_up_verify_and_restore(ada, people, tmp_path, capsys):
    _talk(ada)
    where = ["--database", people.database_url, "--server", people.server_url]
    token = ada.tokens.create("nightly").reveal()

    assert main(["backup", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 2
    assert main(["verify", *where, "--depth", "3"]) == 0
    _talk(ada, "New")
    assert main(["verify", *where]) == 1
    new = tmp_path / "new.db"
    assert main(["restore", "--database", str(new), "--server", people.server_url, "--token", token]) == 0

    assert Path(new).exists()
    with primer_nb.connect(new, server_url=people.server_url, token=token) as ws:
        assert [chat.title for chat in ws.chats] == ["Birds"]


def test_a_command_without_a_sign_in_says_what_is_missing(people, capsys, monkeypatch):
    people.connect()
    monkeypatch.setattr("builtins.input", _nobody)

    code = main(["backup", "--database", people.database_url, "--server", people.server_url])

    assert code == 1
    assert "nobody is signed in" in capsys.readouterr().err


def test_the_magic_sends_what_is_new(ada):
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "primer_nb")
    shell.user_ns["ws"] = ada
    _talk(ada, "Birds")

    assert shell.run_line_magic("backup", "").messages == 2
    assert shell.run_line_magic("backup", "Birds").messages == 0
    with pytest.raises(UsageError, match="no chat"):
        shell.run_line_magic("backup", "Whales")


def _nobody(*_arguments):
    raise EOFError
