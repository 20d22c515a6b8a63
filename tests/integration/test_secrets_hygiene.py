"""A whole life leaves no secret anywhere: not in a database, a log, a notebook, its HTML, a history, a pickle."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import secret_spy
from canaries import leaks
from gate import Gate
from notebook_life import LOGGERS, open_notebook
from secret_life import ENVIRONMENT_KEY, KEY, KEYS, MASTER_KEY, PASSWORDS, PLANTED, SERVER_PASSWORD, Life
from traces import Traces, rows_of_postgresql, traces_in


class Place:
    """Where a life is lived: its folders, its databases, its environment."""

    def __init__(self, folder: Path, *, local: str, server: str, postgres_url: str, base_url: str) -> None:
        self.folder = folder
        self.home, self.traces, self.spy = folder / "home", folder / "kernel", folder / "spy"
        self.traces.mkdir()
        self.spy.touch()
        self.postgres_url = postgres_url
        self.gate = Gate(postgres_url) if postgres_url else None
        self.is_server_distant = bool(self.gate and server)
        distant = self.gate.url.replace("@", f":{SERVER_PASSWORD}@") if self.gate else ""
        addresses = {"sqlite": f"sqlite:///{self.home / 'server.db'}", "postgresql": distant, "": ""}
        self.environment = {
            "PRIMER_HOME": str(self.home),
            "PRIMER_DATABASE_URL": distant if local == "postgresql" else "",
            "PRIMER_SERVER_URL": addresses[server],
            "PRIMER_MASTER_KEY": MASTER_KEY,
            "PRIMER_PROVIDER": "openai",
            "PRIMER_CUSTOM_API_KEY": ENVIRONMENT_KEY,
            "PRIMER_CUSTOM_BASE_URL": base_url,
            "OPENAI_BASE_URL": base_url,
            "BROKEN_URL": distant.replace("127.0.0.1:", "127.0.0.1:broken"),
            "PRIMER_TEST_SPY": str(self.spy),
        }

    def secrets(self) -> list[str | bytes]:
        """Return every secret there was; a URL or a file of ours is only made of some."""
        noted = secret_spy.noted(self.spy)
        whole = [secret for secret in noted if isinstance(secret, bytes) or not re.match(r"\{|\w+://", secret)]
        return [*whole, SERVER_PASSWORD]

    def traces_now(self) -> Traces:
        """Read what is there to be found."""
        found = traces_in(self.home, self.traces)
        if self.gate:
            found["wire"] = b"".join(self.gate.passed)
            found["rows of the server"] = rows_of_postgresql(self.postgres_url)
        return found


@pytest.fixture(params=["sqlite+postgresql", "sqlite+sqlite", "postgresql"])
def place(request, tmp_path, fake_openai):
    fake_openai.api_key, fake_openai.models = KEY, ("gpt-6-luna",)
    local, _, server = request.param.partition("+")
    url = request.getfixturevalue("postgres_url") if "postgresql" in request.param else ""
    place = Place(tmp_path, local=local, server=server, postgres_url=url, base_url=fake_openai.base_url)
    yield place
    if place.gate:
        place.gate.close()


def live(place, fake_openai):
    """Live until the kernel ends; return what was there to be found just before."""
    with open_notebook(place.traces, environment=place.environment) as notebook:
        life = Life(notebook, fake_openai, spy=place.spy, folder=place.folder)
        life.begin()
        life.chat()
        life.make_tokens()
        life.change_passwords()
        life.pass_secrets()
        life.use_the_panel()
        if place.is_server_distant:
            life.back_up()
            place.gate.shut()
            life.lose_the_server()
            place.gate.open()
        life.look_at_everything(place.traces / "pickles")
        notebook.save("life")
        return place.traces_now()


def come_back(place, fake_openai):
    """Go on in another kernel, and sign out; return what is there to be found in the end."""
    with open_notebook(place.traces, environment=place.environment) as notebook:
        Life(notebook, fake_openai, spy=place.spy, folder=place.folder).end()
        notebook.save("later")
    return place.traces_now()


def kept_tokens(traces):
    """Find the file that keeps somebody signed in: there the token of this machine has to be."""
    return [name for name in traces if re.search(r"/signed-in-\w+\.json$", name)]


def test_a_whole_life_leaves_no_secret_anywhere(place, fake_openai):
    traces = live(place, fake_openai)
    (kept,) = kept_tokens(traces)
    mode = stat.S_IMODE((place.home / "data" / Path(kept).name).stat().st_mode)
    later = come_back(place, fake_openai)

    traces |= {f"later {name}": content for name, content in later.items() if content != traces.get(name)}
    secrets = place.secrets()
    found = leaks(traces, secrets)

    assert [leak for leak in found if leak[0] != kept] == []
    assert {shown[:6] for name, shown in found if name == kept} == {"'pnbr_"}
    assert mode == 0o600
    assert kept_tokens(later) == []
    assert_life_had(secrets)
    assert_everything_was_searched(traces, place)


def assert_life_had(secrets):
    """See that every kind of secret was noted, and so looked for."""
    fewest = {"pnbk_": 3, "pnbr_": 4, "(?:[A-Z2-7]{4}-){8}[A-Z2-7]{4}$": 3}
    texts = [secret for secret in secrets if isinstance(secret, str)]

    assert {*PASSWORDS, *KEYS} <= set(texts)
    assert [shape for shape in fewest if len([text for text in texts if re.match(shape, text)]) < fewest[shape]] == []
    assert len([secret for secret in secrets if isinstance(secret, bytes)]) >= 2


def assert_everything_was_searched(traces, place):
    """See that what was planted is found in every kind of trace, and that every logger was listened to."""
    planted = {name for name, _ in leaks(traces, [PLANTED])}
    files = {"life.ipynb", "life.html", "debug.log", "kernel.log", "exceptions.txt"}
    databases = {"rows of the server", "wire"} if place.gate else {"rows of home/server.db", "rows of data/primer.db"}
    expected = {f"kernel/{name}" for name in files} | databases
    speaking = set(LOGGERS) - {"primer_nb"} - (set() if place.gate else {"psycopg"})

    assert expected | {"profile_default/history.sqlite", "autorestore/planted"} <= planted
    assert any(name.startswith("pickles/") for name in planted)
    log = traces["kernel/debug.log"].decode()
    assert [name for name in speaking if not re.search(rf"^[A-Z]+:{name}\b", log, re.MULTILINE)] == []
