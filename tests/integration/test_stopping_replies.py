"""A reply ends at once when another thread closes it, in whichever phase, and the server notices."""

from __future__ import annotations

import socket
import threading

import pytest
from fake_openai import PATIENCE, Fail, FakeOpenAI, Say
from tls_certificate import server_context, write_certificate

from primer_nb.providers.base import ChatRequest, ReplyStream, Turn
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

HI = ChatRequest("fake-1", (Turn("user", "hi"),))


class Reader(threading.Thread):
    """Reads a reply to its end in a thread of its own."""

    def __init__(self, reply: ReplyStream) -> None:
        super().__init__(daemon=True)
        self.reply = reply
        self.text = ""
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Read."""
        try:
            for delta in self.reply:
                self.text += delta.text
        except BaseException as error:
            self.error = error

    def has_ended_quietly(self) -> bool:
        """Wait for the end; a stop is no error."""
        self.join(PATIENCE)
        return not self.is_alive() and self.error is None


def openers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "primer-nb opens custom"]


@pytest.fixture
def provider(fake_openai: FakeOpenAI) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, timeout=600.0)


def test_while_the_name_is_looked_up(monkeypatch):
    asked, answer = threading.Event(), threading.Event()

    def never_answers(*_: object, **__: object) -> None:
        asked.set()
        answer.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", never_answers)
    reader = Reader(OpenAICompatibleProvider("custom", base_url="http://models.example.org/v1").stream(HI))
    assert asked.wait(PATIENCE)

    reader.reply.close()

    assert reader.has_ended_quietly()
    answer.set()
    for thread in openers():
        thread.join(PATIENCE)


def test_while_the_connection_is_made():
    with socket.socket() as full:  # a listener whose queue is full does not answer
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        provider = OpenAICompatibleProvider("custom", base_url=f"http://127.0.0.1:{full.getsockname()[1]}/v1")
        reader = Reader(provider.stream(HI))
        threading.Event().wait(0.3)

        reader.reply.close()

        assert reader.has_ended_quietly()
        for filler in fillers:
            filler.close()
    for thread in openers():
        thread.join(PATIENCE)


def test_while_tls_is_agreed_on():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = OpenAICompatibleProvider("custom", base_url=f"https://127.0.0.1:{silent.getsockname()[1]}/v1")
        reader = Reader(provider.stream(HI))
        connection, _ = silent.accept()
        assert connection.recv(1)  # the client's greeting

        reader.reply.close()

        assert reader.has_ended_quietly()
        connection.close()
    for thread in openers():
        thread.join(PATIENCE)


def test_while_the_server_thinks(fake_openai, provider):
    fake_openai.script(Say("late", first_delay=float("inf")))
    reader = Reader(provider.stream(HI))
    fake_openai.wait_until(lambda: fake_openai.calls)

    reader.reply.close()

    assert reader.has_ended_quietly()
    fake_openai.wait_until(lambda: fake_openai.calls[0].ended == "client gone")
    for thread in openers():
        thread.join(PATIENCE)
    assert fake_openai.connections == 1  # a stopped request is not tried again


def test_in_the_pause_before_a_retry(fake_openai, provider):
    fake_openai.script(Fail(429, retry_after=1.0))
    reader = Reader(provider.stream(HI))
    fake_openai.wait_until(lambda: fake_openai.calls and fake_openai.calls[0].ended == "failed")

    reader.reply.close()

    assert reader.has_ended_quietly()
    for thread in openers():
        thread.join(PATIENCE)
    assert fake_openai.connections == 1


@pytest.mark.parametrize("dialect", ["base_url", "gemini_url"])
def test_in_the_middle_of_the_reply(fake_openai, dialect):
    provider = OpenAICompatibleProvider("custom", base_url=getattr(fake_openai, dialect), timeout=600.0)
    fake_openai.script(Say(["x"] * 50, stall_after=3))
    reader = Reader(provider.stream(HI))
    fake_openai.wait_until(lambda: fake_openai.calls and fake_openai.calls[0].sent == 3)

    reader.reply.close()

    assert reader.has_ended_quietly()
    assert "xxx".startswith(reader.text)
    fake_openai.wait_until(lambda: fake_openai.calls[0].ended == "client gone")


def test_in_the_middle_of_the_reply_under_tls(tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with FakeOpenAI(tls=server_context(certificate)) as fake:
        fake.script(Say(["x"] * 50, stall_after=3))
        reader = Reader(OpenAICompatibleProvider("custom", base_url=fake.base_url, timeout=600.0).stream(HI))
        fake.wait_until(lambda: fake.calls and fake.calls[0].sent == 3)

        reader.reply.close()

        assert reader.has_ended_quietly()
        fake.wait_until(lambda: fake.calls[0].ended == "client gone")


def test_between_two_steps(fake_openai, provider):
    fake_openai.script(Say(["x"] * 1000))
    reply = provider.stream(HI)
    steps = iter(reply)
    next(steps)

    reply.close()

    assert list(steps) == []


def test_after_the_end_and_twice(provider):
    reply = provider.stream(HI)
    text = "".join(delta.text for delta in reply)

    reply.close()
    reply.close()

    assert text == "echo: hi"


def test_one_reply_and_not_its_neighbour(fake_openai, provider):
    fake_openai.script(Say(["x"] * 5, stall_after=1), Say(["y"] * 5, stall_after=1))
    first = Reader(provider.stream(HI))
    fake_openai.wait_until(lambda: fake_openai.calls)
    second = Reader(provider.stream(HI))
    fake_openai.wait_until(lambda: [call.sent for call in fake_openai.calls] == [1, 1])

    first.reply.close()
    assert first.has_ended_quietly()
    fake_openai.release()

    assert second.has_ended_quietly()
    assert second.text == "yyyyy"
