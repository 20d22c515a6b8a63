"""What our provider costs against a bare loop over the official client's stream, from a server in another process.

Run ``python tests/benchmarks/bench_provider.py``; prints JSON. Both read the same replies in alternating rounds: one
that comes as fast as it can, one paced like a fast model, and one of a single piece. The bounds are those of
``send``: at most 10 % more CPU and 5 ms to the first piece; this part of it is measured alone.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import openai
from fake_openai import FakeOpenAI, Say

from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

REPLIES = {"flood": (2_000, 0.0), "paced": (300, 0.002), "single": (1, 0.0)}  # pieces, seconds between them
ROUNDS = 15


def main() -> None:
    """Measure and print."""
    told, asked = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(asked,), daemon=True)
    server.start()
    base_url = told.recv()
    client = openai.OpenAI(base_url=base_url, api_key="none")
    provider = OpenAICompatibleProvider("custom", base_url=base_url)

    def bare(took: Callable[[], None]) -> None:
        stream = client.chat.completions.create(
            model="fake-1",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                took()

    def ours(took: Callable[[], None]) -> None:
        for delta in provider.stream(ChatRequest("fake-1", (Turn("user", "hi"),))):
            if delta.text:
                took()

    result = {}
    for name, (pieces, delay) in REPLIES.items():
        measured: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
        for _ in range(ROUNDS + 1):
            for way, read in (("bare", bare), ("ours", ours)):
                told.send((pieces, delay))
                told.recv()
                measured[way].append(_measure(read))
        result[name] = _summary(measured, pieces)
    told.send(None)
    server.join()
    print(json.dumps(result, indent=1))


def _serve(asked: multiprocessing.connection.Connection) -> None:
    with FakeOpenAI() as fake:
        asked.send(fake.base_url)
        while (wanted := asked.recv()) is not None:
            pieces, delay = wanted
            fake.script(Say(["word "] * pieces, delay=delay))
            asked.send("ready")


def _measure(read: Callable[[Callable[[], None]], None]) -> tuple[float, float]:
    """Return the seconds of CPU and the seconds to the first piece."""
    firsts: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    read(lambda: firsts.append(time.perf_counter()))
    return time.process_time() - cpu, firsts[0] - begun


def _summary(measured: dict[str, list[tuple[float, float]]], pieces: int) -> dict[str, float]:
    summary: dict[str, float] = {}
    for way, rounds in measured.items():
        cpus, firsts = zip(*rounds[1:], strict=True)  # the first round warms up
        summary[f"{way}_cpu_us_per_piece"] = round(statistics.median(cpus) / pieces * 1e6, 1)
        summary[f"{way}_first_piece_ms"] = round(statistics.median(firsts) * 1e3, 2)
    summary["cpu_ratio"] = round(summary["ours_cpu_us_per_piece"] / summary["bare_cpu_us_per_piece"], 2)
    summary["cpu_ratio_bound"] = 1.1
    summary["added_first_piece_ms"] = round(summary["ours_first_piece_ms"] - summary["bare_first_piece_ms"], 2)
    summary["added_first_piece_ms_bound"] = 5
    return summary


if __name__ == "__main__":
    main()
