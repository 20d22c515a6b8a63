"""``primer-nb user``: the first account, the list, the administrators, and who may do that."""

from __future__ import annotations

import io
import json

import pytest
from people import ADA, BOB, OTHER_PASSWORD, PASSWORD
from typist import Typist

import primer_nb
from primer_nb.cli import main

pytestmark = pytest.mark.usefixtures("quick_argon2")


@pytest.fixture
def typist(monkeypatch):
    typist = Typist()
    monkeypatch.setattr("getpass.getpass", typist)
    return typist


@pytest.fixture
def at_the_prompt(monkeypatch):
    """Type lines where e-mail addresses are asked for."""
    return lambda *lines: monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def user(url: str, *arguments: str) -> int:
    return main(["user", arguments[0], "--database", url, *arguments[1:]])


@pytest.fixture
def two_accounts(store_url):
    """Ada's, the administrator's, and Bob's; neither stays signed in."""
    with primer_nb.connect(store_url) as ws:
        ws.register(ADA, password=PASSWORD, stay=False)
        ws.logout()
        ws.register(BOB, password=OTHER_PASSWORD, name="Bob", stay=False)
        ws.logout()
    return store_url


def test_register_makes_an_account_of_the_store_and_shows_its_recovery_key(store_url, typist, capsys):
    with primer_nb.connect(store_url) as ws:
        ws.chats.create("Birds")
    typist.will_type(PASSWORD, PASSWORD)

    code = user(store_url, "register", ADA, "--name", "Ada")

    said = capsys.readouterr().out
    assert code == 0
    assert "It is the administrator." in said
    assert PASSWORD not in said
    with primer_nb.connect(store_url) as ws:
        assert (ws.user.email, ws.user.name, [chat.title for chat in ws.chats]) == (ADA, "Ada", ["Birds"])
        ws.logout()
        ws.reset_password(recovery_key=said.splitlines()[-1], password=OTHER_PASSWORD)


def test_register_answers_a_program(sqlite_url, typist, capsys):
    typist.will_type(PASSWORD, PASSWORD)

    user(sqlite_url, "register", ADA, "--json")

    facts = json.loads(capsys.readouterr().out)
    assert (facts["email"], facts["is_admin"], len(facts["recovery_key"].split("-"))) == (ADA, True, 9)


def test_the_list_is_for_an_administrator_who_signs_in(two_accounts, typist, at_the_prompt, capsys):
    at_the_prompt(ADA)
    typist.will_type(PASSWORD)

    code = user(two_accounts, "list")

    said = capsys.readouterr()
    assert code == 0
    assert [line.split()[1:] for line in said.out.splitlines()] == [["administrator", ADA], ["member", BOB, "Bob"]]
    assert said.err == "E-mail address of an administrator: "


def test_signing_in_for_one_command_leaves_nobody_signed_in(two_accounts, typist, at_the_prompt):
    at_the_prompt(ADA)
    typist.will_type(PASSWORD)
    user(two_accounts, "list")

    with primer_nb.connect(two_accounts) as ws:
        assert ws.user.email == "local@localhost"


def test_who_stayed_signed_in_is_not_asked(two_accounts, typist, capsys):
    with primer_nb.connect(two_accounts) as ws:
        ws.login(ADA, password=PASSWORD)

    code = user(two_accounts, "list", "--json")

    users = json.loads(capsys.readouterr().out)["users"]
    assert code == 0
    assert [(each["email"], each["is_admin"]) for each in users] == [(ADA, True), (BOB, False)]
    assert {key for each in users for key in each} == {"id", "email", "name", "is_admin", "created_at"}
    assert typist.asked == []


def test_an_administrator_is_made_and_unmade(two_accounts, capsys):
    with primer_nb.connect(two_accounts) as ws:
        ws.login(ADA, password=PASSWORD)

        codes = [user(two_accounts, "admin", BOB), user(two_accounts, "admin", ADA, "--off", "--json")]

        said = capsys.readouterr().out
        assert codes == [0, 0]
        assert said.startswith(f"{BOB} is an administrator now\n")
        assert '"is_admin": false' in said
    assert user(two_accounts, "admin", BOB, "--off") == 1
    assert "not an administrator" in capsys.readouterr().err


def test_a_member_lists_nobody(two_accounts, typist, at_the_prompt, capsys):
    at_the_prompt(BOB)
    typist.will_type(OTHER_PASSWORD)

    code = user(two_accounts, "list")

    said = capsys.readouterr()
    assert code == 1
    assert said.out == ""
    assert "is not an administrator" in said.err


def test_where_nobody_can_be_asked_it_says_so(two_accounts, at_the_prompt, capsys):
    at_the_prompt()

    code = user(two_accounts, "list")

    assert code == 1
    assert "nobody is here to be asked" in capsys.readouterr().err


def test_accounts_may_live_on_a_server(tmp_path, sqlite_url, typist, capsys):
    typist.will_type(PASSWORD, PASSWORD)
    server = str(tmp_path / "server.db")

    assert user(sqlite_url, "register", ADA, "--server", server) == 0
    assert user(sqlite_url, "list", "--server", server) == 0

    assert ADA in capsys.readouterr().out
    with primer_nb.connect(server) as ws:
        ws.login(ADA, password=PASSWORD)


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path, capsys):
    code = user(str(tmp_path / "store.db"), "list")

    assert code == 1
    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["user"], ["user", "register"], ["user", "admin"], ["user", "nonsense"]])
def test_bad_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert exit_.value.code == 2
    assert "usage: primer-nb user" in capsys.readouterr().err
