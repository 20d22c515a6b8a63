"""The account in the panel, as a person uses it: sign up, come back, choose, and leave nothing behind."""

from __future__ import annotations

import pytest
from fake_openai import Say
from panel_page import EMAIL, PASSWORD, open_panel_without_key


@pytest.fixture
def panel(lab, fake_openai, monkeypatch):
    panel = open_panel_without_key(lab, fake_openai, monkeypatch)
    yield panel
    assert lab.errors == []
    assert lab.outside == []


def held_by(panel) -> str:
    """Return the HTML of the page and what its boxes hold."""
    return panel.page.evaluate(
        "() => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((box) => box.value)"
    )


def test_an_account_is_made_and_its_recovery_key_is_seen_once(panel, lab):
    panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    key = panel.sign_up(EMAIL, PASSWORD)
    panel.dialog.get_by_role("button", name="Copy the key").click()
    copied = panel.page.evaluate("() => navigator.clipboard.readText()")
    panel.dialog.get_by_role("button", name="I have saved it").click()
    panel.dialog.wait_for(state="hidden")

    assert copied == key
    assert key.count("-") == 8
    assert panel.who.get_by_text(EMAIL).is_visible()
    assert [secret for secret in (key, PASSWORD) if secret in held_by(panel)] == []
    assert panel.row("Whales").is_visible()


def test_the_only_sight_of_a_recovery_key_is_not_lost_by_one_key(panel):
    key = panel.sign_up(EMAIL, PASSWORD)

    panel.page.keyboard.press("Escape")
    warned = panel.dialog.get_by_role("alert").filter(has_text="not be shown again").is_visible()
    still_there = panel.dialog.locator(".primer-recovery").inner_text()
    panel.page.keyboard.press("Escape")

    panel.dialog.wait_for(state="hidden")
    assert (warned, still_there) == (True, key)
    assert key not in held_by(panel)


def test_who_stays_signed_in_is_signed_in_after_a_restart(panel, lab):
    panel.sign_up(EMAIL, PASSWORD)
    panel.submit()

    lab.restart_kernel()
    lab.run_all()

    panel.who.get_by_text(EMAIL).wait_for()
    panel.wait_for_text("they do")


def test_a_reload_shows_who_is_signed_in_and_no_recovery_key(panel, lab):
    key = panel.sign_up(EMAIL, PASSWORD)
    lab.save()

    lab.reload()

    panel.who.get_by_text(EMAIL).wait_for()
    panel.wait_for_text("they do")
    assert key not in held_by(panel)


def test_signing_out_and_in_again_with_a_wrong_password_in_between(panel):
    panel.sign_up(EMAIL, PASSWORD)
    panel.submit()
    panel.open_dialog().get_by_role("button", name="Sign out").click()
    panel.row("Whales").wait_for(state="detached")

    panel.fill_in(email=EMAIL, password="canary of another kind")
    panel.submit()
    told = panel.dialog.get_by_role("alert").filter(has_text="do not belong together")
    told.wait_for()
    left = [panel.dialog.locator(f"input[name={name}]").input_value() for name in ("email", "password")]
    focused = panel.page.evaluate("() => document.activeElement.name")
    panel.fill_in(password=PASSWORD)
    panel.submit()

    panel.dialog.wait_for(state="hidden")
    panel.row("Whales").wait_for()
    panel.wait_for_text("they do")
    assert left == [EMAIL, ""]
    assert focused == "password"


def test_what_is_typed_is_in_no_attribute_and_leaves_the_box_at_submit(panel, lab):
    panel.open_dialog()
    panel.fill_in(email=EMAIL, password=PASSWORD)
    typed = panel.root.evaluate("root => root.outerHTML")

    panel.keep_kernel_busy(seconds=3)
    panel.submit()
    held = held_by(panel)
    button = panel.dialog.locator(".primer-submit")

    assert PASSWORD not in typed
    assert PASSWORD not in held
    assert (button.inner_text(), button.get_attribute("aria-disabled")) == ("Signing in…", "true")
    panel.dialog.get_by_role("alert").filter(has_text="do not belong together").wait_for()


def test_two_passwords_that_differ_are_not_sent(panel, lab):
    panel.open_dialog().get_by_role("button", name="Create account").click()
    panel.fill_in(email=EMAIL, new=PASSWORD, again=PASSWORD + "s")
    panel.submit()
    differ = panel.dialog.get_by_role("alert").inner_text()

    panel.fill_in(new="too short", again="too short")
    panel.submit()

    assert differ == "The two passwords are not the same."
    assert panel.dialog.get_by_role("alert").inner_text() == "The password has fewer than 15 characters."
    assert lab.execute("print(ws.user.email)").strip() == "local@localhost"


def test_a_recovery_key_waits_for_who_looked_elsewhere(panel):
    panel.sign_up(EMAIL, PASSWORD)
    panel.dialog.get_by_role("tab", name="Keys").click()

    panel.page.keyboard.press("Escape")

    assert panel.dialog.locator(".primer-recovery").is_visible()
    assert panel.dialog.get_by_role("alert").filter(has_text="not be shown again").is_visible()


def test_a_recovery_key_is_shown_to_the_view_that_asked_and_to_no_other(panel):
    panel.show_again()
    others = panel.page.locator(".primer-panel").nth(1)
    others.locator(".primer-who").wait_for()

    key = panel.sign_up(EMAIL, PASSWORD)
    others.locator(".primer-who", has_text=EMAIL).wait_for()

    assert key not in others.inner_text()
    assert panel.page.locator(".primer-recovery").count() == 1


def test_the_dialog_is_used_by_keys_alone_and_keeps_them(panel, lab):
    panel.who.focus()
    panel.page.keyboard.press("Enter")
    inside = panel.page.evaluate("() => document.activeElement.name")
    panel.page.keyboard.press("Shift+Tab")
    panel.page.keyboard.press("ArrowRight")
    panel.page.keyboard.press("ArrowRight")
    tab = panel.dialog.get_by_role("tab", selected=True).inner_text()
    for _ in range(12):
        panel.page.keyboard.press("Tab")
        assert panel.page.evaluate("() => Boolean(document.activeElement.closest('.primer-sheet'))")
    panel.page.keyboard.press("b")  # a command of the notebook: a cell below
    panel.page.keyboard.press("Escape")

    panel.dialog.wait_for(state="hidden")
    assert (inside, tab) == ("email", "Preferences")
    assert panel.who.evaluate("row => row === document.activeElement")
    assert len(lab.execute("print(runs)").split()) == 1
    assert panel.page.locator(".jp-Cell").count() == 1


def test_theme_and_language_are_chosen_in_the_dialog(panel, lab):
    panel.open_dialog("Preferences").get_by_role("radio", name="Dark").check()
    panel.page.locator(".primer-panel.primer-dark").wait_for()
    dark = panel.brightness()

    panel.dialog.get_by_label("Language").select_option("de")

    panel.dialog.get_by_role("tab", name="Einstellungen").wait_for()
    assert dark < 0.2
    assert panel.dialog.get_by_role("radio", name="Dunkel").is_checked()
    assert panel.page.evaluate("() => Boolean(document.activeElement.closest('.primer-sheet'))")
    assert lab.execute("print(ws.settings.theme, ws.settings.language)").strip() == "dark de"


def test_a_reply_that_ends_while_the_page_is_hidden_is_announced_without_its_text(panel, lab, fake_openai):
    fake_openai.api_key = None
    lab.execute("import os; os.environ['OPENAI_API_KEY'] = 'sk-any'")
    fake_openai.script(Say("canary one two", stall_after=2))
    panel.ask("Count.")
    panel.wait_for_text("canary one")
    panel.page.evaluate(
        """() => {
            window.told = [];
            window.Notification = class { constructor(text) { window.told.push(text); } };
            window.Notification.permission = "granted";
            Object.defineProperty(document, "hidden", { configurable: true, value: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    fake_openai.release()

    panel.page.wait_for_function("() => window.told.length")

    assert panel.page.evaluate("() => window.told") == ["A reply is ready."]
