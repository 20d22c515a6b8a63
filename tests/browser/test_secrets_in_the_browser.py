"""What JupyterLab keeps after an account was used in the panel: notebook, widgets, storage, logs, history."""

from __future__ import annotations

import pytest
from canaries import leaks
from panel_page import open_panel_without_key
from traces import traces_in

EMAIL = "grace@example.org"
PASSWORD = "fünf Eulen rufen & 88 Uhus"
WRONG_PASSWORD = "zehn Elstern stehlen + 3 Ringe"
KEY = "sk-proj-9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a"
REFUSED_KEY = "sk-proj-1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
STORAGE = """async () => {
    const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href];
    for (const { name, version } of await indexedDB.databases()) {
        const open = indexedDB.open(name, version);
        await new Promise((resolve) => (open.onsuccess = resolve));
        for (const store of open.result.objectStoreNames) {
            const all = open.result.transaction(store).objectStore(store).getAll();
            await new Promise((resolve) => (all.onsuccess = resolve));
            kept.push(JSON.stringify(all.result));
        }
        open.result.close();
    }
    return kept.join("\\n");
}"""


@pytest.fixture
def panel(lab, fake_openai, monkeypatch):
    panel = open_panel_without_key(lab, fake_openai, monkeypatch)
    fake_openai.api_key = KEY
    panel.save_widget_state()
    yield panel
    assert lab.errors == []


def use_the_account(panel):
    """Sign up, store a key after one that is refused, sign out, and in again at the second try."""
    recovery_key = panel.sign_up(EMAIL, PASSWORD)
    panel.submit()
    dialog = panel.open_dialog("Keys")
    for key, answer in ((REFUSED_KEY, "openai refuses this key"), (KEY, "openai has accepted the key")):
        panel.fill_in(key=key)
        panel.submit()
        dialog.get_by_text(answer).wait_for()
    dialog.get_by_role("tab", name="Account").click()
    dialog.get_by_role("button", name="Sign out").click()
    panel.row("Whales").wait_for(state="detached")
    panel.fill_in(email=EMAIL, password=WRONG_PASSWORD)
    panel.submit()
    dialog.get_by_role("alert").filter(has_text="do not belong together").wait_for()
    panel.fill_in(password=PASSWORD)
    panel.submit()
    panel.row("Whales").wait_for()
    return recovery_key


def test_jupyterlab_keeps_nothing_secret_of_an_account(panel, lab, primer_home):
    recovery_key = use_the_account(panel)
    panel.ask("Is anybody there?")
    panel.wait_for_turns(1)

    lab.save()
    traces = traces_in(lab.folder.parents[1], primer_home)
    traces["storage of the browser"] = panel.page.evaluate(STORAGE).encode()
    traces["page"] = panel.page.content().encode()

    secrets = [PASSWORD, WRONG_PASSWORD, KEY, REFUSED_KEY, recovery_key]
    assert leaks(traces, secrets) == []
    assert recovery_key.count("-") == 8
    notebook = traces[f"{lab.folder.name}/test.ipynb"].decode()
    assert "Create account" in notebook  # the words of the widgets: their state was saved
    assert {name for name, _ in leaks(traces, ["Is anybody there?"])} >= {"page", "rows of data/primer.db"}
    assert any(name.endswith("server.log") for name in traces)
