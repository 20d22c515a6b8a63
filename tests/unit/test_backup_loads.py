"""A load on its way: as COPY reads it, and read ahead."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.backup.ahead import Ahead
from primer_nb.backup.columns import CHATS, COMPLETIONS, MESSAGES
from primer_nb.backup.copying_in import copied, width_of
from primer_nb.backup.loads import TABLES, Load

ESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
AWKWARD = st.text(st.sampled_from("\\tnrN.\t\n\r\x01 äé🚀") | st.characters(exclude_characters="\x00", codec="utf-8"))


@given(texts=st.lists(AWKWARD, max_size=6), title=st.none() | AWKWARD)
def test_what_copy_reads_is_what_the_load_holds(texts, title):
    load = Load()
    load.add(CHATS, ("c", "u", title, None, "now", "now"))
    load.extend(MESSAGES, [("m", "c", "user", text, "7", "now") for text in texts])
    load.extend(COMPLETIONS, [("m", text, *[None] * 8) for text in texts])

    lines = b"".join(copied(load).copied).decode().split("\n")

    assert lines.pop() == ""
    assert [read(line) for line in lines] == [
        (str(TABLES.index(table)), *row, *[None] * (width_of(load) - len(row)))
        for table in TABLES
        for row in load.of(table)
    ]


def test_a_load_is_brought_into_the_form_of_copy_once():
    load = Load()
    load.add(CHATS, ("c", "u", None, None, "now", "now"))

    assert copied(load).copied is copied(load).copied


def test_loads_come_in_their_order_however_often_they_are_asked_for():
    loads = [Load(size=number) for number in range(4)]
    sizes = []

    with Ahead(iter(loads)) as ahead:
        for load in ahead:
            ahead.read()
            ahead.read()
            sizes.append(load.size)

    assert sizes == [0, 1, 2, 3]


def test_nothing_is_read_before_it_is_asked_for():
    read = []

    def loads():
        for number in range(3):
            read.append(number)
            yield Load()

    with Ahead(loads()) as ahead:
        coming = iter(ahead)
        next(coming)
        before = list(read)
        ahead.read().result()

    assert (before, read) == ([0], [0, 1])


def test_what_goes_wrong_while_reading_comes_out_and_leaves_no_thread():
    def loads():
        yield Load()
        raise OSError("the disk")

    before = threading.active_count()
    with pytest.raises(OSError, match="the disk"), Ahead(loads()) as ahead:
        for _ in ahead:
            ahead.read()

    assert threading.active_count() == before


def read(line):
    return tuple(None if field == "\\N" else unescaped(field) for field in line.split("\t"))


def unescaped(field):
    parts = field.split("\\\\")
    for escape, character in ESCAPES.items():
        if escape != "\\\\":
            parts = [part.replace(escape, character) for part in parts]
    return "\\".join(parts)
