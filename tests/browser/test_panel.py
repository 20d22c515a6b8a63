"""The panel in JupyterLab: a conversation with a scripted provider, by keyboard and mouse."""

from __future__ import annotations

import json

import pytest
from builders import add_chat, add_messages
from fake_openai import Fail, Say
from panel_page import ANSWER, CELL, PanelPage

import primer_nb

pytestmark = pytest.mark.usefixtures("custom_provider")


@pytest.fixture
def custom_provider(fake_openai, monkeypatch):
    """Kernels that are opened from now on ask the scripted provider."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "fake-1")


@pytest.fixture
def panel(lab):
    lab.write(CELL)
    lab.open().run_all()
    yield PanelPage(lab)
    assert lab.errors == []
    assert lab.outside == []


def test_a_message_is_sent_with_enter_and_its_reply_streams(panel, fake_openai):
    fake_openai.script(Say(ANSWER, delay=0.02))

    panel.ask("What is the difference?")

    panel.wait_for_turns(1)
    assert panel.count("chunks") > 1
    assert panel.texts("user") == ["What is the difference?"]
    assert panel.root.locator(".primer-assistant strong").inner_text() == "mean"
    assert panel.root.locator(".primer-assistant pre span").first.inner_text() == "from"
    assert panel.note() == "fake-1"
    assert panel.box.evaluate("box => box === document.activeElement && !box.value")


def test_a_reply_can_be_stopped_retried_and_its_question_edited(panel, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2), Say("again"), Say("something else"))
    panel.ask("Count.")
    panel.wait_for_text("one")
    panel.button("Stop").click()
    panel.wait_for_turns(1)
    stopped = panel.transcript.get_attribute("data-state")

    panel.button("Retry").click()
    panel.wait_for_turns(2)
    retried = panel.texts("assistant")
    panel.root.locator(".primer-user").hover()
    panel.button("Edit message").click()
    panel.ask("Do not count.")
    panel.wait_for_turns(3)

    assert stopped == "stopped"
    assert retried == ["again"]
    assert panel.texts("user") == ["Do not count."]
    assert panel.texts("assistant") == ["something else"]


def test_escape_stops_a_reply_then_gives_the_keys_back_to_the_notebook(panel, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    panel.ask("Count.")
    panel.wait_for_text("one")

    panel.box.press("Escape")
    panel.wait_for_turns(1)
    panel.box.press("Escape")

    assert panel.page.evaluate("() => !document.activeElement.closest('.primer-panel')")
    assert panel.page.evaluate("() => Boolean(document.activeElement.closest('.jp-Notebook'))")


def test_a_failure_is_shown_in_place_with_a_button_to_retry(panel, fake_openai):
    fake_openai.script(Fail(401, "Incorrect API key provided"), Say("Now it works."))
    panel.ask("Hello?")
    panel.wait_for_turns(1)
    told = panel.root.get_by_role("alert").filter(has_text="custom").inner_text()

    panel.button("Retry").last.click()

    panel.wait_for_turns(2)
    assert "Traceback" not in told
    assert panel.texts("assistant") == ["Now it works."]
    assert panel.root.locator(".primer-failure").count() == 0


def test_shift_enter_breaks_the_line_and_runs_no_cell(panel, lab):
    panel.box.fill("first")
    panel.box.press("Shift+Enter")
    panel.box.press_sequentially("second")

    assert panel.box.input_value() == "first\nsecond"
    assert lab.execute("print(runs)").strip() == "1"


def test_enter_that_ends_a_composition_does_not_send(panel, fake_openai):
    panel.box.fill("にほん")

    panel.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    panel.box.press("Enter")

    panel.wait_for_turns(1)
    assert len(fake_openai.calls) == 1


def test_up_in_an_empty_box_recalls_the_last_message(panel):
    panel.ask("What was it?")
    panel.wait_for_turns(1)

    panel.box.press("ArrowUp")

    panel.page.wait_for_function("box => box.value === 'What was it?'", arg=panel.box.element_handle())


def test_messages_and_code_are_copied_as_they_were_written(panel, fake_openai):
    panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fake_openai.script(Say(ANSWER))
    panel.ask("What is the difference?")
    panel.wait_for_turns(1)

    panel.button("Copy message").last.click()
    panel.root.get_by_role("button", name="Copied").wait_for()
    message = panel.page.evaluate("() => navigator.clipboard.readText()")
    panel.button("Copy code").click()
    panel.root.locator(".primer-code").get_by_role("button", name="Copied").wait_for()
    code = panel.page.evaluate("() => navigator.clipboard.readText()")

    assert message == ANSWER
    assert code == ANSWER.split("```")[1].removeprefix("python\n")


def test_a_reload_in_mid_stream_loses_nothing(panel, lab, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=6))
    panel.ask("What is the difference?")
    panel.wait_for_text("Sure")
    lab.save()

    lab.reload()
    panel.wait_for_text("Sure")
    fake_openai.release()

    panel.wait_for_turns(1)
    assert panel.texts("user") == ["What is the difference?"]
    assert panel.texts("assistant")[0].startswith("Sure. The mean is")
    assert panel.texts("assistant")[0].endswith("Say which one you used.")


def test_after_a_restart_of_the_kernel_the_conversation_is_there(panel, lab):
    panel.ask("Remember this.")
    panel.wait_for_turns(1)

    lab.restart_kernel()
    lab.run_all()

    panel.wait_for_text("echo: Remember this.")
    assert panel.texts("user") == ["Remember this."]


def test_a_second_view_shows_the_same_as_the_first(panel, lab, fake_openai):
    fake_openai.script(Say(ANSWER, stall_after=6))
    panel.ask("What is the difference?")
    panel.wait_for_text("Sure")

    panel.show_again()
    views = panel.page.locator(".primer-transcript")
    views.nth(1).get_by_text("Sure").wait_for()
    fake_openai.release()

    views.nth(1).and_(panel.page.locator("[data-turns='1']")).wait_for()
    first, second = views.locator(".primer-list").evaluate_all("lists => lists.map((list) => list.textContent)")
    assert first == second
    assert "Say which one you used." in second


def test_a_cell_run_again_joins_the_one_running_reply(panel, lab, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    panel.ask("Count.")
    panel.wait_for_text("one")

    lab.run_all()
    panel.wait_for_text("one")
    fake_openai.release()

    panel.wait_for_turns(1)
    assert panel.texts("assistant") == ["one two three four"]
    assert len(fake_openai.calls) == 1
    assert lab.execute("print(runs)").strip() == "2"


def test_a_reply_streams_on_while_a_cell_runs(panel, lab, fake_openai):
    fake_openai.script(Say("one two three four", stall_after=2))
    panel.ask("Count.")
    panel.wait_for_text("one")

    lab.execute("import threading, time; busy = threading.Event(); busy.set()")
    panel.keep_kernel_busy(seconds=20)
    fake_openai.release()

    panel.wait_for_turns(1)
    assert panel.kernel_status() == "busy"
    assert panel.texts("assistant") == ["one two three four"]


def test_nothing_of_the_conversation_is_saved_with_the_notebook(panel, lab, fake_openai):
    fake_openai.script(Say("canary-in-a-reply"))
    panel.ask("canary-in-a-question")
    panel.wait_for_turns(1)

    panel.save_widget_state()
    lab.save()

    saved = json.dumps(lab.read())
    assert "widget-state+json" in saved
    assert "Transcript" in saved
    assert "canary" not in saved


def test_what_people_and_models_write_is_never_run(panel, fake_openai):
    attack = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>[x](javascript:window.pwned=1)'
    fake_openai.script(Say([attack]))

    panel.ask(attack)
    panel.wait_for_turns(1)

    assert panel.texts("user") == [attack]
    assert panel.root.locator("img, script, a[href^='javascript']").count() == 0
    assert panel.page.evaluate("() => window.pwned") is None


def test_notebook_7_shows_the_panel_too(notebook7):
    notebook7.write(CELL)
    notebook7.open(width=420).run_all()
    panel = PanelPage(notebook7)

    panel.ask("Hello?")

    panel.wait_for_turns(1)
    assert panel.texts("assistant") == ["echo: Hello?"]
    assert panel.overflow() == []
    assert notebook7.outside == []


def test_a_long_chat_loads_as_one_reads_and_keeps_a_window(panel, primer_home, lab):
    with primer_nb.connect() as ws:
        chat = add_chat(ws._session.store, ws.user, "A long one")
        add_messages(ws._session.store, ws.user, chat, *(f"message {n}" for n in range(1_000)))
    lab.run_all()
    panel.wait_for_text("message 999")
    first_page = panel.root.locator(".primer-message").count()

    for pages in range(2, 9):
        panel.log.evaluate("log => log.scrollTo(0, 0)")
        panel.transcript.and_(panel.page.locator(f"[data-pages='{pages}']")).wait_for()
    window = panel.root.locator(".primer-message").count()
    panel.button("Jump to the latest message").click()
    panel.wait_for_text("message 999")

    assert (first_page, window) == (50, 300)
    assert panel.is_at_end()


def test_reading_above_is_not_disturbed_by_a_running_reply(panel, fake_openai):
    fake_openai.script(Say(ANSWER * 3), Say(ANSWER * 3, stall_after=20))
    panel.ask("First?")
    panel.wait_for_turns(1)
    panel.ask("Second?")
    panel.page.locator(".primer-transcript[data-state='streaming']").wait_for()

    panel.log.hover()
    panel.page.mouse.wheel(0, -600)
    panel.button("Jump to the latest message").wait_for()
    before = panel.log.evaluate("log => log.scrollTop")
    fake_openai.release()
    panel.wait_for_turns(2)

    assert panel.log.evaluate("log => log.scrollTop") == pytest.approx(before, abs=2)
    assert not panel.is_at_end()
