"""Times: one spelling is written, all spellings of other writers are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import times

_moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5.5))])
)


@given(_moments)
def test_what_is_written_is_read_again(moment):
    assert times.parse(times.to_text(moment)) == moment


@given(_moments, _moments)
def test_the_order_of_texts_is_the_order_of_times(one, other):
    assert (times.to_text(one) < times.to_text(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "microsecond", "hour"),
    [
        ("2024-01-15 10:30:00", 0, 10),
        ("2024-01-15T10:30:00Z", 0, 10),
        ("2024-01-15T10:30:00.5Z", 500_000, 10),
        ("2024-01-15T10:30:00.123456789Z", 123_456, 10),
        ("2024-01-15T10:30:00.999999999+00:00", 999_999, 10),
        ("2024-01-15 10:30:00.123+02:00", 123_000, 8),
        ("2024-01-15T10:30:00+00", 0, 10),
        ("2024-01-15T10:30:00-0500", 0, 15),
        ("2024-01-15 10:30:00 UTC", 0, 10),
    ],
)
def test_the_spellings_of_other_writers_are_read(text, microsecond, hour):
    assert times.parse(text) == datetime(2024, 1, 15, hour, 30, 0, microsecond, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01 00:00:00", "1705314600"])
def test_what_is_no_time_is_refused_with_its_value(text):
    with pytest.raises(ValueError, match=r"time|month|format|isoformat"):
        times.parse(text)


def test_a_time_without_a_zone_is_never_written():
    with pytest.raises(ValueError, match="no time zone"):
        times.to_text(datetime(2024, 1, 15))


def test_a_reply_comes_after_its_question_even_when_the_clock_went_back():
    question = times.now() + timedelta(hours=1)

    assert times.after(question) == question + timedelta(microseconds=1)
    assert times.after(None) <= times.now()
