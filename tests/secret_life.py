"""A whole life with secrets, as cells of a notebook: sign-up, keys, chats, errors, tokens, rotation, loss, return."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import secret_spy
from fake_openai import Fail, FakeOpenAI, Say

if TYPE_CHECKING:
    from notebook_life import Notebook

ADA = "ada@example.org"
PASSWORD = "Zwölf Möwen lesen & 77 Karten"
NEXT_PASSWORD = "neun Dächse <kauen> grüne Nüsse"
LAST_PASSWORD = "drei Störche zählen 1/2 Frösche"
WRONG_PASSWORD = "vier fälsche Füchse + 99 Hühner"
WEAK_PASSWORD = "Sonnenschein1"
PASSED_PASSWORD = "sechs übergebene Käuze = 42 Eulen"
MASTER_KEY = "M4ster-Key-of-this-machine-0123456789-abcdef"
LOCAL_KEY = "sk-local-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
KEY = "sk-proj-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
REFUSED_KEY = "sk-proj-f0e1d2c3b4a5968778695a4b3c2d1e0f"
ODD_KEY = "0dd-shaped.key~without=a+prefix/4c3b2a19"  # no pattern of keys knows it
PASSWORDS = (PASSWORD, NEXT_PASSWORD, LAST_PASSWORD, WRONG_PASSWORD, WEAK_PASSWORD, PASSED_PASSWORD)
ENVIRONMENT_KEY = "k€y-of-the-environment-5a4b3c2d1e0f"  # with a character that no header takes
SERVER_PASSWORD = "Server-Pa55word-of-the-URL-7d6e5f"
KEYS = (MASTER_KEY, LOCAL_KEY, KEY, REFUSED_KEY, ODD_KEY, ENVIRONMENT_KEY)
PLANTED = "planted-where-everybody-looks-5af3c1"  # no secret: shows that each kind of trace is really looked at

_RECOVERY_KEY = re.compile("(?:[A-Z2-7]{4}-){8}[A-Z2-7]{4}")
_VIEW = "[w for w in ipywidgets.widgets.widget._instances.values() if type(w).__name__ == 'ShownOnceView'][-1]"


class Life:
    """What happens in a notebook, step by step; `spy` is the file where the kernel notes its secrets."""

    def __init__(self, notebook: Notebook, fake_openai: FakeOpenAI, *, spy: Path, folder: Path) -> None:
        self._notebook = notebook
        self._fake_openai = fake_openai
        self._spy = spy
        self._folder = folder

    def begin(self) -> None:
        """Work without an account, store a key, sign up."""
        run = self._notebook.run
        run("import primer_nb, ipywidgets, pathlib\nws = primer_nb.connect()\nws")
        run("ws.chats.create().send('Hello', provider='custom')", fails="InvalidKeyError")
        run("ws.api_keys.add('custom', check=False)", LOCAL_KEY)
        run("ws.register('ada@example.org', name='Ada')", WEAK_PASSWORD, WEAK_PASSWORD, fails="WeakPasswordError")
        run("ws.register('ada@example.org', name='Ada')", PASSWORD, WRONG_PASSWORD, fails="InvalidInputError")
        run(f"recovery_key = ws.register('{ADA}', name='{PLANTED}')\nrecovery_key", PASSWORD, PASSWORD)
        self._notebook.silently("import ipywidgets")
        self._notebook.say_to_widget(_VIEW, {"type": "show", "client": "tab"})

    def chat(self) -> None:
        """Store a key that the provider takes, and one that it refuses and echoes; talk; fail."""
        run, fake = self._notebook.run, self._fake_openai
        run("ws.api_keys.add('openai')", KEY)
        run("ws.api_keys.add('openai')", REFUSED_KEY, fails="InvalidKeyError")
        run("ws.api_keys.add('custom')", ODD_KEY, fails="InvalidKeyError")
        run(f"chat = ws.chats.create('{PLANTED}')\nchat.send('Hello {PLANTED}')")
        fake.script(Fail(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key"))
        run("chat.send('Again')", fails="InvalidKeyError")
        fake.script(Fail(400, f"the header was Authorization: Bearer {KEY}", body=f"<p>{KEY}</p>".encode()))
        run("chat.retry()", fails="InvalidRequestError")
        fake.script(Say("one two three", drop_after=2))
        run("list(chat.stream('And now?'))", fails="ReplyCutError")
        run("ws.history.messages(), ws.history.chats(), ws.api_keys.list(), ws.settings, ws.admin.settings")

    def make_tokens(self) -> None:
        """Make a token, come in by it, by a broken one and by an unknown one; rotate."""
        run = self._notebook.run
        run("token = ws.tokens.create('nightly', provider_keys=True)\ntoken")
        run("scheduled = primer_nb.connect(token=token)\nscheduled")
        run("scheduled.api_keys.rotate()", fails="NotSignedInError")
        run("primer_nb.connect(token=token.reveal()[:-1])", fails="TokenError")
        run("ws.api_keys.rotate()", WRONG_PASSWORD, fails="SignInError")
        run("ws.api_keys.rotate()", PASSWORD)
        run("primer_nb.connect(token=token)", fails="TokenError")
        run("ws.tokens.create('for ever', days=None)\nws.tokens.list(), ws.admin.audit_log()")

    def change_passwords(self) -> None:
        """Change the password, forget it, come back with the recovery key, also with a typing error."""
        run = self._notebook.run
        run("ws.change_password()", WRONG_PASSWORD, NEXT_PASSWORD, NEXT_PASSWORD, fails="SignInError")
        run("ws.change_password()", PASSWORD, WEAK_PASSWORD, WEAK_PASSWORD, fails="WeakPasswordError")
        run("ws.change_password()", PASSWORD, NEXT_PASSWORD, NEXT_PASSWORD)
        run("ws.logout()\nws.login('ada@example.org')", PASSWORD, fails="SignInError")
        mistyped = self._recovery_key()[:-1] + "?"
        run("ws.reset_password()", mistyped, LAST_PASSWORD, LAST_PASSWORD, fails="InvalidInputError")
        run("recovery_key = ws.reset_password()", self._recovery_key, LAST_PASSWORD, LAST_PASSWORD)

    def pass_secrets(self) -> None:
        """Pass secrets as arguments to calls that fail and to one that works; the cells read them from a file."""
        file = self._folder / "passed.txt"
        read = f"pathlib.Path({str(file)!r}).read_text('utf-8')"
        calls = (
            (PASSED_PASSWORD, f"ws.login('{ADA}', password={read})", "SignInError"),
            (PASSED_PASSWORD, f"ws.change_password(old={read}, new={read})", "SignInError"),
            (WEAK_PASSWORD, f"ws.reset_password(recovery_key=recovery_key, password={read})", "WeakPasswordError"),
            (PASSED_PASSWORD, f"ws.reset_password(recovery_key={read}, password={read})", "InvalidInputError"),
            (PASSED_PASSWORD, f"ws.delete_account(password={read})", "SignInError"),
            (REFUSED_KEY, f"ws.api_keys.add('openai', key={read})", "InvalidKeyError"),
            (f"{ODD_KEY} {ODD_KEY}", f"ws.api_keys.add('openai', key={read})", "InvalidInputError"),
            (PASSED_PASSWORD, f"ws.api_keys.rotate(password={read})", "SignInError"),
            (REFUSED_KEY, f"primer_nb.connect(token={read})", "TokenError"),
            (LAST_PASSWORD, f"ws.login('{ADA}', password={read})", None),
        )
        for secret, code, fails in calls:
            file.write_text(secret, encoding="utf-8")
            self._notebook.run(code, fails=fails)
        file.unlink()

    def back_up(self) -> None:
        """Send everything to the server, look at it, and fetch it."""
        self._notebook.run("ws.backup(), ws.verify(depth=3), ws.backup_drill(), ws.pull()")

    def lose_the_server(self) -> None:
        """Ask for what only the server knows while nobody can reach it."""
        self._notebook.run("ws.admin.users()", fails="StoreUnavailableError")
        self._notebook.run("ws.backup(probe=True)", fails="StoreUnavailableError")
        self._notebook.run("import os\nprimer_nb.connect(os.environ['BROKEN_URL'])", fails="InvalidInputError")
        self._notebook.run("primer_nb.connect(os.environ['PRIMER_SERVER_URL'])", fails="StoreUnavailableError")
        eve = "primer_nb.connect(':memory:').login('eve@example.org')"
        self._notebook.run(eve, WRONG_PASSWORD, fails="StoreUnavailableError")

    def use_the_panel(self) -> None:
        """Sign out and in by the panel's forms, and store a key there."""
        notebook = self._notebook
        notebook.run("panel = ws.panel()\npanel")
        asked = {"type": "ask", "ask": "1"}
        notebook.say_to_widget("panel._account", {**asked, "action": "sign_out"})
        self._wait_until("ws._session.is_local")
        for number, password in enumerate((WRONG_PASSWORD, LAST_PASSWORD)):
            form = {**asked, "ask": str(number), "action": "sign_in", "email": ADA, "stay": True}
            notebook.say_to_widget("panel._account", form, password=password)
        self._wait_until("not ws._session.is_local")
        for number, key in enumerate((REFUSED_KEY, KEY)):
            form = {**asked, "ask": str(number), "action": "add_key", "provider": "openai", "check": True}
            notebook.say_to_widget("panel._account", form, key=key)
        # an empty queue may have its last job still running; this one is carried out after it
        done = "done = threading.Event()\npanel._desk.submit(done.set, on_error=print)\nassert done.wait(60)"
        notebook.silently(f"import threading\n{done}")

    def look_at_everything(self, pickles: Path) -> None:
        """Show every object, store what can be stored, and plant what is no secret wherever there is a place."""
        run = self._notebook.run
        for name in ("recovery_key", "token"):
            run(f"%store {name}", fails="TypeError")
        run(f"planted = '{PLANTED}'\n%store planted\n%whos")
        run(f"import logging\nlogging.getLogger('planted').debug('{PLANTED}')\nipywidgets.Text('{PLANTED}')")
        run(f"raise ValueError('{PLANTED}')", fails="ValueError")
        run("import pickle, warnings\npickle.dumps({'key': recovery_key})", fails="TypeError")
        run("vars(ws), vars(ws._session), vars(panel), vars(chat), vars(scheduled), ws.user.model_dump(), Out")
        objects = "ws, scheduled, panel, chat, token, recovery_key"
        run(f"import shown_objects\nshown_objects.show_all({objects}, pickles={str(pickles)!r})")

    def end(self) -> None:
        """Come back in another kernel, use a stored key, and sign out."""
        run = self._notebook.run
        run("import primer_nb\nws = primer_nb.connect()\nprint(ws.user.email)")
        run("ws.chats.create('Later').send('Still there?')")
        run("ws.logout()\nws.close()")

    def _recovery_key(self) -> str:
        """Read the newest recovery key from the paper on which somebody wrote it."""
        noted = [secret for secret in secret_spy.noted(self._spy) if isinstance(secret, str)]
        return [secret for secret in noted if _RECOVERY_KEY.fullmatch(secret)][-1]

    def _wait_until(self, condition: str) -> None:
        self._notebook.silently(f"import time\nwhile not ({condition}): time.sleep(0.02)")
