"""Who sees how a backup stands, what is told of it unasked, how little of it travels, and what is kept."""

from __future__ import annotations

import json
import logging
import threading

import ipywidgets
import pytest
from automatic_life import asked, say, talk, write
from fake_front_end import FakeFrontEnd
from panel_backups import state, wait_for, wait_for_end, wait_for_unsaved
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb import ids, times
from primer_nb.backup.bookkeeping import reading


@pytest.fixture(autouse=True)
def eager(eager_backups):
    """Wait for nothing that is only there to save work."""


@pytest.fixture
def ws(backups, postgres_url):
    return backups.open(postgres_url)


@pytest.fixture
def panel(backups, ws):
    return backups.show(ws)


def test_a_backup_in_another_kernel_is_seen(ws, front_end, backups):
    talk(ws, "hello")
    backups.show(ws)
    wait_for_unsaved(front_end, "Birds")

    backups.elsewhere().backup()

    wait_for(front_end, phase="idle", waiting=0)
    wait_for_unsaved(front_end)


def test_what_another_program_writes_is_seen(ws, front_end, backups):
    chat = talk(ws, "hello")
    ws.backup()
    backups.show(ws)

    row = (ids.new_id(), chat.id, times.to_text(times.now()))
    write(ws, "INSERT INTO messages (id, chat_id, role, content, created_at) VALUES (?, ?, 'user', 'x', ?)", *row)

    wait_for_unsaved(front_end, "Birds")
    wait_for(front_end, waiting=1)


def test_nothing_is_looked_up_while_nobody_looks(panel, ws, front_end, monkeypatch):
    front_end.say(panel._transcript, "pause", client="tab")
    front_end.say(panel._composer, "hello")
    front_end.wait_for("state")
    looked = []
    monkeypatch.setattr("primer_nb.panel.backing_up.read_backup_state", lambda session: looked.append(1))

    panel._backing_up._is_over.wait(0.5)

    assert looked == []


def test_two_panels_show_the_same(panel, ws, front_end, backups):
    other_end = FakeFrontEnd()
    with pytest.MonkeyPatch.context() as patch:
        other_end.install(patch)
        backups.show(ws, other_end)
        front_end.say(panel._chat_list, "back_up")

        wait_for_end(front_end)
        wait_for_end(other_end)

        assert state(other_end) == state(front_end)


def test_a_browser_that_comes_back_is_told_everything(ws, front_end, backups):
    talk(ws, "hello")
    panel = backups.show(ws)
    wait_for_unsaved(front_end, "Birds")

    front_end.say(panel._chat_list, "hello")

    front_end.wait_for("backup", 2)
    assert front_end.all("backup")[0] == front_end.all("backup")[1]
    assert len(front_end.all("unsaved")) == 2


def test_signing_out_and_in_changes_it_at_once(ws, front_end, backups):
    talk(ws, "hello")
    backups.show(ws)
    wait_for_unsaved(front_end, "Birds")

    ws.logout()
    wait_for(front_end, possible=False)
    wait_for_unsaved(front_end)
    ws.register(BOB, password=OTHER_PASSWORD, stay=False)
    wait_for(front_end, possible=True, waiting=0)
    ws.logout()
    wait_for(front_end, possible=False)
    ws.login(ADA, password=PASSWORD, stay=False)

    wait_for(front_end, possible=True, waiting=2, ended=None)
    wait_for_unsaved(front_end, "Birds")


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_without_a_server_nothing_is_said_of_backups(front_end, is_signed_in, backups):
    ws = backups.open(None)
    if not is_signed_in:
        ws.logout()
    talk(ws, "hello")
    panel = backups.show(ws)

    front_end.say(panel._chat_list, "back_up")
    front_end.say(panel._chat_list, "stop_backup")
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats", 2)

    assert front_end.all("backup") == front_end.all("unsaved") == []
    assert "primer-backup-look" not in {thread.name for thread in threading.enumerate()}


def test_a_change_of_state_costs_one_short_message_and_no_list(ws, front_end, backups):
    for number in range(100):
        talk(ws, "hello", title=f"Chat {number}")
    ws.backup()
    backups.show(ws)
    front_end.wait_for("chats")
    before = len(front_end.messages)

    say(ws, "again", title="Chat 7")
    wait_for_unsaved(front_end, "Chat 7")
    wait_for(front_end, waiting=1)
    ws.backup()
    wait_for_unsaved(front_end)
    wait_for(front_end, waiting=0)

    sent = front_end.messages[before:]
    assert [message["type"] for message in sent] == ["unsaved", "backup"] * 2
    assert sum(len(json.dumps(message)) for message in sent) < 900


def test_the_signs_of_a_hundred_chats_take_as_many_queries_as_of_one(ws, front_end, backups):
    talk(ws, "hello")
    panel = backups.show(ws)
    front_end.say(panel._transcript, "pause", client="tab")
    one = queries(ws, panel._backing_up._look)
    for number in range(99):
        talk(ws, "hello", title=f"Chat {number}")
    front_end.say(panel._chat_list, "hello")
    front_end.wait_for("chats", 2)

    hundred = queries(ws, panel._backing_up._look)

    assert len(panel._chat_list.listed) == 100
    assert 0 < hundred <= one


def queries(ws, job):
    """Count what SQLite is asked meanwhile, in this thread."""
    seen = []
    with reading(ws._session.store) as connection:
        connection.set_trace_callback(seen.append)
    job()
    with reading(ws._session.store) as connection:
        connection.set_trace_callback(None)
    return len(seen)


def test_nothing_of_a_backup_is_in_any_trait_or_on_standard_error(
    ws, front_end, capfd, caplog, postgres_url, backups
):
    caplog.set_level(logging.WARNING)
    talk(ws, "canary", title="Canary")
    panel = backups.show(ws)
    asked(postgres_url, "UPDATE primer_alembic_version SET version_num = '29990101000000'")

    front_end.say(panel._chat_list, "back_up")
    wait_for_end(front_end)

    saved = json.dumps([ipywidgets.Widget.get_manager_state(), front_end.states])
    assert [text for text in ("Canary", "29990101", "primer_nb upgrade") if text in saved] == []
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
