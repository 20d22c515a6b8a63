"""Replies over the wire: what is sent, what comes back, in every legal and awkward form."""

from __future__ import annotations

import gc
import time

import pytest
from fake_openai import Fail, FakeOpenAI, Reset, Say
from tls_certificate import server_context, write_certificate

from primer_nb.errors import ProviderUnavailableError
from primer_nb.providers.base import ChatRequest, Delta, Turn
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.secret import Secret

HI = ChatRequest("fake-1", (Turn("system", "be brief"), Turn("user", "hi there")))


@pytest.fixture
def provider(fake_openai: FakeOpenAI) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider("custom", base_url=fake_openai.base_url)


@pytest.fixture
def gemini(fake_openai: FakeOpenAI) -> OpenAICompatibleProvider:
    return OpenAICompatibleProvider("gemini", base_url=fake_openai.gemini_url, key=Secret("AIza-not-a-real-key"))


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def last_told(deltas: list[Delta], what: str) -> object:
    told = [value for delta in deltas if (value := getattr(delta, what)) is not None]
    return told[-1] if told else None


def test_a_reply_arrives_piece_by_piece_with_its_reason_usage_and_model(fake_openai, provider):
    fake_openai.script(Say("one two three"))

    deltas = list(provider.stream(HI))

    assert [delta.text for delta in deltas if delta.text] == ["one", " two", " three"]
    assert last_told(deltas, "finish_reason") == "stop"
    assert last_told(deltas, "prompt_tokens") == 4
    assert last_told(deltas, "completion_tokens") == 3
    assert last_told(deltas, "model") == "fake-1"


def test_a_reply_cut_by_its_own_limit_says_so(fake_openai, provider):
    fake_openai.script(Say("one two", finish="length"))

    deltas = list(provider.stream(HI))

    assert last_told(deltas, "finish_reason") == "length"


def test_the_request_holds_the_conversation_and_what_was_chosen(fake_openai, provider):
    list(provider.stream(ChatRequest("fake-1", HI.messages, temperature=0.0, max_tokens=7)))

    assert fake_openai.calls[0].body == {
        "model": "fake-1",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi there"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "max_tokens": 7,
    }


def test_openai_is_told_the_limit_by_the_name_its_reasoning_models_take(fake_openai):
    provider = OpenAICompatibleProvider("openai", base_url=fake_openai.base_url, key=Secret("sk-not-a-real-key"))

    list(provider.stream(ChatRequest("fake-1", HI.messages, max_tokens=7)))

    assert fake_openai.calls[0].body["max_completion_tokens"] == 7
    assert "max_tokens" not in fake_openai.calls[0].body


def test_nothing_is_sent_before_the_first_step_is_asked_for(fake_openai, provider):
    reply = provider.stream(HI)
    reply.close()

    assert fake_openai.calls == []
    assert list(reply) == []


def test_a_reply_is_read_once(provider):
    reply = provider.stream(HI)
    list(reply)

    with pytest.raises(RuntimeError, match="read once"):
        list(reply)


@pytest.mark.parametrize(
    "awkward",
    [{"split_utf8": True}, {"crlf": True}, {"ping_every": 1}, {"done": False}],
    ids=["bytes", "crlf", "pings", "no end mark"],
)
@pytest.mark.parametrize("dialect", ["provider", "gemini"])
def test_awkward_but_legal_streams_are_read(fake_openai, request, dialect, awkward):
    fake_openai.script(Say("zażółć 🙂 日本", **awkward))

    deltas = list(request.getfixturevalue(dialect).stream(HI))

    assert text_of(deltas) == "zażółć 🙂 日本"


def test_usage_may_be_missing(fake_openai, provider):
    fake_openai.script(Say("one", usage=False))

    deltas = list(provider.stream(HI))

    assert text_of(deltas) == "one"
    assert last_told(deltas, "completion_tokens") is None


def test_gemini_counts_grow_from_step_to_step(fake_openai, gemini):
    fake_openai.script(Say("one two three"))

    deltas = list(gemini.stream(HI))

    assert [delta.completion_tokens for delta in deltas] == [1, 2, 3]
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].text == " three"


@pytest.mark.parametrize("name", ["fake-1", "models/fake-1"])
def test_gemini_takes_both_spellings_of_a_model_and_tells_the_short_one(gemini, name):
    deltas = list(gemini.stream(ChatRequest(name, HI.messages)))

    assert text_of(deltas) == "echo: hi there"
    assert last_told(deltas, "model") == "fake-1"


@pytest.mark.parametrize("dialect", ["provider", "gemini"])
def test_models_are_listed_sorted_and_without_a_prefix(request, dialect):
    assert request.getfixturevalue(dialect).models() == ["fake-1", "fake-2"]


def test_of_the_long_lists_of_openai_and_google_only_what_chats_is_shown():
    with FakeOpenAI(models=("gpt-6-luna", "text-embedding-3-large", "gpt-audio-mini", "whisper-1")) as fake:
        provider = OpenAICompatibleProvider("openai", base_url=fake.base_url, key=Secret("sk-not-a-real-key"))

        assert provider.models() == ["gpt-6-luna"]


def test_text_with_broken_surrogates_and_nul_arrives_fit_to_be_stored(fake_openai, provider):
    fake_openai.script(Say(["a\ud83d", "\ude00b", "\udc00", "c\x00"]))

    deltas = list(provider.stream(HI))

    assert text_of(deltas) == "a😀b\ufffdc\ufffd"


def test_a_lost_connection_before_the_first_byte_is_tried_again(fake_openai, provider):
    fake_openai.script(Reset(), Say("here"))

    deltas = list(provider.stream(HI))

    assert text_of(deltas) == "here"
    assert [call.ended for call in fake_openai.calls] == ["reset", "done"]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_passing_trouble_is_tried_again_after_the_pause_the_server_asks_for(fake_openai, provider, status):
    fake_openai.script(Fail(status, retry_after=0.01), Fail(status, retry_after=0.01), Say("here"))

    deltas = list(provider.stream(HI))

    assert text_of(deltas) == "here"
    assert len(fake_openai.calls) == 3


@pytest.mark.parametrize(
    ("dialect", "refusal"),
    [
        ("provider", Fail(429, retry_after=7)),
        ("provider", Fail(429, "Please try again in 7s.")),
        ("gemini", Fail(429, retry_after=7)),
        ("gemini", Fail(503, "Please retry in 7.0s.")),
    ],
)
def test_the_pause_before_a_retry_is_the_one_asked_for(fake_openai, request, monkeypatch, dialect, refusal):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    fake_openai.script(refusal, Say("here"))

    list(request.getfixturevalue(dialect).stream(HI))

    assert pauses == [7.0]


def test_a_key_is_sent_as_a_bearer_token_and_without_a_key_none_is(fake_openai, provider, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    with_key = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, key=Secret(" local-secret\n"))

    list(with_key.stream(HI))
    list(provider.stream(HI))

    assert fake_openai.calls[0].headers["authorization"] == "Bearer local-secret"
    assert "authorization" not in fake_openai.calls[1].headers


def test_a_key_added_later_is_used(fake_openai):
    keys = [None, Secret("added-later")]
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, key=lambda: keys.pop(0))

    list(provider.stream(HI))
    list(provider.stream(HI))

    assert [call.headers.get("authorization") for call in fake_openai.calls] == [None, "Bearer added-later"]


def test_only_openai_learns_what_the_environment_says_to_openai(fake_openai, provider, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ours")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: secret")
    openai = OpenAICompatibleProvider("openai", base_url=fake_openai.base_url, key=Secret("sk-not-a-real-key"))

    list(provider.stream(HI))
    list(openai.stream(HI))

    others, openais = (set(call.headers) for call in fake_openai.calls)
    assert not others & {"openai-organization", "openai-project", "x-gateway", "x-stainless-os"}
    assert openais >= {"openai-organization", "openai-project", "x-gateway"}


def test_a_server_on_this_machine_is_asked_without_the_proxy(fake_openai, provider, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert text_of(list(provider.stream(HI))) == "echo: hi there"


def test_other_servers_are_asked_through_the_proxy(fake_openai, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", fake_openai.base_url.removesuffix("/v1"))
    provider = OpenAICompatibleProvider("custom", base_url="http://models.example.org/v1")

    assert text_of(list(provider.stream(HI))) == "echo: hi there"
    assert fake_openai.calls[0].path == "http://models.example.org/v1/chat/completions"


def test_tls_is_spoken_and_its_certificate_checked(tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path)
    monkeypatch.setattr("primer_nb.providers.wire.RETRIES", 0)
    with FakeOpenAI(tls=server_context(certificate)) as fake:
        provider = OpenAICompatibleProvider("custom", base_url=fake.base_url)

        with pytest.raises(ProviderUnavailableError, match=r"certificate .* is not trusted.*SSL_CERT_FILE"):
            list(provider.stream(HI))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        deltas = list(provider.stream(HI))

    assert text_of(deltas) == "echo: hi there"


def test_a_long_reply_leaves_nothing_open(fake_openai, provider):
    fake_openai.script(Say(["x" * 1000] * 2000))

    length = len(text_of(list(provider.stream(HI))))
    gc.collect()  # an open socket would warn here, and warnings are errors

    assert length == 2_000_000


def test_a_reply_left_in_the_middle_is_ended(fake_openai, provider):
    fake_openai.script(Say(["x"] * 1000, stall_after=3))

    for delta in provider.stream(HI):
        if delta.text:
            break

    fake_openai.wait_until(lambda: fake_openai.calls[0].ended == "client gone")
