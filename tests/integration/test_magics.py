"""The magics send a cell to a chat and list the chats."""

from __future__ import annotations

import pytest
from fake_openai import Fail, Say
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import primer_nb
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider


@pytest.fixture
def ws(sqlite_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    with primer_nb.connect(sqlite_url) as workspace:
        provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1")
        workspace._session.providers.add(provider)
        yield workspace


@pytest.fixture
def ipython_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.fixture
def shell(ws, ipython_folder):
    ipython = InteractiveShell()
    ipython.user_ns["anything"] = ws
    primer_nb.load_ipython_extension(ipython)
    return ipython


def test_a_cell_is_answered_and_kept(shell, ws, fake_openai, capsys):
    fake_openai.script(Say("Hello there."))

    shell.run_cell_magic("chat", "", "Hello?\n")

    assert "Hello there." in capsys.readouterr().out
    (chat,) = ws.chats
    assert [message.content for message in chat.messages()] == ["Hello?", "Hello there."]


def test_the_next_cell_goes_on_with_the_same_chat(shell, ws):
    shell.run_cell_magic("chat", "", "one")
    shell.run_cell_magic("chat", "", "two")

    assert [len(chat.messages()) for chat in ws.chats] == [4]


def test_a_cell_may_name_its_chat_and_its_model(shell, ws, fake_openai):
    shell.run_cell_magic("chat", "-c 'My birds' -m fake-2", "hello")
    shell.run_cell_magic("chat", "-c 'My birds'", "again")

    assert [chat.title for chat in ws.chats] == ["My birds"]
    assert fake_openai.calls[0].body["model"] == "fake-2"


def test_the_chats_are_listed(shell, ws):
    ws.chats.create("Birds")
    ws.chats.create("Owls")

    assert [chat.title for chat in shell.run_line_magic("chats", "")] == ["Owls", "Birds"]
    assert [chat.title for chat in shell.run_line_magic("chats", "bird")] == ["Birds"]


def test_what_goes_wrong_is_said_without_a_traceback(shell, fake_openai):
    fake_openai.script(Fail(401, "Incorrect API key", code="invalid_api_key"))

    with pytest.raises(UsageError, match="key"):
        shell.run_cell_magic("chat", "", "hello")
    with pytest.raises(UsageError, match=r"use %%chat"):
        shell.run_cell_magic("chat", "--nonsense", "hello")
    with pytest.raises(UsageError, match="empty"):
        shell.run_cell_magic("chat", "", "")


def test_without_a_workspace_the_default_is_opened(primer_home, ipython_folder):
    ipython = InteractiveShell()
    primer_nb.load_ipython_extension(ipython)

    assert ipython.run_line_magic("chats", "") == []
    assert (primer_home / "data" / "primer.db").is_file()
