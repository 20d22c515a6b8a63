"""From a server's refusal to the error a user reads."""

from __future__ import annotations

import pytest

from primer_nb.errors import (
    ContextTooLongError,
    InvalidKeyError,
    InvalidRequestError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnknownModelError,
)
from primer_nb.providers.complaints import Complaint
from primer_nb.providers.endpoint import Endpoint
from primer_nb.providers.refusals import refuse
from primer_nb.secret import Secret

ENDPOINT = Endpoint("custom", "http://h/v1", Secret("not-the-shape-of-a-key"), "set THE_KEY", 60.0)


@pytest.mark.parametrize(
    ("status", "words", "codes", "kind"),
    [
        (401, "", (), InvalidKeyError),
        (400, "API key not valid. Please pass a valid API key.", (), InvalidKeyError),
        (400, "", ("api_key_invalid",), InvalidKeyError),
        (None, "", ("invalid_api_key",), InvalidKeyError),
        (403, "no", (), InvalidKeyError),
        (402, "", (), QuotaExceededError),
        (429, "", ("insufficient_quota",), QuotaExceededError),
        (429, "", (), RateLimitError),
        (None, "", ("rate_limit_exceeded",), RateLimitError),
        (404, "The model `x` does not exist", (), UnknownModelError),
        (404, "model 'x' not found", (), UnknownModelError),
        (404, "models/x is not found for API version v1main", (), UnknownModelError),
        (400, "x is not a valid model ID", (), UnknownModelError),
        (400, "Invalid model x", (), UnknownModelError),
        (403, "Project does not have access", ("model_not_found",), UnknownModelError),
        (404, "", (), ProviderUnavailableError),
        (400, "the request exceeds the available context size", (), ContextTooLongError),
        (400, "", ("exceed_context_size_error",), ContextTooLongError),
        (400, "Input tokens exceed the configured limit of 272,000 tokens.", (), ContextTooLongError),
        (413, "prompt is too long", (), ContextTooLongError),
        (500, "context length of the stack trace", (), ProviderUnavailableError),
        (400, "unknown parameter", (), InvalidRequestError),
        (425, "", (), ProviderUnavailableError),
        (529, "overloaded", (), ProviderUnavailableError),
        (302, "", (), ProviderUnavailableError),
        (None, "", (), ProviderUnavailableError),
    ],
)
def test_the_class_follows_from_status_codes_and_words(status, words, codes, kind):
    error = refuse(Complaint(status, words, frozenset(codes)), endpoint=ENDPOINT, model="x")

    assert type(error) is kind


def test_the_message_tells_who_what_and_what_to_do():
    error = refuse(Complaint(401, "Wrong key."), endpoint=ENDPOINT, model="x")

    assert str(error) == "custom (x) refused the API key: Wrong key; set THE_KEY"


def test_a_request_about_no_model_names_none():
    error = refuse(Complaint(500, ""), endpoint=ENDPOINT, model="")

    assert str(error) == "custom has a fault (HTTP 500); ask again in a moment"


def test_braces_in_a_servers_words_are_only_words():
    assert "{who} {0}" in str(refuse(Complaint(400, "{who} {0}"), endpoint=ENDPOINT, model="{said}"))


def test_long_words_are_cut_but_never_inside_a_key():
    words = "x" * 290 + " not-the-shape-of-a-key " + "y" * 100

    message = str(refuse(Complaint(400, words), endpoint=ENDPOINT, model="m"))

    assert "not-the" not in message
    assert "…" in message
    assert len(message) < 400
