"""Backups in the panel as a person uses them: the button, the signs, offline, automatic, by keys, by ear."""

from __future__ import annotations

import json

import pytest
from backup_page import TITLES, adas, open_backups
from builders import add_messages
from fake_openai import Say
from gate import Gate


@pytest.fixture
def gate(postgres_url):
    gate = Gate(postgres_url)
    yield gate
    gate.close()


@pytest.fixture
def panel(lab, fake_openai, gate, monkeypatch):
    panel = open_backups(lab, fake_openai, gate, monkeypatch)
    lab.open().run_all()
    panel.wait_for_text("Because.")
    yield panel
    assert lab.errors == []
    assert lab.outside == []


def test_the_button_backs_up_and_a_reply_waits_again(panel, lab):
    panel.wait_for_line("Not backed up yet")
    panel.wait_for_unsaved(3)
    panel.back_up()
    panel.wait_for_line("Backed up just now")
    panel.wait_for_unsaved(0)
    panel.wait_for_outcome("Backed up.")

    panel.ask("And now?")
    panel.wait_for_turns(1)

    panel.wait_for_line("changes wait")
    panel.wait_for_unsaved(1)
    assert panel.unsaved() == [TITLES[-1]]
    assert lab.execute("print(len(ws.verify().to_frame()) > 0, ws.backup().messages)").strip() == "True 2"
    panel.wait_for_line("Backed up just now")


def test_one_chat_is_backed_up_by_its_sign_and_by_keys_alone(panel, lab):
    panel.wait_for_unsaved(3)
    panel.row(TITLES[0]).focus()
    assert panel.row(TITLES[0]).inner_text().split("\n") == [TITLES[0], "Not backed up yet"]

    for _ in range(3):
        panel.page.keyboard.press("Tab")
    focused = panel.page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    panel.page.keyboard.press("Enter")
    panel.wait_for_unsaved(2)

    assert focused == f"Back up “{TITLES[0]}”"
    assert TITLES[0] not in panel.unsaved()
    assert panel.page.evaluate("() => document.activeElement.textContent").startswith(TITLES[0])
    panel.wait_for_outcome("Backed up.")


def test_offline_is_said_with_what_to_do_and_is_over_with_the_next_backup(panel, gate):
    panel.back_up()
    panel.wait_for_line("Backed up just now")
    gate.shut()
    panel.back_up()
    panel.wait_for_line("Offline")

    panel.line.click()
    told = panel.foot.locator(".primer-backup-more").inner_text()
    gate.open()
    panel.back_up()
    panel.wait_for_line("Backed up just now")

    assert "Everything is kept here" in told
    assert "cannot be reached" in told
    assert "cannot be reached" not in panel.foot.locator(".primer-backup-more").inner_text()


def test_the_preference_lets_a_reply_go_by_itself_also_after_a_restart(panel, lab):
    box = panel.open_dialog("Preferences").get_by_role("checkbox", name="Back up automatically")
    box.check()
    panel.wait_for_line("Backed up just now")
    panel.page.keyboard.press("Escape")

    panel.ask("And now?")
    panel.wait_for_turns(1)
    panel.wait_for_line("Backed up just now")
    panel.wait_for_unsaved(0)
    backed_up = lab.execute("print(ws.history.chats()['backed_up'].all())").strip()
    lab.restart_kernel()
    lab.run_all()
    panel.wait_for_line("Backed up just now")
    panel.ask("And after a restart?")
    panel.wait_for_turns(1)

    panel.wait_for_line("changes wait")
    panel.wait_for_line("Backed up just now")
    panel.wait_for_unsaved(0)
    assert backed_up == "True"
    assert panel.outcome.text_content() == ""  # nobody asked for it


def test_a_long_backup_is_stopped_and_goes_on(panel, lab):
    lab.execute(
        "import primer_nb.backup.journal as journal, time; journal.next_batch.__kwdefaults__['limit'] = 1\n"
        "from primer_nb.backup import run; push = run._push_one\n"
        "run._push_one = lambda *rest: (time.sleep(0.3), push(*rest))[1]"
    )
    panel.back_up()
    panel.wait_for_unsaved(0)
    with adas() as ws:
        add_messages(ws._session.store, ws.user, ws.chats[TITLES[0]], *["Tell me more."] * 40)
    panel.wait_for_unsaved(1)

    panel.back_up()
    stop = panel.foot.get_by_role("button", name="Stop the backup")
    panel.wait_for_line("%")
    stop.click()
    panel.wait_for_outcome("What was sent stays there.")

    panel.wait_for_line("changes wait")
    left = int(lab.execute("print(ws.backup().messages)"))
    assert 0 < left < 40
    panel.wait_for_line("Backed up just now")


def test_a_failed_backup_can_be_read(panel, lab, postgres_server, postgres_url):
    panel.back_up()
    panel.wait_for_unsaved(0)
    lab.execute(f"ws.chats[{TITLES[0]!r}].rename('Wales')")
    panel.wait_for_unsaved(1)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    postgres_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    lab.execute("ws._session.hang_up()")

    panel.back_up()
    panel.wait_for_line("Backup failed")
    panel.line.focus()
    panel.page.keyboard.press("Enter")

    assert panel.line.get_attribute("aria-expanded") == "true"
    assert "takes no writes" in panel.foot.locator(".primer-backup-more").inner_text()
    panel.wait_for_outcome("takes no writes")


def test_a_reply_streams_while_a_backup_runs_and_a_cell_is_busy(panel, lab, fake_openai):
    lab.execute("from primer_nb.backup import run; import threading; hello = run.line_to\nimport contextlib")
    lab.execute(
        "may_go = threading.Event()\n"
        "@contextlib.contextmanager\ndef slow(server):\n    with hello(server) as line:\n        may_go.wait()\n"
        "        yield line\nrun.line_to = slow"
    )
    fake_openai.script(Say("one two three four five", stall_after=2))
    panel.ask("Count.")
    panel.wait_for_text("one two")
    panel.back_up()
    panel.wait_for_line("Backing up…")
    panel.keep_kernel_busy(seconds=5)

    fake_openai.release()
    panel.wait_for_turns(1)

    assert panel.line.inner_text() == "Backing up…"
    lab.execute("may_go.set()")
    panel.wait_for_line("Backed up just now")


def test_the_time_ages_without_a_message_of_the_kernel(panel):
    panel.page.clock.install()
    panel.back_up()
    panel.wait_for_line("Backed up just now")

    panel.page.clock.fast_forward("03:10")

    panel.wait_for_line("Backed up 3 min. ago")


def test_two_views_a_reload_and_the_saved_notebook(panel, lab):
    lab.save()
    lab.reload()
    panel.wait_for_line("Not backed up yet")
    panel.show_again()
    other = panel.page.locator(".primer-panel").nth(1)
    other.locator(".primer-backup-line", has_text="Not backed up yet").wait_for()

    panel.back_up()
    panel.wait_for_line("Backed up just now")
    other.locator(".primer-backup-line", has_text="Backed up just now").wait_for()
    panel.wait_for_outcome("Backed up.")
    panel.save_widget_state()
    lab.save()

    assert other.locator(".primer-chat-list > [role=status]").text_content() == ""
    saved = json.dumps(lab.read())
    assert [text for text in (*TITLES, "canary") if text in saved] == []


def test_signing_out_takes_the_line_away_at_once(panel):
    panel.wait_for_unsaved(3)

    panel.open_dialog().get_by_role("button", name="Sign out").click()
    panel.foot.wait_for(state="hidden")
    panel.dialog.get_by_role("tab", name="Preferences").click()

    box = panel.dialog.get_by_role("checkbox", name="Back up automatically")
    assert box.is_disabled()
    assert panel.dialog.get_by_text("Backups need an account").is_visible()
    assert panel.unsaved() == []
