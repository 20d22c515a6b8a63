"""Every way a provider can fail is an error of ours, of the right class, that says what to do and shows no key."""

from __future__ import annotations

import socket

import pytest
from fake_openai import Fail, Reset, Say
from provider_requests import HI, KEY, failure_of

from primer_nb.errors import (
    ContextTooLongError,
    InvalidKeyError,
    InvalidRequestError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    ReplyCutError,
)
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider

PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}


@pytest.mark.parametrize(
    ("step", "kind", "requests"),
    [
        (Fail(400, "bad temperature"), InvalidRequestError, 1),
        (Fail(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"), InvalidKeyError, 1),
        (Fail(402, "Insufficient Balance"), QuotaExceededError, 1),
        (Fail(403, "Country not supported"), InvalidKeyError, 1),
        (Fail(404, "no such path"), ProviderUnavailableError, 1),
        (Fail(413, "too large"), InvalidRequestError, 1),
        (Fail(422, "extra field"), InvalidRequestError, 1),
        (Fail(400, "too much", "context_length_exceeded"), ContextTooLongError, 1),
        (Fail(400, "This model's maximum context length is 8192 tokens"), ContextTooLongError, 1),
        (Fail(408, retry_after=0.01), ProviderUnavailableError, 3),
        (Fail(409, retry_after=0.01), ProviderUnavailableError, 3),
        (Fail(429, retry_after=0.01), RateLimitError, 3),
        (Fail(500, retry_after=0.01), ProviderUnavailableError, 3),
        (Fail(503, retry_after=0.01), ProviderUnavailableError, 3),
        (Fail(429, "You exceeded your current quota", "insufficient_quota"), QuotaExceededError, 1),
        (Fail(429, retry_after=31), RateLimitError, 1),
        (Fail(502, body=b"<html>bad gateway</html>", headers={"retry-after-ms": "9"}), ProviderUnavailableError, 3),
        (Fail(403, body=b"<!doctype html><p>blocked by your company"), ProviderUnavailableError, 1),
        (Fail(200, body=b"<html>log in to the hotel's network</html>"), ProviderUnavailableError, 1),
        (Fail(200, body=b'{"choices": []}', content_type="application/json"), ProviderUnavailableError, 1),
        (Fail(500, body=b"\xff\xfe", headers={"retry-after-ms": "9"}), ProviderUnavailableError, 3),
    ],
)
def test_a_refusal_has_its_class_and_is_only_tried_again_when_that_can_help(
    fake_openai, provider, step, kind, requests
):
    fake_openai.script(*[step] * 3)

    error, text = failure_of(provider)

    assert type(error) is kind
    assert text == ""
    assert len(fake_openai.calls) == requests
    assert "custom (fake-1)" in str(error)


@pytest.mark.parametrize(
    ("step", "kind", "requests"),
    [
        (Fail(400, "Invalid value at 'temperature'"), InvalidRequestError, 1),
        (Fail(403, "Your API key was reported as leaked."), InvalidKeyError, 1),
        (Fail(429, "Resource has been exhausted", retry_after=0.01), RateLimitError, 3),
        (Fail(429, "You exceeded your current quota. Please retry in 0.01s."), RateLimitError, 3),
        (Fail(429, "Please retry in 45.5s."), RateLimitError, 1),
        (Fail(429, "You exceeded your quota", retry_after=0.01, details=[PER_DAY]), QuotaExceededError, 1),
        (Fail(429, "limit: 0, model: gemini-3.1-pro. Please retry in 9s."), QuotaExceededError, 1),
        (
            Fail(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
            ContextTooLongError,
            1,
        ),
    ],
)
def test_a_refusal_of_geminis_is_understood(fake_openai, gemini, step, kind, requests):
    fake_openai.script(*[step] * 3)

    error, _ = failure_of(gemini)

    assert type(error) is kind
    assert step.message.rstrip(".") in str(error)
    assert len(fake_openai.calls) == requests


def test_a_rate_limit_tells_the_seconds(fake_openai, provider, gemini):
    fake_openai.script(Fail(429, retry_after=95), Fail(429, "Please retry in 45.5s."))

    openais, _ = failure_of(provider)
    geminis, _ = failure_of(gemini)

    assert isinstance(openais, RateLimitError)
    assert openais.retry_after == 95.0
    assert "ask again in 95 seconds" in str(openais)
    assert isinstance(geminis, RateLimitError)
    assert geminis.retry_after == 45.5


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Say("one two three", drop_after=2), ReplyCutError),
        (Say("one two three", end_after=2), ReplyCutError),
        (Say("one two three", raw_after=2), ReplyCutError),
        (Say("one two three", raw_after=2, raw=b"null"), ReplyCutError),
        (Say("one two three", raw_after=2, raw=b"[7]"), ReplyCutError),
        (Say("one two three", raw_after=2, raw=b'{"choices": 5}'), ReplyCutError),
        (Say("one two three", raw_after=2, raw=b'{"choices": [{"delta": {"content": 5}}]}'), ReplyCutError),
        (Say("one two three", raw_after=2, raw=b"\xff\xfe"), ReplyCutError),
        (Say("one two three", error_after=2), ProviderUnavailableError),
        (Say("one two three", error_after=2, error={"code": 429, "message": "slow"}), RateLimitError),
        (Say("one two three", error_after=2, error={"type": "exceed_context_size_error"}), ContextTooLongError),
        (Say("one two three", finish=None), ReplyCutError),
    ],
)
def test_a_failure_in_the_middle_keeps_what_came_and_is_not_tried_again(fake_openai, provider, step, kind):
    fake_openai.script(step)

    error, text = failure_of(provider)

    assert type(error) is kind
    assert text.startswith("one two")
    assert len(fake_openai.calls) == 1


@pytest.mark.parametrize("after", ["drop_after", "end_after", "error_after", "stall_after"])
def test_what_breaks_after_the_last_word_harms_nothing(fake_openai, after, no_retries):
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.gemini_url, timeout=1.0)
    whole = b'{"choices": [{"delta": {"content": "done"}, "finish_reason": "stop"}]}'
    fake_openai.script(Say(["one", "two"], raw_after=0, raw=whole, **{after: 1}))

    text = "".join(delta.text for delta in provider.stream(HI))

    assert text == "doneone"


def test_a_stream_that_is_unreadable_from_the_start_points_at_the_base_url(fake_openai):
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.gemini_url)
    fake_openai.script(Say("one", raw_after=0))

    error, _ = failure_of(provider)

    assert type(error) is ProviderUnavailableError
    assert fake_openai.gemini_url in str(error)


@pytest.mark.parametrize("step", [Say("late", first_delay=float("inf")), Say("one two", stall_after=1)])
def test_silence_is_told_with_its_seconds(fake_openai, no_retries, step):
    provider = OpenAICompatibleProvider("custom", base_url=fake_openai.base_url, timeout=1.0)
    fake_openai.script(step)

    error, _ = failure_of(provider)

    assert type(error) is ProviderTimeoutError
    assert "silent for 1 seconds" in str(error)


def test_lost_connections_before_the_first_byte_are_told_after_three_tries(fake_openai, provider):
    fake_openai.script(Reset(), Reset(), Reset())

    error, _ = failure_of(provider)

    assert type(error) is ProviderUnavailableError
    assert len(fake_openai.calls) == 3


def test_a_server_that_does_not_run_is_named(no_retries):
    with socket.create_server(("127.0.0.1", 0)) as freed:
        url = f"http://127.0.0.1:{freed.getsockname()[1]}/v1"

    error, _ = failure_of(OpenAICompatibleProvider("custom", base_url=url))

    assert type(error) is ProviderUnavailableError
    assert f"nothing listens at {url}" in str(error)


def test_no_network_is_told_as_an_unknown_name(no_retries, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    error, _ = failure_of(OpenAICompatibleProvider("custom", base_url="http://models.example.org/v1"))

    assert type(error) is ProviderUnavailableError
    assert "check the network" in str(error)


def test_a_server_that_takes_no_connection_is_unavailable_not_silent(no_retries, monkeypatch):
    monkeypatch.setattr("primer_nb.providers.wire.CONNECT_TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # TLS is a part of connecting
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"

        error, _ = failure_of(OpenAICompatibleProvider("custom", base_url=url))

    assert type(error) is ProviderUnavailableError
    assert "did not take the connection in time" in str(error)
