"""Backups in the panel: what its buttons and its preference do, and how each backup ends."""

from __future__ import annotations

import pytest
from automatic_life import asked, background, talk, there
from delay_proxy import DelayProxy, wait_until
from fake_front_end import read
from fake_openai import Say
from gate import Gate
from panel_backups import state, unsaved, wait_for, wait_for_end, wait_for_unsaved

from primer_nb import times
from primer_nb.database.revisions import head
from primer_nb.session import local_user


@pytest.fixture(autouse=True)
def eager(eager_backups):
    """Wait for nothing that is only there to save work."""


@pytest.fixture
def ws(backups, postgres_url):
    return backups.open(postgres_url)


@pytest.fixture
def panel(backups, ws):
    return backups.show(ws)


@pytest.fixture
def gate(postgres_url):
    gate = Gate(postgres_url)
    yield gate
    gate.close()


def test_the_button_backs_up_and_the_line_says_so(ws, front_end, postgres_url, backups):
    talk(ws, "Which bird cannot fly?", "The penguin.")
    panel = backups.show(ws)
    before, marked = state(front_end), unsaved(front_end)

    front_end.say(panel._chat_list, "back_up")

    told = wait_for_end(front_end)
    wait_for(front_end, phase="idle", waiting=0)
    wait_for_unsaved(front_end)
    assert (before["phase"], before["at"], before["waiting"], marked) == ("idle", None, 3, ["Birds"])
    assert state(front_end)["at"] == pytest.approx(times.now().timestamp() * 1000, abs=20_000)
    assert read(told) == "Backed up."
    assert there(postgres_url) == ["The penguin.", "Which bird cannot fly?"]


def test_a_reply_makes_its_chat_wait_again(panel, ws, front_end):
    front_end.say(panel._chat_list, "back_up")
    wait_for_end(front_end)

    front_end.ask(panel, "Which bird cannot fly?")
    front_end.wait_until_idle(1)

    wait_for_unsaved(front_end, "Which bird cannot fly?")
    wait_for(front_end, phase="idle", waiting=4)  # with what the chat asks of its model


def test_one_chat_is_backed_up_alone_and_loses_its_sign(ws, front_end, postgres_url, backups):
    chat = talk(ws, "one", title="One")
    talk(ws, "two", title="Two")
    panel = backups.show(ws)

    front_end.say(panel._chat_list, "back_up", chat_id=chat.id)

    wait_for_end(front_end)
    wait_for_unsaved(front_end, "Two")
    assert there(postgres_url) == ["one"]
    running = [m["state"] for m in front_end.all("backup") if m["state"]["phase"] == "running"]
    assert {step["chat"] for step in running} == {chat.id}


def test_a_long_backup_counts_what_is_committed_and_can_be_stopped(ws, front_end, postgres_url, monkeypatch, backups):
    ws.backup()
    monkeypatch.setattr(
        "primer_nb.backup.journal.next_batch.__kwdefaults__", {"limit": 2, "most_bytes": 1, "without": ()}
    )
    talk(ws, *"abcdefgh")
    panel = backups.show(ws)

    class Impatient:
        def look(self):
            if panel._backing_up._asked.last(ws.user.id).rows:
                front_end.say(panel._chat_list, "stop_backup")

    impatient = Impatient()
    panel._backing_up._asked.watch(impatient.look)
    front_end.say(panel._chat_list, "back_up")
    told = wait_for_end(front_end)

    steps = [m["state"] for m in front_end.all("backup") if m["state"]["phase"] == "running"]
    assert 0 < len(there(postgres_url)) < 8
    assert read(told) == "The backup was stopped. What was sent stays there."
    assert all(step["mayStop"] for step in steps)
    assert steps[-1]["total"] == 9
    assert 0 < state(front_end)["waiting"] < 9
    del impatient
    front_end.say(panel._chat_list, "back_up")
    wait_for_end(front_end, 2)
    assert len(there(postgres_url)) == 8


def test_a_server_that_is_away_is_told_and_found_again(gate, front_end, backups):
    ws = backups.open(gate.url)
    talk(ws, "hello")
    panel = backups.show(ws)
    gate.shut()
    front_end.say(panel._chat_list, "back_up")

    told = wait_for_end(front_end)
    wait_for(front_end, phase="offline", waiting=2)
    gate.open()
    front_end.say(panel._chat_list, "back_up")
    wait_for_end(front_end, 2)

    wait_for(front_end, phase="idle", waiting=0)
    assert "cannot be reached" in read(told)
    assert "told" not in state(front_end)


def test_a_backup_that_fails_says_why_until_one_goes_through(panel, ws, front_end, postgres_url):
    asked(postgres_url, "UPDATE primer_alembic_version SET version_num = '29990101000000'")
    front_end.say(panel._chat_list, "back_up")
    told = read(wait_for_end(front_end))
    wait_for(front_end, phase="failed")
    failure = read(state(front_end)["told"])

    asked(postgres_url, f"UPDATE primer_alembic_version SET version_num = '{head('postgresql')}'")
    ws.backup(probe=True)

    wait_for(front_end, phase="idle")
    assert told == failure
    assert "newer" in failure


def test_what_the_server_does_not_take_is_told(ws, front_end, backups):
    talk(ws, "fine", "a NUL: \x00")
    panel = backups.show(ws)

    front_end.say(panel._chat_list, "back_up")

    assert "ws.backup()" in read(wait_for_end(front_end))
    assert "(1)" in read(state(front_end)["told"], language="de")
    wait_for_unsaved(front_end, "Birds")


def test_the_preference_switches_it_on_and_a_reply_goes_by_itself(panel, ws, front_end, postgres_url):
    answer = front_end.fill_in(panel, "prefer", changed={"automatic_backup": True})
    wait_for(front_end, automatic=True)

    front_end.ask(panel, "Which bird cannot fly?")
    front_end.wait_for("end")

    wait_until(lambda: len(there(postgres_url)) == 2)
    wait_for(front_end, phase="idle", waiting=0)
    wait_for_unsaved(front_end)
    assert "told" not in answer
    assert background(ws).phase in {"idle", "running"}
    assert not any(m["state"].get("mayStop") for m in front_end.all("backup"))


def test_an_automatic_one_that_is_offline_says_when_it_tries_again(gate, front_end, backups):
    ws = backups.open(gate.url)
    panel = backups.show(ws)
    gate.shut()
    ws.settings.automatic_backup = True
    wait_for(front_end, phase="offline")
    offline = state(front_end)

    gate.open()
    front_end.say(panel._chat_list, "back_up")

    wait_for_end(front_end)
    wait_for(front_end, phase="idle", automatic=True)
    assert offline["again"] > times.now().timestamp() * 1000 - 1000
    assert "cannot be reached" in read(offline["told"])


def test_a_reply_streams_while_a_backup_runs(postgres_url, front_end, fake_openai, backups):
    with DelayProxy(postgres_url) as proxy:
        ws = backups.open(proxy.url)
        talk(ws, "hello")
        panel = backups.show(ws)
        proxy.is_holding = True
        fake_openai.script(Say("one two three four"))
        front_end.say(panel._chat_list, "back_up")
        wait_for(front_end, phase="running")

        front_end.ask(panel, "Count.")
        front_end.wait_for("end")

        assert state(front_end)["phase"] == "running"
        proxy.is_holding = False
        wait_for_end(front_end)


def test_signing_out_ends_a_backup_that_runs_and_tells_nobody(threads, postgres_url, front_end, backups):
    with DelayProxy(postgres_url) as proxy:
        ws = backups.open(proxy.url)
        talk(ws, "hello")
        panel = backups.show(ws)
        proxy.delay = 0.2
        front_end.say(panel._chat_list, "back_up")
        wait_for(front_end, phase="running")

        ws._session.become(local_user(ws._session.store))
        wait_until(lambda: threads("primer-backup") == [])

        wait_for(front_end, possible=False)
        proxy.delay = 0.0


def test_a_closed_workspace_leaves_no_thread_of_a_backup(threads, postgres_url, front_end, backups):
    with DelayProxy(postgres_url) as proxy:
        ws = backups.open(proxy.url)
        talk(ws, "hello")
        panel = backups.show(ws)
        proxy.delay = 0.1
        front_end.say(panel._chat_list, "back_up")
        wait_for(front_end, phase="running")

        panel.close()
        ws.close()

        ours = ("primer-backup", "primer-backup-look", "primer-panel", "primer-automatic-backup")
        wait_until(lambda: not any(map(threads, ours)))
        proxy.delay = 0.0
