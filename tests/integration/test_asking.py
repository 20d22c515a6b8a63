"""Passwords are asked for in a notebook and in a terminal; where nobody is, an error says what to pass."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from jupyter_client import KernelManager

ASK = """\
from primer_nb.workspace.asking import given_or_asked
secret = given_or_asked(None, prompt="Password for Ada", argument="password")
print(secret, len(secret.reveal()))
"""
TYPED = "typed where nobody sees it"
PATIENCE = 60


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """The client of a kernel that has just started."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--IPKernelApp.log_level=40"])
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def test_in_a_notebook_the_cell_asks_and_hides_what_is_typed(kernel):
    questions, outputs = [], []

    def type_it(request):
        questions.append(request["content"])
        kernel.input(TYPED)

    reply = kernel.execute_interactive(
        ASK, allow_stdin=True, stdin_hook=type_it, output_hook=outputs.append, timeout=PATIENCE
    )

    assert reply["content"]["status"] == "ok"
    assert questions == [{"prompt": "Password for Ada: ", "password": True}]
    assert [o["content"]["text"] for o in outputs if o["msg_type"] == "stream"] == [f"[hidden] {len(TYPED)}\n"]
    assert TYPED not in repr(outputs)


def test_a_kernel_that_cannot_ask_says_what_to_pass(kernel):
    reply = kernel.execute_interactive(ASK, allow_stdin=False, output_hook=lambda _: None, timeout=PATIENCE)

    assert reply["content"]["ename"] == "PasswordNeededError"
    assert "pass it, as the argument password" in reply["content"]["evalue"]


def test_in_a_terminal_what_is_typed_is_not_seen():
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASK])
    seen = b""
    while b"Password for Ada: " not in seen:
        seen += os.read(terminal, 1_000)
    os.write(terminal, f"{TYPED}\n".encode())
    while b"[hidden]" not in seen:
        seen += os.read(terminal, 1_000)
    _, status = os.waitpid(process, 0)
    os.close(terminal)

    assert status == 0
    assert TYPED.encode() not in seen


def test_without_a_terminal_nothing_is_read_from_a_pipe():
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=TYPED,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # so that there is no terminal to turn to
    )

    assert done.returncode == 1
    assert "PasswordNeededError" in done.stderr
    assert TYPED not in done.stdout + done.stderr
