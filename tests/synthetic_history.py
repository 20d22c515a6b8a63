"""Synthetic histories of any size for the benchmarks, the same on every machine.

Like the study's data: words by Zipf's law, lengths lognormal (median 300 characters), 5 % of the messages not ASCII,
2 to 30 messages a chat over two years, a model for each chat, a completion for each reply; one chat in 500 is
somebody else's. Messages are inserted in the order of time, as a store grows by itself.
"""

from __future__ import annotations

import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from primer_nb.database import open_store
from primer_nb.times import to_text

USER = "01920000-0000-7000-8000-000000000001"
STRANGER = "01920000-0000-7000-8000-000000000002"
MODELS = ("gpt-5", "gpt-5-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "smollm2-135m-instruct")
BEYOND_ASCII = (" café naïve", " 数据分析", " Größe", " данные", " \N{ROCKET}")
START = datetime(2024, 11, 1, tzinfo=UTC).timestamp()
TWO_YEARS = 730 * 86_400


def make_history(path: Path, *, messages: int) -> None:
    """Make a store with so many messages, unless it is there already."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    open_store(unfinished).close()
    connection = sqlite3.connect(unfinished, isolation_level=None)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    _insert(connection, messages)
    connection.execute("COMMIT")
    connection.executescript("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    unfinished.rename(path)


def _insert(connection: sqlite3.Connection, count: int) -> None:
    random = np.random.default_rng(7)
    chats, messages, completions = _rows(random, _text(random), count)
    messages.sort()
    completions.sort()
    connection.executemany(
        "INSERT INTO chats (id, user_id, title, model, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)", chats
    )
    connection.executemany(
        "INSERT INTO messages (id, chat_id, role, content, tokens, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (row[1:] for row in messages),
    )
    columns = "message_id, provider, model, prompt_tokens, completion_tokens, time_to_first_token, duration"
    connection.executemany(
        f"INSERT INTO completions ({columns}, finish_reason, parent_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row[1:] for row in completions),
    )


def _rows(random: np.random.Generator, text: str, count: int) -> tuple[list[Any], list[Any], list[Any]]:
    chats: list[Any] = []
    messages: list[Any] = []
    completions: list[Any] = []
    starts = np.sort(random.uniform(START, START + TWO_YEARS, count // 16 + 1))
    while len(messages) < count:
        moment = float(starts[len(chats) % len(starts)])
        chat, first, parent = _identifier(random, moment), moment, None
        model = MODELS[int(random.integers(len(MODELS)))]
        for turn in range(min(int(random.integers(2, 31)), count - len(messages))):
            content = _slice(random, text, int(np.clip(random.lognormal(np.log(300), 1), 2, 40_000)))
            if random.random() < 0.05:
                content += BEYOND_ASCII[int(random.integers(len(BEYOND_ASCII)))]
            message, tokens, written = _identifier(random, moment), len(content) // 4, _written(moment)
            role = ("user", "assistant")[turn % 2]
            messages.append((moment, message, chat, role, content, tokens, written))
            if role == "assistant":
                seconds = random.exponential(8, 2)
                told = (int(random.integers(10, 9000)), tokens, float(seconds.min()), float(seconds.sum()), "stop")
                completions.append((moment, message, "openai", model, *told, parent))
            parent = message
            moment += float(random.lognormal(np.log(6), 0.8) if role == "user" else random.lognormal(np.log(60), 1.2))
        owner = STRANGER if len(chats) % 500 == 499 else USER
        title = _slice(random, text, int(random.integers(15, 40)))
        chats.append((chat, owner, title, model, _written(first), _written(moment)))
    return chats, messages, completions


def _text(random: np.random.Generator) -> str:
    syllables = np.array([consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"])
    words = ["".join(random.choice(syllables, int(random.integers(1, 5)))) for _ in range(20_000)]
    weights = 1 / np.arange(1, len(words) + 1) ** 1.05
    return " ".join(random.choice(words, 2_000_000, p=weights / weights.sum()))


def _slice(random: np.random.Generator, text: str, length: int) -> str:
    start = int(random.integers(len(text) - length))
    return text[start : start + length]


def _written(moment: float) -> str:
    return to_text(datetime.fromtimestamp(moment, UTC))


def _identifier(random: np.random.Generator, moment: float) -> str:
    bits = int.from_bytes(random.bytes(10), "big")
    value = int(moment * 1000) << 80 | 0x7 << 76 | (bits >> 68 & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    return str(uuid.UUID(int=value))
