"""What ``chat.send`` adds to a bare streaming loop of the openai package, against the same scripted server.

Run ``python tests/benchmarks/bench_send.py``; prints JSON. Bare and ours alternate. Time to the first token is
measured with a reply of ten tokens, CPU of the whole process (server in a process of its own) with one of 2,000.
Bounds: at most 5 ms to the first token, at most 10 % CPU.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

ROUNDS = 15
TOKENS = 2_000


def _serve(pipe, tokens: int) -> None:
    from fake_openai import FakeOpenAI, Say

    with FakeOpenAI() as fake:
        pipe.send(fake.base_url)
        while (count := pipe.recv()) is not None:
            fake.script(Say([f"tok{number % 10} " for number in range(count)]))
            pipe.send("ready")


def main() -> None:
    """Measure and print."""
    parent, child = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(child, TOKENS), daemon=True)
    server.start()
    base_url = parent.recv()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"PRIMER_HOME": home, "PRIMER_PROVIDER": "custom"}
        print(json.dumps(_measure(parent, base_url), indent=1))
    parent.send(None)
    server.join()


def _measure(parent, base_url: str) -> dict:
    import openai

    import primer_nb
    from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

    client = openai.OpenAI(base_url=base_url, api_key="sk-test")
    ws = primer_nb.connect()
    ws._session.providers.add(OpenAICompatibleProvider("custom", base_url=base_url, default_model="fake-1"))

    def prepare(count: int) -> None:
        parent.send(count)
        parent.recv()

    def bare(count: int) -> tuple[float, float]:
        prepare(count)
        cpu, start, first = time.process_time(), time.perf_counter(), None
        messages = [{"role": "user", "content": "hello"}]
        with client.chat.completions.create(
            model="fake-1", messages=messages, stream=True, stream_options={"include_usage": True}
        ) as events:
            for event in events:
                if first is None and event.choices and event.choices[0].delta.content:
                    first = time.perf_counter() - start
        return first, time.process_time() - cpu

    def ours(count: int) -> tuple[float, float]:
        chat = ws.chats.create()
        prepare(count)
        cpu, start = time.process_time(), time.perf_counter()
        pieces = iter(chat.stream("hello"))
        next(pieces)
        first = time.perf_counter() - start
        for _ in pieces:
            pass
        return first, time.process_time() - cpu

    def sent(count: int) -> tuple[float, float]:
        chat = ws.chats.create()
        prepare(count)
        cpu = time.process_time()
        chat.send("hello")
        return 0.0, time.process_time() - cpu

    for way in (bare, ours, sent):
        way(10)
    first = [(bare(10)[0], ours(10)[0]) for _ in range(ROUNDS)]
    cpu = [(bare(TOKENS)[1], sent(TOKENS)[1], ours(TOKENS)[1]) for _ in range(ROUNDS)]
    bare_first, our_first = (statistics.median(column) for column in zip(*first, strict=True))
    bare_cpu, our_cpu, stream_cpu = (statistics.median(column) for column in zip(*cpu, strict=True))
    ws.close()
    return {
        "first_token_bare_ms": round(bare_first * 1e3, 2),
        "first_token_send_ms": round(our_first * 1e3, 2),
        "first_token_added_ms": round((our_first - bare_first) * 1e3, 2),
        "first_token_bound_ms": 5,
        "cpu_bare_ms_per_1000_tokens": round(bare_cpu * 1e6 / TOKENS, 1),
        "cpu_send_ms_per_1000_tokens": round(our_cpu * 1e6 / TOKENS, 1),
        "cpu_stream_ms_per_1000_tokens": round(stream_cpu * 1e6 / TOKENS, 1),
        "cpu_send_added": round(our_cpu / bare_cpu - 1, 3),
        "cpu_send_added_bound": 0.10,
    }


if __name__ == "__main__":
    main()
