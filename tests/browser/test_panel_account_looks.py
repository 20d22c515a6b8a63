"""How the dialog of the account looks: light, dark, at 320 px, in German, for everybody; the pictures are kept."""

from __future__ import annotations

import pytest
from builders import add_chat, add_messages
from fake_openai import Fail
from panel_page import CELL, PanelPage

import primer_nb
from primer_nb.panel.words import CATALOGUE

NARROW = 436  # pixels of a page of JupyterLab that leave 320 to the panel
PASSWORD = "purple otter reads maps"


class Looks:
    """Goes through the dialog's pages, takes a picture of each and collects what is wrong with it."""

    def __init__(self, lab, panel, *, name, language):
        self.lab, self.panel, self.name = lab, panel, name
        self.words = CATALOGUE[language]["account"]
        self.found: list[tuple[str, str]] = []

    def judge(self, page: str) -> None:
        self.panel.page.mouse.move(0, 0)
        wrong = self.lab.accessibility_violations(".primer-panel") + self.panel.overflow()
        self.found += [(page, what) for what in wrong]
        self.lab.screenshot(f"account-{self.name}-{page}", selector=".primer-panel")

    def press(self, word: str) -> None:
        self.panel.dialog.get_by_role("button", name=self.words[word], exact=True).click()

    def turn(self, word: str) -> None:
        self.panel.dialog.get_by_role("tab", name=self.words[word]).click()

    def refused(self, word: str) -> None:
        self.panel.dialog.get_by_role("alert").filter(has_text=self.words[word].split("{")[0]).wait_for()


@pytest.fixture
def looks(lab, fake_openai, monkeypatch, request):
    options = dict(request.param)
    language = options.pop("language", "en")
    monkeypatch.setenv("PRIMER_PROVIDER", "openai")
    monkeypatch.setenv("OPENAI_BASE_URL", fake_openai.base_url)
    monkeypatch.setenv("GEMINI_API_KEY", "not-shown")
    with primer_nb.connect() as ws:
        chat = add_chat(ws._session.store, ws.user, "Whales")
        add_messages(ws._session.store, ws.user, chat, "Do they sing?", "Yes, they do.")
        ws.settings.language = language
    lab.write(CELL)
    lab.open(**options).run_all()
    panel = PanelPage(lab)
    panel.wait_for_text("Yes, they do.")
    yield Looks(lab, panel, name=request.node.callspec.id, language=language)
    assert lab.errors == []


everywhere = pytest.mark.parametrize(
    "looks",
    [{"dark": False}, {"dark": True}, {"width": NARROW}, {"width": NARROW, "dark": True, "language": "de"}],
    indirect=True,
    ids=["light", "dark", "320", "320-german"],
)


@everywhere
def test_every_page_without_an_account_is_accessible_and_fits(looks, fake_openai):
    looks.judge("row")
    looks.panel.open_dialog()
    looks.judge("sign-in")
    looks.press("forgot")
    looks.judge("reset")
    looks.press("have_account")
    looks.press("create_account")
    looks.judge("sign-up")
    looks.panel.fill_in(email="ada@example.org", new="too short", again="too short")
    looks.panel.submit()
    looks.refused("too_short")
    looks.judge("refused")
    looks.turn("keys")
    looks.judge("keys")
    looks.panel.fill_in(key="sk-0123456789")
    looks.panel.submit()
    looks.refused("no_keyring")
    looks.judge("no-keyring")
    looks.turn("preferences")
    looks.judge("preferences")

    assert looks.found == []


@everywhere
def test_every_page_of_an_account_is_accessible_and_fits(looks, fake_openai):
    looks.panel.open_dialog()
    looks.press("create_account")
    looks.panel.fill_in(email="ada@example.org", name="Ada Lovelace", new=PASSWORD, again=PASSWORD)
    looks.panel.submit()
    looks.panel.dialog.locator(".primer-recovery").wait_for()
    looks.panel.page.keyboard.press("Escape")
    looks.judge("recovery-key")
    looks.panel.submit()
    looks.judge("signed-in")
    looks.panel.open_dialog()
    looks.judge("home")
    looks.press("change_password")
    looks.judge("change")
    looks.press("back")
    looks.press("delete_account")
    looks.judge("delete")
    looks.turn("keys")
    looks.panel.fill_in(key="sk-0123456789")
    looks.panel.submit()
    looks.panel.dialog.locator(".primer-remove").click()
    looks.judge("stored-key")
    looks.panel.page.keyboard.press("Escape")
    fake_openai.script(Fail(401, "Incorrect API key provided"))
    looks.panel.root.locator("textarea").fill("Hello?")
    looks.panel.root.locator("textarea").press("Enter")
    looks.panel.wait_for_turns(1)
    looks.judge("refused-key")

    assert looks.found == []
