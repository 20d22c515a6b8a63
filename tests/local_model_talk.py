"""Questions to the real local model."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import psutil

from primer_nb.providers import local
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.providers.local import LocalProvider

CAPITAL = "What is the capital of France?"


STORY = "Write a long story about a lighthouse keeper and a storm."


def request_for(text, *, model=local.MODEL, max_tokens=None):
    return ChatRequest(model=model, messages=(Turn("user", text),), max_tokens=max_tokens)


def answer_to(text, *, max_tokens=60):
    return "".join(delta.text for delta in LocalProvider().stream(request_for(text, max_tokens=max_tokens)))


def becomes_idle():
    """Return whether this process stops computing; a story would keep it busy for many seconds."""
    me = psutil.Process()
    for _ in range(100):
        before = sum(me.cpu_times()[:2])
        time.sleep(0.2)
        if sum(me.cpu_times()[:2]) - before < 0.05:
            return True
    return False


def run_python(program):
    """Run a program in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, check=False
    )
