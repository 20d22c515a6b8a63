"""Keys, models and addresses of providers: what is wrong with them is told, and a key is never shown."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest
from fake_openai import Fail, FakeOpenAI, Say
from provider_requests import HI, KEY, failure_of

from primer_nb.errors import (
    InvalidInputError,
    InvalidKeyError,
    MissingKeyError,
    ProviderUnavailableError,
    UnknownModelError,
)
from primer_nb.providers.base import ChatRequest
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider
from primer_nb.secret import Secret


@pytest.mark.parametrize("dialect", ["base_url", "gemini_url"])
def test_a_wrong_key_is_told_with_what_to_do(dialect):
    with FakeOpenAI(api_key="sk-the-right-one") as fake:
        provider = OpenAICompatibleProvider(
            "custom", base_url=getattr(fake, dialect), key=Secret(KEY), key_hint="set IT"
        )

        error, _ = failure_of(provider)

    assert isinstance(error, InvalidKeyError)
    assert "API key" in str(error)
    assert str(error).endswith("set IT")
    assert len(fake.calls) == 1


def test_a_missing_key_is_told_before_anything_is_sent(fake_openai):
    provider = OpenAICompatibleProvider(
        "openai", base_url=fake_openai.base_url, needs_key=True, key_hint="set OPENAI_API_KEY"
    )

    for ask in (lambda: provider.stream(HI), provider.models):
        with pytest.raises(MissingKeyError, match=r"openai needs an API key.*set OPENAI_API_KEY"):
            ask()

    assert fake_openai.calls == []


@pytest.mark.parametrize("key", ["sk-two words", "sk-line\nbreak", "sk-ключ"])
def test_a_key_no_header_can_carry_is_refused_without_showing_it(fake_openai, key):
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, key=Secret(key))

    with pytest.raises(InvalidKeyError) as caught:
        provider.stream(HI)

    assert key not in str(caught.value)


def test_an_unknown_model_is_told_with_the_models_there_are(fake_openai, provider):
    error, _ = failure_of(provider, ChatRequest("fake-l", HI.messages))

    assert isinstance(error, UnknownModelError)
    assert "fake-l" in str(error)
    assert "'fake-1'" in str(error)
    assert "'fake-2'" in str(error)
    assert len(fake_openai.calls) == 1


def test_of_many_models_the_similar_ones_are_named():
    with FakeOpenAI(models=(*(f"model-{number}" for number in range(50)), "llama3.2")) as fake:
        error, _ = failure_of(
            OpenAICompatibleProvider("custom", base_url=fake.base_url), ChatRequest("lama3.2", HI.messages)
        )

    assert "another one: 'llama3.2', " in str(error)
    assert "and 43 more" in str(error)


def test_a_server_without_a_model_named_default_lists_what_it_has(fake_openai, provider):
    error, _ = failure_of(provider, ChatRequest(provider.default_model, HI.messages))

    assert isinstance(error, UnknownModelError)
    assert "'fake-1'" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"oops"), (200, b"<html>"), (200, b'{"data": 5}'), (200, b'{"data": [{"name": "x"}]}'), (200, b"null")],
)
def test_a_list_of_models_that_cannot_be_had_is_told(provider, monkeypatch, no_retries, status, body):
    def refuse(handler) -> None:
        handler._send(status, body, "application/json", {})

    monkeypatch.setattr("fake_openai_server.Handler.do_GET", refuse)

    with pytest.raises(ProviderUnavailableError, match="custom"):
        provider.models()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://host/v1",
        "http://",
        "http://host:port/v1",
        "http://ada:hunter2@host/v1",
        "http://h/v1?a=b",
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused_without_showing_a_password(url):
    with pytest.raises(InvalidInputError, match="base URL of custom") as caught:
        OpenAICompatibleProvider("custom", base_url=url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "step",
    [
        Fail(401, f"Incorrect API key provided: {KEY}. Header: Authorization: Bearer {KEY}", "invalid_api_key"),
        Fail(400, f"bad {KEY}"),
        Fail(429, f"slow down, {KEY}", retry_after=40),
        Fail(500, body=f"trace: {KEY}".encode(), content_type="text/plain", headers={"retry-after-ms": "1"}),
        Fail(404, f"model {KEY} not found"),
        Say("one two", error_after=1, error={"message": f"lost {KEY}"}),
        Say("one two", drop_after=1),
        Say("one two", raw_after=1),
    ],
)
@pytest.mark.parametrize("dialect", ["base_url", "gemini_url"])
def test_no_error_log_or_traceback_shows_the_key(fake_openai, step, dialect, caplog):
    provider = OpenAICompatibleProvider("custom", base_url=getattr(fake_openai, dialect), key=Secret(KEY))
    fake_openai.script(*[step] * 3)

    with caplog.at_level(logging.DEBUG):
        error, _ = failure_of(provider)

    shown = [
        str(error),
        repr(error),
        repr(error.__dict__),
        repr(pickle.dumps(error)),
        repr(provider),
        repr(vars(provider)),
        caplog.text,
        *traceback.TracebackException.from_exception(error, capture_locals=True).format(),
    ]
    assert not [text for text in shown if KEY in text or "NotARealKey" in text]
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_key_travels_in_the_header_alone(fake_openai, provider):
    list(provider.stream(HI))

    assert KEY not in repr(fake_openai.calls[0].body) + fake_openai.calls[0].path
    assert fake_openai.calls[0].headers["authorization"] == f"Bearer {KEY}"
