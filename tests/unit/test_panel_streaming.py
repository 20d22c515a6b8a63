"""The feed of a running reply: first word at once, then seldom, the end without delay, and nothing twice."""

from __future__ import annotations

import queue
from types import SimpleNamespace

import pytest

from primer_nb.markdown import render_markdown
from primer_nb.panel import streaming
from primer_nb.panel.streaming import ReplyFeed
from primer_nb.replies import Piece, Preparing, ReplyEnded
from primer_nb.use_cases.replying import Outcome

PATIENCE = 60.0
END = ReplyEnded(outcome=Outcome(text="", finish_reason="stop"), message_id="m", error=None)


class ScriptedReply:
    """A running reply whose pieces come when a test says so."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.subscribers = []

    def subscribe(self, subscriber):
        self.subscribers.append(subscriber)
        return self.text, self.subscribers.clear

    def say(self, *events) -> None:
        for event in events:
            for subscriber in list(self.subscribers):
                subscriber(event)


@pytest.fixture
def screen():
    """Where a feed sends to: `sent` holds messages, `ends` the ends, `errors` the exceptions."""
    return SimpleNamespace(sent=queue.Queue(), ends=queue.Queue(), errors=queue.Queue())


def follow(reply, screen, *, send=None):
    return ReplyFeed(
        reply, stream=7, send=send or screen.sent.put, on_end=screen.ends.put, on_error=screen.errors.put
    )


def test_what_a_provider_does_before_the_first_word_is_told(screen):
    reply = ScriptedReply()
    feed = follow(reply, screen)
    feed.start()

    reply.say(Preparing("Fetching the model: 12 of 93 MB"))

    told = screen.sent.get(timeout=PATIENCE)
    assert told == {"type": "notice", "told": {"text": "Fetching the model: 12 of 93 MB"}, "passes": True}
    reply.say(END)
    assert screen.ends.get(timeout=PATIENCE) is END


def test_the_first_word_goes_out_at_once_and_the_rest_together(screen, monkeypatch):
    monkeypatch.setattr(streaming, "LAST_INTERVAL", 3_600.0)
    monkeypatch.setattr(streaming, "FIRST_INTERVAL", 3_600.0)
    reply = ScriptedReply()
    feed = follow(reply, screen)
    feed.start()

    reply.say(Piece("one"))
    first = screen.sent.get(timeout=PATIENCE)
    reply.say(*(Piece(f" {n}") for n in range(100)), END)

    assert screen.ends.get(timeout=PATIENCE) is END
    assert (first["tail"], first["seq"], first["stream"]) == ("one", 1, 7)
    assert screen.sent.qsize() == 2
    assert feed.html == render_markdown("one" + "".join(f" {n}" for n in range(100)))


def test_what_had_arrived_is_the_opening_and_not_sent_again(screen):
    reply = ScriptedReply("# Title\n\nSome te")
    feed = follow(reply, screen)
    opening = feed.opening()
    feed.start()

    reply.say(Piece("xt."), END)

    screen.ends.get(timeout=PATIENCE)
    sent = [screen.sent.get() for _ in range(screen.sent.qsize())]
    assert opening == {"stream": 7, "seq": 0, "html": "<h1>Title</h1>\n", "tail": "Some te"}
    assert "".join(message["html"] for message in sent) == "<p>Some text.</p>\n"
    assert (sent[-1]["tail"], sent[-1]["replace"]) == ("", True)


def test_the_longer_a_reply_gets_the_longer_the_pauses(screen):
    pauses = [min(streaming.FIRST_INTERVAL + streaming.SLOWER * n, streaming.LAST_INTERVAL) for n in range(600)]

    assert pauses[0] == 0.1
    assert sum(pauses) > 200  # 8,000 tokens of a model that writes 40 a second


def test_a_closed_feed_is_silent(screen):
    reply = ScriptedReply()
    feed = follow(reply, screen)
    feed.start()

    feed.close()
    feed.close()
    reply.say(Piece("unheard"), END)

    assert reply.subscribers == []
    assert screen.sent.empty()
    assert screen.ends.empty()


def test_a_muted_feed_tells_the_end_only(screen):
    reply = ScriptedReply()
    feed = follow(reply, screen)
    feed.start()

    feed.mute()
    reply.say(Piece("unheard"), END)

    assert screen.ends.get(timeout=PATIENCE) is END
    assert screen.sent.empty()


def test_an_exception_in_its_thread_is_told(screen):
    def fail(_message):
        raise RuntimeError("the comm is closed")

    reply = ScriptedReply()
    follow(reply, screen, send=fail).start()

    reply.say(Piece("one"))

    assert isinstance(screen.errors.get(timeout=PATIENCE), RuntimeError)
