"""A PostgreSQL server of one's own: it keeps what it was given, and is in nobody's way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

import primer_nb
from primer_nb.embedded_server import EmbeddedServer, programs
from primer_nb.errors import MissingDependencyError, StoreReadOnlyError, StoreUnavailableError


@pytest.fixture
def open_folder():
    """A folder that the server's user may enter, also when we are root."""
    with tempfile.TemporaryDirectory(prefix="primer server ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def ask(server, statement):
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def sockets_of(server):
    return ask(server, "SHOW unix_socket_directories")[0]


def test_a_folder_keeps_its_data_and_its_address(open_folder):
    with EmbeddedServer(open_folder / "server") as first:
        ask(first, "CREATE TABLE birds AS SELECT 'emu' AS name")
    with EmbeddedServer(open_folder / "server") as second:
        found = ask(second, "SELECT name FROM birds")

    assert found == ("emu",)
    assert second.url == first.url
    assert not second.is_running


def test_without_a_folder_nothing_is_left():
    with EmbeddedServer() as server:
        assert server.is_running

    assert not server.folder.exists()


def test_it_is_a_store_like_any_other(open_folder):
    with EmbeddedServer(open_folder / "server") as server, primer_nb.connect(server.url) as ws:
        ws.chats.create("Birds")

        assert [chat.title for chat in ws.chats] == ["Birds"]


def test_it_listens_on_no_port_and_lets_nobody_else_in(open_folder):
    with EmbeddedServer(open_folder / "server") as server:
        modes = [stat.S_IMODE(Path(place).stat().st_mode) for place in (sockets_of(server), server.folder / "data")]

        assert ask(server, "SHOW listen_addresses") == ("",)
        assert modes == [0o700, 0o700]


def test_a_folder_with_a_long_name_gets_a_socket_with_a_short_one(open_folder):
    folder = open_folder / ("long" * 30)

    with EmbeddedServer(folder) as server:
        sockets = sockets_of(server)
        again = EmbeddedServer(folder)
    Path(sockets).rmdir()

    assert len(sockets) < 100
    assert again.url == server.url


def test_somebody_elses_folder_in_the_place_of_the_socket_is_refused(open_folder):
    server = EmbeddedServer(open_folder / "server")
    (open_folder / "server").mkdir()
    (open_folder / "server" / "run").mkdir(mode=0o777)
    (open_folder / "server" / "run").chmod(0o777)

    with pytest.raises(StoreUnavailableError, match="open to others"):
        server.start()


def test_a_server_that_runs_already_is_used_and_left_running(open_folder):
    with EmbeddedServer(open_folder / "server") as first:
        with EmbeddedServer(open_folder / "server") as second:
            ask(second, "SELECT 1")

        assert first.is_running


def test_starting_and_stopping_may_be_repeated(open_folder):
    server = EmbeddedServer(open_folder / "server")

    server.start().start()
    server.stop()
    server.stop()
    with server:
        ask(server, "SELECT 1")

    assert not server.is_running


def test_a_killed_server_starts_again_with_what_was_committed(open_folder):
    server = EmbeddedServer(open_folder / "server").start()
    ask(server, "CREATE TABLE birds AS SELECT 'emu' AS name")
    pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    server.stop()

    with EmbeddedServer(open_folder / "server") as again:
        assert ask(again, "SELECT name FROM birds") == ("emu",)


def test_what_a_broken_off_start_left_is_made_anew(open_folder):
    (open_folder / "server" / "data.new").mkdir(parents=True)
    (open_folder / "server" / "data.new" / "PG_VERSION").write_text("18")
    programs.make_private(open_folder / "server" / "run")

    with EmbeddedServer(open_folder / "server") as server:
        assert ask(server, "SELECT 1") == (1,)


def test_the_version_that_made_a_folder_is_kept(open_folder):
    with EmbeddedServer(open_folder / "server", version="16"):
        pass
    with EmbeddedServer(open_folder / "server", version="18") as server:
        version = ask(server, "SHOW server_version")[0]

    assert version.startswith("16.")


def test_letters_of_every_language_have_an_upper_case():
    with EmbeddedServer() as server:
        assert ask(server, "SELECT lower('\u00c4\u03a3'), 'STRAUSS \u00c4' ILIKE '%\u00e4'") == ("\u00e4\u03c3", True)


def test_it_ends_with_its_process(open_folder):
    code = "import sys; from primer_nb.embedded_server import EmbeddedServer; EmbeddedServer(sys.argv[1]).start()"

    subprocess.run([sys.executable, "-c", code, str(open_folder / "server")], check=True)

    assert not EmbeddedServer(open_folder / "server").is_running


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_leaves_it_running(open_folder):
    with EmbeddedServer(open_folder / "server") as server:
        child = multiprocessing.get_context("fork").Process(target=server.stop)
        child.start()
        child.join()

        assert server.is_running


@pytest.mark.parametrize("version", ["9", None])
def test_missing_programs_are_told_with_what_to_do(version, monkeypatch):
    if version is None:
        monkeypatch.setattr(programs, "PACKAGE", "no_such_package")

    with pytest.raises(MissingDependencyError, match="install"):
        EmbeddedServer(version=version).start()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreReadOnlyError, match="name another folder"):
        EmbeddedServer(tmp_path / "file" / "server").start()


def test_a_server_that_does_not_start_says_why(open_folder):
    with EmbeddedServer(open_folder / "server") as server:
        pass
    (server.folder / "data" / "postgresql.conf").write_text("max_connections = -1")

    with pytest.raises(StoreUnavailableError, match="max_connections"):
        server.start()


def test_programs_that_the_servers_user_cannot_reach_are_copied(open_folder, monkeypatch):
    monkeypatch.setattr(programs, "_can_run", lambda installed: False)
    monkeypatch.setattr(programs, "unprivileged", dict)
    assert programs.usable_programs(programs.find_programs(), folder=open_folder).folder.parent != open_folder
    monkeypatch.setattr(programs, "unprivileged", lambda: {"cwd": "/"})

    copied = programs.usable_programs(programs.find_programs("18"), folder=open_folder)

    copied.run("postgres", "--version")
    assert copied.folder == open_folder / "postgresql-18"
