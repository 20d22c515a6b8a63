"""``primer-nb doctor`` on the server: which of Supabase's strings it is, and who can read along."""

from __future__ import annotations

import json

import pytest

from primer_nb.cli import main

DIRECT = "postgresql://postgres:hunter2@db.abcdefgh.supabase.co:1/postgres?hostaddr=127.0.0.1"


def findings(capsys):
    main(["doctor", "--json"])
    printed = capsys.readouterr().out
    assert "hunter2" not in printed
    return {finding["subject"]: finding for finding in json.loads(printed)["findings"]}


def test_supabases_string_is_named_and_advised_on(monkeypatch, capsys):
    monkeypatch.setenv("SUPABASE_CONNECTION_STRING", DIRECT)

    found = findings(capsys)

    assert found["server"]["verdict"] == "fail"
    assert "over IPv6 only" in found["server"]["text"]
    assert "direct address" in found["Supabase"]["text"]
    assert found["server's TLS"]["verdict"] == "warn"
    assert "dashboard" in found["server's TLS"]["advice"]


@pytest.mark.parametrize(
    ("query", "verdict", "text"),
    [
        ("", "warn", "nobody checks whose server answers"),
        ("sslmode=disable", "warn", "everybody on the way can read along"),
        ("sslrootcert=ca.pem", "ok", "prove who it is (verify-full)"),
    ],
)
def test_who_can_read_along_is_told(monkeypatch, capsys, query, verdict, text):
    monkeypatch.setenv("PRIMER_SERVER_URL", f"postgresql://db.example.org:1/x?hostaddr=127.0.0.1&{query}")

    found = findings(capsys)["server's TLS"]

    assert (found["verdict"], text in found["text"]) == (verdict, True)


def test_a_server_on_this_machine_needs_no_tls(monkeypatch, capsys, postgres_url):
    monkeypatch.setenv("PRIMER_SERVER_URL", postgres_url)

    found = findings(capsys)

    assert "server's TLS" not in found
    assert "Supabase" not in found
