"""The command line as a user meets it: what it prints, what it returns."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest

import primer_nb
from primer_nb.cli import main


def status_of(url: str, capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["migrate", "status", "--database", url, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["migrate"], ["demo", "--run", "--no-browser"]])
def test_bad_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert exit_.value.code == 2
    assert "usage: primer-nb" in capsys.readouterr().err


def test_a_failure_is_one_line_and_exit_code_1(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("not a database, " * 100)

    code = main(["migrate", "up", "--database", str(tmp_path / "notes.txt")])

    captured = capsys.readouterr()
    assert code == 1
    assert captured.out == ""
    assert captured.err.startswith("primer-nb: error: ")
    assert captured.err.count("\n") == 1


def test_an_interrupt_is_130_and_says_nothing(monkeypatch, capsys):
    def interrupted(_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("primer_nb.cli.doctor.run", interrupted)

    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == ""


def test_migrate_goes_up_and_down_to_the_bottom(store_url, capsys):
    assert main(["migrate", "up", "--database", store_url]) == 0
    capsys.readouterr()
    at_top = status_of(store_url, capsys)

    assert main(["migrate", "down", "--to", "base", "--database", store_url]) == 0
    capsys.readouterr()
    at_bottom = status_of(store_url, capsys)

    assert at_top["current"] == at_top["head"]
    assert at_top["pending"] == []
    assert at_bottom["current"] is None
    assert at_bottom["pending"][-1].startswith(at_top["head"])


def test_migrate_down_takes_back_one_revision(sqlite_url, capsys):
    main(["migrate", "up", "--database", sqlite_url])

    main(["migrate", "down", "--database", sqlite_url])

    capsys.readouterr()
    assert len(status_of(sqlite_url, capsys)["pending"]) == 1


def test_migrate_names_the_copy_it_made(sqlite_url, capsys):
    main(["migrate", "up", "--database", sqlite_url])
    capsys.readouterr()

    main(["migrate", "down", "--database", sqlite_url, "--json"])

    copy = json.loads(capsys.readouterr().out)["copy"]
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM chats").fetchone() == (0,)


@pytest.mark.parametrize("action", ["status", "down"])
def test_a_store_that_is_not_there_is_not_made_by_looking(action, tmp_path, capsys):
    code = main(["migrate", action, "--database", str(tmp_path / "store.db")])

    assert code == 1
    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_migrate_up_twice_has_nothing_to_do(store_url, capsys):
    main(["migrate", "up", "--database", store_url])
    capsys.readouterr()

    code = main(["migrate", "up", "--database", store_url])

    assert code == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_migrate_prints_sql_that_could_be_run(dialect, capsys):
    code = main(["migrate", "sql", dialect])

    assert code == 0
    assert "CREATE TABLE messages" in capsys.readouterr().out


def test_the_store_of_the_environment_is_taken_when_none_is_named(sqlite_url, monkeypatch, capsys):
    monkeypatch.setenv("PRIMER_DATABASE_URL", sqlite_url)

    main(["migrate", "up"])

    assert capsys.readouterr().out.startswith(sqlite_url.removeprefix("sqlite:///"))


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict]]:
    code = main(["doctor", "--json", *arguments])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, {finding["subject"]: finding for finding in findings}


def test_doctor_finds_nothing_wrong_on_a_fresh_machine(primer_home, capsys):
    code, found = doctor(capsys)

    assert code == 0
    assert "the first connect() makes it" in found["store"]["text"]
    assert not (primer_home / "data" / "primer.db").exists()


def test_doctor_tells_where_a_good_store_stands(store_url, capsys):
    primer_nb.connect(store_url).close()

    code, found = doctor(capsys, "--database", store_url)

    assert code == 0
    assert found["store"]["verdict"] == "ok"
    assert "up to date" in found["store"]["text"]


def test_doctor_fails_on_a_damaged_store(tmp_path, capsys):
    file = tmp_path / "store.db"
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)

    code, found = doctor(capsys, "--database", str(file))

    assert code == 1
    assert found["store"]["verdict"] == "fail"


def test_doctor_fails_on_an_address_that_is_none(capsys):
    code, found = doctor(capsys, "--database", "mysql://example.org/chats")

    assert code == 1
    assert "mysql://" in found["store"]["text"]


@pytest.mark.skipif(os.name != "posix", reason="modes say nothing on Windows")
def test_doctor_warns_of_a_folder_that_others_may_read(primer_home, capsys):
    (primer_home / "data").mkdir(mode=0o755)
    (primer_home / "data").chmod(0o755)

    _, found = doctor(capsys)

    assert found["data folder"]["verdict"] == "warn"
    assert found["data folder"]["advice"].startswith("chmod 700 ")


def test_doctor_says_what_to_install_when_an_extra_is_missing(monkeypatch, capsys):
    from importlib import metadata

    def without_xllamacpp(package):
        if package == "xllamacpp":
            raise metadata.PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(metadata, "version", without_xllamacpp)

    _, found = doctor(capsys)

    assert found["xllamacpp"]["advice"] == "pip install 'primer-nb[local]'"


def test_doctor_says_whether_there_is_a_key_and_never_which(monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")

    assert main(["doctor"]) == 0

    said = capsys.readouterr().out
    assert "$OPENAI_API_KEY is set" in said
    assert "no key in $GEMINI_API_KEY" in said
    assert "sk-very-secret" not in said
