"""The refusals of servers, in all their dialects."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.providers.complaints import read_complaint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "detail", "details", "violations", "quotaId", "retryDelay"])
            | st.text(),
            inner,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no luck", "type": "invalid_request_error", "code": "bad"}},
        [{"error": {"code": 400, "message": "no luck", "status": "INVALID_ARGUMENT"}}],
        {"error": "no luck"},
        {"detail": "no luck"},
        {"detail": [{"loc": ["body"], "msg": "no luck"}]},
        {"object": "error", "message": "no luck", "code": 404},
        "no luck",
    ],
    ids=["openai", "gemini", "ollama", "fastapi", "pydantic", "vllm", "text"],
)
def test_the_words_are_found_in_every_dialect(body):
    as_it_came = json.dumps(body).encode()

    assert read_complaint(400, {}, as_it_came).words == "no luck"
    assert read_complaint(400, {}, body).words == "no luck"


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>hi", b"  <html>hi", b"<?xml version='1.0'?>"])
def test_a_page_is_known_as_one_and_not_quoted(page):
    complaint = read_complaint(502, {}, page)

    assert complaint.is_page
    assert complaint.words == ""


def test_the_words_are_put_on_one_line():
    assert read_complaint(400, {}, {"error": {"message": "no\n  luck\t"}}).words == "no luck"


def test_codes_are_collected_from_the_error_its_details_and_the_violated_quotas():
    complaint = read_complaint(
        None,
        {},
        {
            "error": {
                "status": "RESOURCE_EXHAUSTED",
                "details": [{"reason": "API_KEY_INVALID"}, {"violations": [{"quotaId": "TokensPerDay"}]}],
            }
        },
    )

    assert complaint.codes == {"resource_exhausted", "api_key_invalid", "tokensperday"}
    assert complaint.is_about_quota


def test_the_number_of_an_error_event_stands_for_the_status():
    assert read_complaint(None, {}, {"code": 429, "message": "slow"}).status == 429


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after": "0.5"}, {}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, {}, 0.25),
        ({}, {"error": {"details": [{"retryDelay": "10.6s"}]}}, 10.6),
        ({}, {"error": {"message": "Please retry in 45.578569677s."}}, 45.578569677),
        ({}, {"error": {"message": "Please try again in 1m12.5s. Visit"}}, 72.5),
        ({}, {"error": {"message": "Please try again in 350ms."}}, 0.35),
        ({}, {"error": {"message": "try again in a while"}}, None),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "inf"}, {}, None),
        ({"retry-after": "-5"}, {}, None),
    ],
)
def test_the_seconds_to_wait_are_found_wherever_they_are_told(headers, body, seconds):
    assert read_complaint(429, headers, body).retry_after == pytest.approx(seconds)


def test_a_date_to_wait_for_becomes_seconds():
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    seconds = read_complaint(429, {"retry-after": date}, {}).retry_after

    assert seconds is not None
    assert 3000 < seconds <= 3600


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (402, {"error": {"message": "Insufficient Balance"}}),
        (429, {"error": {"code": "insufficient_quota"}}),
        (429, {"error": {"message": "Quota exceeded for metric: x, limit: 0, model: y"}}),
    ],
)
def test_a_used_up_quota_is_told_from_a_passing_limit(status, body):
    assert read_complaint(status, {}, body).is_about_quota


def test_a_passing_limit_is_not_about_the_quota():
    assert not read_complaint(
        429, {}, {"error": {"message": "limit: 15, retry", "code": "rate_limit"}}
    ).is_about_quota


@given(body=JSON)
def test_no_body_breaks_the_reading(body):
    complaint = read_complaint(None, {}, json.dumps(body).encode())

    assert "\n" not in complaint.words


@given(body=st.binary(max_size=200))
def test_no_bytes_break_the_reading(body):
    assert read_complaint(400, {}, body).status == 400
