"""A store of each kind, and a workspace on each whose provider is the scripted server."""

from __future__ import annotations

import os
import sys
import threading
import venv

import pytest
from backup_scene import backup_scene
from fake_front_end import FakeFrontEnd
from fake_openai import FakeOpenAI
from fake_package_index import PackageIndex
from panel_backups import PanelBackups
from people import world
from provider_requests import KEY
from small_model import WHEEL

import primer_nb
from primer_nb.database import open_store
from primer_nb.providers import local
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.secret import Secret


@pytest.fixture
def store(store_url):
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def ws(store_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    with primer_nb.connect(store_url) as workspace:
        provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, default_model="fake-1")
        workspace._session.providers.add(provider)
        yield workspace


@pytest.fixture(params=["sqlite", "postgresql", "sqlite+postgresql", "sqlite+sqlite"])
def people(request, tmp_path, quick_argon2):
    """Where accounts live: in the local store of either kind, or on a server of either kind."""
    local, _, server = request.param.partition("+")
    urls = {"sqlite": f"sqlite:///{tmp_path / 'local.db'}", "": None}
    if "postgresql" in request.param:
        urls["postgresql"] = request.getfixturevalue("postgres_url")
    server_url = f"sqlite:///{tmp_path / 'server.db'}" if server == "sqlite" else urls[server]
    with world(urls[local], server_url) as made:
        yield made


@pytest.fixture
def scene(sqlite_url, postgres_url):
    """Open a local file and a server that has the same user."""
    with backup_scene(sqlite_url, postgres_url) as made:
        yield made


@pytest.fixture
def known(scene):
    """A chat that is on both sides of the scene, with a chain of tokens between them."""
    chat = scene.chat()
    scene.say(chat, "hello")
    scene.backup()
    return chat


@pytest.fixture
def front_end(monkeypatch):
    front_end = FakeFrontEnd()
    front_end.install(monkeypatch)
    return front_end


@pytest.fixture
def panel(ws, front_end):
    panel = ws.panel()
    front_end.look(panel)
    front_end.wait_for("page")
    yield panel
    panel.close()


@pytest.fixture
def threads():
    """Find the threads that the test has begun, by name."""
    before = set(threading.enumerate())  # of other tests; it holds them, so no new one is taken for an old one
    return lambda name="primer-automatic-backup": [
        thread for thread in threading.enumerate() if thread.name == name and thread not in before
    ]


@pytest.fixture
def eager_backups(monkeypatch):
    """Look for changes many times a second, and try again without a pause."""
    monkeypatch.setattr("primer_nb.automatic.sending.LOOK_EVERY", 0.05)
    monkeypatch.setattr("primer_nb.panel.backing_up.LOOK_EVERY", 0.05)
    monkeypatch.setattr("primer_nb.panel.backing_up.COUNT_EVERY", 0.0)
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())


@pytest.fixture
def backups(front_end, fake_openai, sqlite_url, quick_argon2, monkeypatch):
    """Ada's panels beside a server."""
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    made = PanelBackups(front_end, fake_openai, sqlite_url)
    yield made
    made.close()


@pytest.fixture
def index(monkeypatch):
    with PackageIndex(WHEEL) as index:
        for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
            monkeypatch.delenv(name)
        for name, value in index.settings().items():
            monkeypatch.setenv(name, value)
        yield index


@pytest.fixture
def models(primer_home):
    return primer_home / "cache" / "models"


@pytest.fixture
def bare_python(tmp_path, monkeypatch):
    """Let this be a Python without pip, as in an environment that uv made."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    monkeypatch.delenv("UV", raising=False)


@pytest.fixture
def provider(fake_openai: FakeOpenAI) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, key=Secret(KEY), key_hint="check it")


@pytest.fixture
def gemini(fake_openai: FakeOpenAI) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider("gemini", base_url=fake_openai.gemini_url, key=Secret(KEY), key_hint="check it")


@pytest.fixture
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("primer_nb.providers.wire.RETRIES", 0)


@pytest.fixture
def stopped():
    """Let no server of an earlier test run, and leave none."""
    local.stop()
    yield
    local.stop()
