"""What the panel costs: bytes and messages to the browser and kernel CPU of a streamed reply, and of opening a chat.

Run ``python tests/benchmarks/bench_panel.py [--rate 200]``; prints JSON. A real ipykernel runs the panel; every
message it hands to its IOPub thread is counted as Jupyter Server frames it for the browser (offsets, channel, header,
parent, metadata, content). Tokens of four characters come from the scripted server, in a process of its own, at the
given number a second. Bounds: exponent of bytes from 2,000 to 8,000 tokens at most 1.05, at most 20 times the text,
at most 600 messages for 8,000 tokens, at most 0.3 s CPU for 1,000 tokens; opening a chat of 10,000
messages: 1 message of at most 100 kB, and 0.2 s CPU.

Reading tokens that come one by one from a socket costs more than showing them, so the same reply is also read without
a panel, and the panel's CPU is the difference; the bound is on the whole.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from jupyter_client import KernelManager

sys.path.insert(0, str(Path(__file__).parents[1]))

SIZES = (200, 2_000, 8_000)
_PROSE = (
    "The estimator is **consistent** when the residuals are independent, so they are checked first with "
    "`acf(residuals)` and then the variance of each group is looked at. If $n$ is large it converges.\n\n"
)
_LIST = "- load the table\n- group by `user_id` and month\n- fit one model a group\n- report the median\n\n"
_CODE = "```python\nimport numpy as np\n\ndef double(x: int) -> int:\n    return x * 2  # twice\n```\n\n"

IN_KERNEL = """
import json, os, threading, time
from ipykernel.kernelapp import IPKernelApp
import primer_nb
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import running_reply

sent = {"messages": 0, "bytes": 0}
thread = IPKernelApp.instance().iopub_thread
original = thread.send_multipart

def counted(frames, *args, **kwargs):
    parts = frames[frames.index(b"<IDS|MSG>") + 2:] if b"<IDS|MSG>" in frames else frames[1:]
    if b'"comm_' in bytes(parts[0]):
        sent["messages"] += 1
        sent["bytes"] += 8 * (len(parts) + 3) + 5 + sum(len(bytes(part)) for part in parts)
    original(frames, *args, **kwargs)

thread.send_multipart = counted
ws = primer_nb.connect()
ws._session.providers.add(OpenAICompatibleProvider("custom", base_url=os.environ["FAKE_URL"], default_model="fake-1"))

def show(panel):
    for part in (panel._transcript, panel._composer, panel._chat_list):
        part._receive(None, {"type": "hello", "client": "bench"}, [])

def stream(count):
    panel = ws.panel(ws.chats.create("Bench"))
    show(panel)
    time.sleep(1.0)
    before, cpu = dict(sent), time.process_time()
    panel._composer._receive(None, {"type": "send", "text": str(count)}, [])
    time.sleep(0.5)
    chat_id = panel._conversation.chat_id
    while running_reply(ws._session, chat_id) is not None:
        time.sleep(0.1)
    time.sleep(1.0)
    return {name: sent[name] - before[name] for name in sent} | {"cpu_s": time.process_time() - cpu}

def read(count):
    from primer_nb.replies import start_reply
    chat = ws.chats.create("Bench")
    cpu = time.process_time()
    start_reply(ws._session, chat.id, str(count)).wait()
    return {"cpu_s": time.process_time() - cpu}

def long_chat(count):
    from primer_nb import ids, times
    from primer_nb.tables import Message
    chat = ws.chats.create("Long")
    with ws._session.write() as work:
        for number in range(count):
            role = ("user", "assistant")[number % 2]
            text = f"Message **{number}** " + "with some words " * 20
            work.messages.add(Message(id=ids.new_id(), chat_id=chat.id, role=role, content=text, tokens=0,
                                      created_at=times.now()))
        work.commit()
    return chat

def open_chat(count):
    chat = long_chat(count)
    ws.panel(chat).close()  # what is loaded at first use is not counted
    cpu = time.process_time()
    panel = ws.panel(chat)
    made = dict(sent)
    panel._transcript._receive(None, {"type": "hello", "client": "bench"}, [])
    time.sleep(1.0)
    return {name: sent[name] - made[name] for name in sent} | {"cpu_s": time.process_time() - cpu}
"""


def text_of(count: int) -> str:
    """Make a Markdown text of so many tokens of four characters."""
    parts, section = [], 0
    while sum(map(len, parts)) < 4 * count:
        section += 1
        parts += [f"## Section {section}\n\n", _PROSE, _LIST, _CODE if section % 2 else _PROSE]
    return "".join(parts)[: 4 * count]


def _serve(pipe, rate: float) -> None:
    from fake_openai import FakeOpenAI, Say

    with FakeOpenAI() as fake:
        pipe.send(fake.base_url)
        while (count := pipe.recv()) is not None:
            text = text_of(count)
            fake.script(Say([text[at : at + 4] for at in range(0, len(text), 4)], delay=1 / rate))
            pipe.send("ready")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=200.0, help="tokens a second")
    rate = parser.parse_args().rate
    parent, child = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(child, rate), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"PRIMER_HOME": home, "PRIMER_PROVIDER": "custom", "FAKE_URL": parent.recv()}
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel()
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        try:
            _run(client, IN_KERNEL)
            print(json.dumps(_measure(client, parent), indent=1))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            parent.send(None)


def _measure(client, parent) -> dict:
    streams = {}
    for count in (20, *SIZES):  # the first loads what is loaded at first use
        parent.send(count)
        parent.recv()
        got = json.loads(_run(client, f"print(json.dumps(stream({count})))"))
        parent.send(count)
        parent.recv()
        read = json.loads(_run(client, f"print(json.dumps(read({count})))"))
        streams[count] = got | {
            "bytes_per_byte_of_text": round(got["bytes"] / (4 * count), 1),
            "cpu_s_per_1000_tokens": round(got["cpu_s"] * 1_000 / count, 3),
            "reading_cpu_s_per_1000_tokens": round(read["cpu_s"] * 1_000 / count, 3),
            "panel_cpu_s_per_1000_tokens": round((got["cpu_s"] - read["cpu_s"]) * 1_000 / count, 3),
        }
    small, large = streams[SIZES[1]], streams[SIZES[2]]
    exponent = math.log(large["bytes"] / small["bytes"]) / math.log(SIZES[2] / SIZES[1])
    opened = {count: json.loads(_run(client, f"print(json.dumps(open_chat({count})))")) for count in (50, 10_000)}
    return {
        "stream": {str(count): streams[count] for count in SIZES},
        "bytes_exponent": round(exponent, 3),
        "open_chat": opened,
        "bounds": {
            "bytes_exponent": 1.05,
            "bytes_per_byte_of_text": 20,
            "messages_at_8000": 600,
            "cpu_s_per_1000_tokens": 0.3,
            "open": {"messages": 1, "bytes": 100_000, "cpu_s": 0.2},
        },
    }


def _run(client, code: str) -> str:
    printed, failures = [], []

    def hear(message):
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        if message["msg_type"] == "error":
            failures.append("\n".join(message["content"]["traceback"]))

    client.execute_interactive(code, timeout=600, output_hook=hear)
    if failures:
        raise SystemExit(failures[0])
    return "".join(printed).strip().rpartition("\n")[2]


if __name__ == "__main__":
    main()
