"""A running reply belongs to its chat: it can be stopped, joined and survives its readers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from builders import said
from fake_openai import FakeOpenAI, Say

import primer_nb
from primer_nb.errors import (
    ChatNotFoundError,
    ReplyInProgressError,
)
from primer_nb.providers.base import Delta
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.replies import Piece, Preparing, ReplyEnded, running_reply, start_reply
from primer_nb.use_cases.options import SendOptions


def test_a_stopped_reply_is_kept(ws, fake_openai):
    fake_openai.script(Say("word " * 500, delay=0.02))
    chat = ws.chats.create("Stop")
    stream = chat.stream("talk")

    pieces = []
    for piece in stream:
        pieces.append(piece)
        if len(pieces) == 5:
            stream.stop()

    answer = chat.messages()[-1]
    assert answer.content == stream.reply.text == "".join(pieces)
    assert answer.finish_reason == "stopped"
    assert 5 <= len(pieces) < 400


class SlowStarter:
    """A provider that says what it does before it answers."""

    name = "slow"
    default_model = "slow-1"

    def stream(self, request):
        return self

    def __iter__(self):
        yield Delta(status="warming up")
        yield Delta(text="ready")
        yield Delta(finish_reason="stop")

    def close(self):
        pass

    def models(self):
        return [self.default_model]

    def context_window(self, model):
        return 8_192


def test_what_a_provider_does_before_the_first_word_is_told_and_is_no_text(ws):
    ws._session.providers.add(SlowStarter())
    chat = ws.chats.create("Slow")
    told = []

    running = start_reply(ws._session, chat.id, "hello", options=SendOptions(provider="slow"), on_event=told.append)
    running.wait()
    pieces = list(chat.stream("again", provider="slow"))

    assert [type(event) for event in told] == [Preparing, Piece, ReplyEnded]
    assert told[0].status == "warming up"
    assert pieces == ["ready"]
    assert [text for _, text in said(chat)] == ["hello", "ready", "again", "ready"]


def test_a_reply_can_be_stopped_before_its_first_word(ws, fake_openai):
    fake_openai.script(Say("late", first_delay=30))
    chat = ws.chats.create("Stop")
    stream = chat.stream("talk")
    while not fake_openai.calls:
        time.sleep(0.01)

    stream.stop()
    running = running_reply(ws._session, chat.id)
    if running is not None:
        running.wait_quietly(10)

    assert said(chat) == [("user", "talk")]


def test_a_chat_answers_one_message_at_a_time(ws, fake_openai):
    fake_openai.script(Say("word " * 500, delay=0.02))
    chat, other = ws.chats.create("One"), ws.chats.create("Two")
    stream = chat.stream("talk")
    fake_openai.wait_until(lambda: fake_openai.calls)  # else the other chat may get what was scripted for this one

    with pytest.raises(ReplyInProgressError):
        chat.send("and this?")
    assert other.send("hello").text == "echo: hello"

    stream.stop()
    assert chat.messages()[0].content == "talk"


def test_a_subscriber_who_comes_late_misses_nothing(ws, fake_openai):
    fake_openai.script(Say([f"{number} " for number in range(300)], delay=0.002))
    chat = ws.chats.create("Late")
    running = start_reply(ws._session, chat.id, "count")
    seen = []

    def come_late(delay):
        time.sleep(delay)
        events = []
        text, _ = running.subscribe(events.append)
        seen.append((text, events))

    threads = [threading.Thread(target=come_late, args=(delay,)) for delay in (0, 0.1, 0.2, 0.3, 1.5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    whole = "".join(f"{number} " for number in range(300))
    assert running.wait().text == whole
    for text, events in seen:
        assert text + "".join(event.text for event in events if isinstance(event, Piece)) == whole
        assert isinstance(events[-1], ReplyEnded)


def test_a_reply_goes_on_when_nobody_looks_and_another_workspace_finds_it(ws, store_url, fake_openai):
    fake_openai.script(Say("word " * 100, stall_after=50))
    chat = ws.chats.create("Background")
    chat.stream("talk")

    with primer_nb.connect(store_url) as second:
        running = running_reply(second._session, chat.id)
        fake_openai.release()
        reply = running.wait()

    assert reply.text == "word " * 100
    assert chat.messages()[-1].content == reply.text


def test_closing_the_workspace_keeps_what_had_arrived(ws, store_url, fake_openai):
    fake_openai.script(Say("word " * 1_000, delay=0.01))
    stream = ws.chats.create("Closed").stream("talk")
    next(iter(stream))

    ws.close()

    with primer_nb.connect(store_url) as again:
        answer = again.chats["Closed"].messages()[-1]
    assert answer.content.startswith("word")
    assert answer.finish_reason == "stopped"


def test_a_chat_deleted_while_it_is_answered_stays_deleted(ws, fake_openai):
    fake_openai.script(Say("word " * 100, stall_after=50))
    chat = ws.chats.create("Gone")
    running = start_reply(ws._session, chat.id, "talk")

    chat.delete()
    fake_openai.release()

    with pytest.raises(ChatNotFoundError):
        running.wait()
    assert ws.chats.list() == []


def _talk_and_die(store_url: str, base_url: str) -> None:
    os.environ["PRIMER_PROVIDER"] = "custom"
    ws = primer_nb.connect(store_url)
    ws._session.providers.add(OpenAICompatibleProvider("custom", base_url=base_url, default_model="fake-1"))
    for _ in ws.chats.create("Interrupted").stream("talk"):
        pass


def _wait_for_draft(ws, start: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with ws._session.read() as work:
            if any(draft.content.startswith(start) for draft in work.drafts.list()):
                return
        time.sleep(0.02)
    raise AssertionError("no draft came")


def test_a_killed_kernel_keeps_what_had_arrived(store_url, fake_openai: FakeOpenAI):
    fake_openai.script(Say([f"{number} " for number in range(10_000)], delay=0.01))
    primer_nb.connect(store_url).close()
    spawn = multiprocessing.get_context("spawn")
    kernel = spawn.Process(target=_talk_and_die, args=(store_url, fake_openai.base_url))
    kernel.start()

    with primer_nb.connect(store_url) as ws:
        _wait_for_draft(ws, "0 1 2 3 4 5 6 7 8 9 10 ")
        alive = said(ws.chats["Interrupted"])  # the other kernel still writes: its draft is left alone
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.join()
    with primer_nb.connect(store_url) as ws:
        chat = ws.chats["Interrupted"]
        (question, answer) = chat.messages()

    assert alive == [("user", "talk")]
    assert question.content == "talk"
    assert answer.content.startswith("0 1 2 3 4 5 6 7 8 9 10 ")
    assert answer.finish_reason == "error"
    assert answer.model == "fake-1"
