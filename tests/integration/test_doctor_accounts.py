"""``primer-nb doctor`` on accounts: the server, the master key, the keyring."""

from __future__ import annotations

import json
import sqlite3

import keyring
import keyring.backend
import pytest

import primer_nb
from primer_nb.cli import main


def doctor(capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, dict[str, str]]:
    assert main(["doctor", "--json"]) == code
    return {finding["subject"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}


class Keyring(keyring.backend.KeyringBackend):
    """One that must not be asked for a key."""

    priority = 5
    name = "a keyring"

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError("asked")

    set_password = get_password


def test_without_a_server_accounts_live_in_the_store(capsys):
    assert doctor(capsys)["server"]["text"] == "none; accounts live in the store"


@pytest.mark.parametrize("variable", ["PRIMER_SERVER_URL", "SUPABASE_CONNECTION_STRING"])
def test_a_server_is_looked_at(store_url, variable, monkeypatch, capsys):
    monkeypatch.setenv(variable, store_url)
    before = doctor(capsys)["server"]["text"]
    main(["migrate", "up", "--database", store_url])
    main(["migrate", "down", "--database", store_url])
    capsys.readouterr()
    behind = doctor(capsys)["server"]

    primer_nb.connect(store_url).close()

    assert "is at base" in before or "the first account makes it" in before
    assert behind["verdict"] == "warn"
    assert doctor(capsys)["server"]["text"].endswith("is up to date")


@pytest.mark.parametrize(
    "url",
    ["postgresql://ada:secret-pw@127.0.0.1:1/x", "mysql://ada:secret-pw@example.org/x"],
    ids=["gone", "nonsense"],
)
def test_a_server_that_cannot_be_used_is_a_failure_without_its_password(url, monkeypatch, capsys):
    monkeypatch.setenv("PRIMER_SERVER_URL", url)

    found = doctor(capsys, code=1)["server"]

    assert found["verdict"] == "fail"
    assert "$PRIMER_SERVER_URL" in found["text"]
    assert "secret-pw" not in json.dumps(found)


def test_without_a_keyring_it_says_how_to_have_a_master_key(capsys):
    found = doctor(capsys)["master key"]

    assert found["verdict"] == "warn"
    assert "set $PRIMER_MASTER_KEY" in found["advice"]
    assert "ws.register(email)" in found["advice"]


def test_a_keyring_is_named_and_not_asked(monkeypatch, capsys):
    monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())

    assert doctor(capsys)["master key"]["text"] == "kept in the keyring (a keyring), once a provider key is stored"


def test_a_master_key_is_found_and_never_shown(monkeypatch, capsys):
    monkeypatch.setenv("PRIMER_MASTER_KEY", "canary-" * 6)

    found = doctor(capsys)["master key"]

    assert found["text"] == "$PRIMER_MASTER_KEY is set"


def test_a_master_key_that_is_too_short_is_a_failure(monkeypatch, capsys):
    monkeypatch.setenv("PRIMER_MASTER_KEY", "short")

    found = doctor(capsys, code=1)["master key"]

    assert found["text"].startswith("$PRIMER_MASTER_KEY is shorter than 32 characters")


def test_a_server_that_a_newer_release_wrote_is_a_failure(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRIMER_SERVER_URL", str(tmp_path / "server.db"))
    primer_nb.connect(tmp_path / "server.db").close()
    with sqlite3.connect(tmp_path / "server.db") as database:
        database.execute("UPDATE primer_alembic_version SET version_num = '29991231000000'")
    database.close()

    found = doctor(capsys, code=1)["server"]

    assert found["advice"] == "pip install -U primer-nb"


def test_a_keyring_that_fails_counts_as_none(monkeypatch, capsys):
    class Broken(Keyring):
        @property
        def priority(self) -> float:
            raise RuntimeError("no bus")

    monkeypatch.setattr(keyring.core, "_keyring_backend", Broken())

    assert doctor(capsys)["master key"]["verdict"] == "warn"
