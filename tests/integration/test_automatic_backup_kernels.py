"""Several kernels on one file, each with automatic backups: one sends, and none keeps another from leaving."""

from __future__ import annotations

import subprocess
import sys

import pytest
from automatic_life import adas, asked, background, talk, there, until, until_saved
from delay_proxy import DelayProxy, Fault, wait_until
from people import world

HOLDER = """\
import sys
from primer_nb.backup.lock import alone
from primer_nb.database import open_store
with alone(open_store(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""
KERNEL = """\
import sys
from primer_nb import connect
from primer_nb.automatic import sending
sending.LOOK_EVERY = 0.02
ws = connect(sys.argv[1], server_url=sys.argv[2], token=sys.argv[3])
for number in range(20):
    ws.chats.create(f"chat {number}")
print("written", flush=True)
sys.stdin.readline()
"""
LEAVING = """\
import sys
from primer_nb import connect
from primer_nb.automatic import automatic_backup, sending
sending.LOOK_EVERY = 0.02
ws = connect(sys.argv[1], server_url=sys.argv[2], token=sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
ws.chats.create("last words")
while automatic_backup(ws._session).phase != "running": pass
print("running", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr("primer_nb.automatic.sending.LOOK_EVERY", 0.02)


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def people(sqlite_url, proxy, quick_argon2):
    with world(sqlite_url, proxy.url) as made:
        yield made


@pytest.fixture
def ada(people):
    ws = adas(people, is_new=True)
    until_saved(ws)
    return ws


def test_while_another_kernel_sends_this_one_waits(ada, postgres_url):
    command = [sys.executable, "-c", HOLDER, str(ada._session.store.address.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        talk(ada, "hello")
        until(ada, "running")

        before = there(postgres_url)
        other.communicate("\n")

    until_saved(ada)
    assert (before, there(postgres_url)) == ([], ["hello"])
    assert background(ada).failure is None


def test_two_kernels_on_one_file_send_everything_once(ada, people, postgres_url):
    token = ada.tokens.create("other").reveal()
    devices = asked(postgres_url, "SELECT device_id FROM primer_sync_device")
    command = [sys.executable, "-W", "error", "-c", KERNEL, people.database_url, people.server_url, token]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        for number in range(20):
            talk(ada, f"message {number}", title=f"mine {number}")
        assert other.stdout.readline() == "written\n"
        until_saved(ada)
        other.communicate("\n")

    assert other.returncode == 0
    assert len(there(postgres_url)) == 20
    assert asked(postgres_url, "SELECT count(*) FROM chats") == [(40,)]
    assert asked(postgres_url, "SELECT device_id FROM primer_sync_device") == devices


def test_a_leaving_process_does_not_wait_for_a_silent_server(ada, people, proxy):
    token = ada.tokens.create("leaving").reveal()
    ada.settings.automatic_backup = True
    until_saved(ada)
    ada.close()
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        LEAVING,
        people.database_url,
        people.server_url,
        token,
    ]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as leaving:
        assert leaving.stdout.readline() == "ready\n"
        proxy.reset(Fault("stall down", 1))
        leaving.stdin.write("\n")
        leaving.stdin.flush()
        assert leaving.stdout.readline() == "running\n"
        wait_until(lambda: proxy.counts.faults == 1)

        _, errors = leaving.communicate("\n", timeout=60)

    assert (leaving.returncode, errors) == (0, "")
