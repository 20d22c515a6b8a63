"""Histories with every value that some program may have left in a store, good and bad, the same for the same seed."""

from __future__ import annotations

import random
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "",
    " \t\n ",
    "one\r\ntwo\rthree\n",
    "\\N",
    "\\.",
    "before\n\\.\nafter",
    "\\\\ \\n \\t \\x41 \\101 \\",
    "NULL",
    "'; DROP TABLE messages; -- \" $1 %s %(x)s {0} ?",
    "\x01\x02\x08\x0b\x0c\x1b[0m\x1f\x7f\x80\x85",
    "\u2028\u2029\u200b\u200d\ufeff\ufffd\ufffe\uffff",
    "e\N{COMBINING ACUTE ACCENT} \N{LATIN SMALL LETTER E WITH ACUTE} Z" + "\N{COMBINING DIAERESIS}" * 40,
    "\N{RIGHT-TO-LEFT OVERRIDE}שלום עולם مرحبا\N{POP DIRECTIONAL FORMATTING}",
    "\N{ROCKET}\N{FAMILY}\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{VARIATION SELECTOR-16}",
    "\U00010000\U0001ffff\U00020000\U000323af\U000e0001\U000f0000\U0010ffff",
    "漢字かな交じり文 한국어 ไทย हिन्दी",
    "x" * 100_000,
    "5 MB " * 1_000_000,
)
BAD_TEXTS = ("'a' || char(0) || 'b'", "CAST(x'eda080' AS TEXT)", "CAST(x'68ff69' AS TEXT)", "x'6869'")
_PLANES = ((0x20, 0x7E), (0x300, 0x36F), (0x590, 0x6FF), (0x4E00, 0x9FFF), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF))
_HIGHER = ((0x30000, 0x3134A), (0xE0100, 0xE01EF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
_IDS = ("{0}", "{1}", "{2}", "{{{0}}}")
_INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31))
_NUMBERS = (None, 0.0, -0.0, 0.1 + 0.2, 1e-7, 5e-324, 1.7976931348623157e308, float("inf"))


class History:
    """Writes into a file, as another program would."""

    def __init__(self, path: Path, user_id: str, seed: int) -> None:
        self._path = path
        self._user_id = user_id
        self._chance = random.Random(seed)

    def write(self) -> None:
        """Write chats with every text, time, identifier and number, and rows that no server takes."""
        with closing(sqlite3.connect(self._path, isolation_level=None)) as self._connection:
            self._connection.execute("PRAGMA foreign_keys = OFF")
            self._connection.execute("BEGIN")
            texts = [*TEXTS, *(self._text() for _ in range(60))]
            self._chance.shuffle(texts)
            titles = [None, "", "\N{ROCKET}" * 255, *(self._text()[:255] for _ in range(6)), *texts[:3]]
            for title in titles:
                chat = self._chat(None if title is None else title[:255])
                for text in texts[:: len(titles)]:
                    self._message(chat, text)
                texts = texts[1:] + texts[:1]
                self._details(chat)
            self._bad_messages(chat)
            self._bad_chats()
            self._connection.execute("COMMIT")

    def _chat(self, title: str | None, *, model: str | None = None) -> str:
        key = self._id()
        values = (key, self._user_id, title, self._chance.choice([model, "m" * 50]), self._time(), self._time())
        self._insert("chats (id, user_id, title, model, created_at, updated_at)", *values)
        return key

    def _message(self, chat: str, content: str) -> str:
        key, chance = self._id(), self._chance
        role = chance.choice(["system", "user", "assistant", "r" * 20])
        columns = "messages (id, chat_id, role, content, tokens, created_at)"
        self._insert(columns, key, chat, role, content, chance.choice(_INTEGERS), self._time())
        if chance.random() < 0.5:
            numbers = [chance.choice(_NUMBERS) for _ in range(3)]
            whole = [chance.choice([None, *_INTEGERS]) for _ in range(2)]
            texts = [chance.choice([None, "", self._text()[:20]]) for _ in range(3)]
            parent = chance.choice([None, self._id()])
            values = (key, *texts[:2], *whole, *numbers[:2], texts[2], numbers[2], parent)
            self._insert("completions", *values)
        if chance.random() < 0.3:
            held = chance.choice([b"", bytes(range(256)), b"\\x00\\N\n\\.", chance.randbytes(200_000)])
            values = (self._id(), key, self._text()[:255], "b/c", len(held), "f" * 64, held, self._time())
            self._insert("message_attachments", *values)
        return key

    def _details(self, chat: str) -> None:
        chance = self._chance
        for tag in {"", self._text()[:50], "\\N"}:
            self._insert("chat_tags", chat, tag, self._time())
        prompt = chance.choice([None, *TEXTS[:16]])
        values = ("p" * 50, None, chance.choice(_NUMBERS), chance.choice([None, *_INTEGERS]), prompt)
        self._insert("chat_settings", chat, *values, self._time(), self._time())

    def _bad_messages(self, chat: str) -> None:
        columns = "messages (id, chat_id, role, content, tokens, created_at)"
        for text in BAD_TEXTS:
            good = (self._id(), chat, "user", 1, self._time())
            self._connection.execute(f"INSERT INTO {columns} VALUES (?, ?, ?, {text}, ?, ?)", good)
        time = self._time()
        for row in (
            ("no UUID", chat, "user", "", 1, time),
            (self._id()[:-1], chat, "user", "", 1, time),
            (self._id(), chat, "user", "", 1, "1712010312"),
            (self._id(), chat, "user", "", 1, "yesterday"),
            (self._id(), chat, "user", "", 2**31, time),
            (self._id(), chat, "user", "", -(2**31) - 1, time),
            (self._id(), chat, "user", "", "many", time),
            (self._id(), chat, "r" * 21, "", 1, time),
            (self._id(), self._id(), "user", "of no chat", 1, time),
        ):
            self._insert(columns, *row)
        key = self._message(chat, "with a completion that no server takes")
        self._connection.execute("DELETE FROM completions WHERE message_id = ?", (key,))
        self._insert("completions (message_id, model)", key, "m" * 51)
        self._insert("message_attachments", self._id(), key, "a\0b", "b/c", 1, "d", b"e", time)
        self._insert("chat_tags", chat, "t" * 51, time)

    def _bad_chats(self) -> None:
        for title in ("a\0b", "t" * 256):
            self._message(self._chat(title), "stays behind with its chat")
        key = self._chat("Settings that no server takes")
        self._message(key, "travels")
        self._insert("chat_settings (chat_id, system_prompt, created_at, updated_at)", key, "\0", *[self._time()] * 2)

    def _insert(self, into: str, *values: object) -> None:
        self._connection.execute(f"INSERT INTO {into} VALUES ({', '.join('?' * len(values))})", values)

    def _id(self) -> str:
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        return self._chance.choice(_IDS).format(key, key.upper(), key.replace("-", ""))

    def _time(self) -> str:
        chance = self._chance
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(4 * 10**9))
        fraction = "".join(chance.choice("0123456789") for _ in range(chance.randrange(10)))
        clock = f"{at:%H:%M:%S}" + (f".{fraction}" if fraction else "")
        zone = chance.choice(["", "Z", "+00:00", "+00", " UTC", "+05:30", "-11:00"])
        return f"{at:%Y-%m-%d}{chance.choice(['T', ' '])}{clock}{zone}"

    def _text(self) -> str:
        chance = self._chance
        planes = [chance.choice(_PLANES + _HIGHER) for _ in range(chance.randrange(1, 60))]
        return "".join(chr(chance.randint(*plane)) for plane in planes)
