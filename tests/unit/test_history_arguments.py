"""What the filters and columns of the history refuse, and how times of other writers are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb import times
from primer_nb.errors import InvalidInputError
from primer_nb.history.filters import check_filters
from primer_nb.history.moments import to_moments


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        ({"role": "robot"}, "'robot' is not a role"),
        ({"role": ["user", "User"]}, "'User' is not a role"),
        ({"role": 3}, "role must be one value or a list of values, not int"),
        ({"model": ["a", 1]}, "model must be a str or a list of them, not int"),
        ({"tag": 1.5}, "tag must be one value"),
        ({"since": "soon"}, "since: 'soon' is not a time"),
        ({"until": "2026-02-30"}, "until: day"),
        ({"since": 5}, "since must be a datetime, a date or a text such as '2026-01-31', not int"),
        ({"until": pd.NaT}, "until: NaT is no time"),
        ({"since": "2026-02-01", "until": "2026-01-31"}, r"since \(2026-02-01.*\) is later than until"),
        ({"chat": 7}, "chat must be"),
        ({"chat": [7]}, "chat must be an id, a title or a chat, not int"),
        ({"chat": object()}, "chat must be"),
        ({"contains": ""}, "contains is empty"),
        ({"contains": 5}, "text to look for must be a str"),
        ({"contains": "a\x00b"}, "NUL"),
        ({"contains": "x" * 10_001}, "10,001 characters"),
        ({"model": map(str, range(10_001))}, "model has 10,001 values, 10,000 are the most"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(filters, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        check_filters(**filters)


def test_a_span_of_one_moment_is_a_span():
    filters = check_filters(since="2026-01-31 12:00", until="2026-01-31 12:00")

    assert filters.since == filters.until == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_filters_that_are_not_given_choose_no_messages():
    assert not check_filters(chat="Birds", tag="nature").choose_messages
    assert check_filters(contains=" ").choose_messages


SPELLINGS = st.builds(
    "{}{}{}{}".format,
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: moment.strftime("%Y-%m-%d").zfill(10)),
    st.sampled_from(["T10:20:30", " 23:59:59", "T00:00:00"]),
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=9).map(".{}".format), st.just(",5")),
    st.sampled_from(["", "Z", "+00:00", "-05:30", "+1400", " UTC", "+02"]),
)


@given(st.lists(st.one_of(st.none(), SPELLINGS), max_size=6))
def test_every_spelling_of_a_time_is_read_as_everywhere_else(texts):
    moments = to_moments(pa.array(texts, pa.large_string()))

    assert moments.to_pylist() == [None if text is None else times.parse(text) for text in texts]


def test_what_is_no_time_is_missing_and_hides_nothing():
    moments = to_moments(pa.array(["never", "2026-01-31T00:00:00Z", "", None], pa.large_string()))

    assert moments.to_pylist() == [None, datetime(2026, 1, 31, tzinfo=UTC), None, None]
