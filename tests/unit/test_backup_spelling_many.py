"""Values that are spelled all at once come out as if each had been spelled by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primer_nb.backup.columns import COMPLETIONS, MESSAGES, USER_SETTINGS, Column, RefusedError
from primer_nb.backup.rows import Quarantined, all_spelled, spelled
from primer_nb.backup.spelling_many import spell_many

ID = "0190aaaa-0000-7000-8000-00000000000a"
TIME = "2026-01-02T03:04:05.000000+00:00"
COLUMNS = {
    f"{table.name}.{column.name}": column
    for table in (MESSAGES, COMPLETIONS, USER_SETTINGS)
    for column in table.columns
}
VALUES = st.one_of(
    st.sampled_from([
        None, ID, ID.upper(), ID.replace("-", ""), f"{ID}\n{ID}", f"{ID}\n", "", TIME, "2026-01-02 03:04:05Z",
        TIME.replace("-01-02", "-02-30"), TIME.replace("2026", "٢٠٢٦"), f"{TIME}\n{TIME}", b"\xff", b"", 0, 1, -1,
        2**31, -(2**31), -(2**31) - 1, 1.5, float("inf"), float("nan"), 5e-324, "user", "x" * 21, "a\x00b", "a\tb\\N",
    ]),
    st.text(max_size=60),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
)  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
@given(values=st.lists(VALUES, max_size=4), usual=st.integers(0, 3))
def test_many_values_are_spelled_as_each_would_be(name, values, usual):
    column = COLUMNS[name]
    some = [*values, *[USUAL.get(column.type)] * usual]

    assert attempt(lambda: list(spell_many(column, some))) == attempt(lambda: [column.spell(one) for one in some])


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("count", [1, 3])
def test_what_is_usual_needs_no_look_at_each_value(name, count):
    column = COLUMNS[name]
    silent = Silent(*column)
    usual = [USUAL[column.type]] * count

    assert list(spell_many(silent, usual)) == [column.spell(one) for one in usual]


def test_of_many_rows_only_the_bad_ones_stay_behind():
    good = (ID, ID, "user", "hello", 3, TIME)
    rows = [good, (ID.upper(), ID, "user", "x", 3, TIME), ("m1", ID, "user", "x", 3, TIME), (None, *good[1:]), good]
    refused = []

    found = all_spelled(MESSAGES, rows, refused=refused)

    whole = spelled(MESSAGES, good)
    assert found == [whole, (*whole[:3], "x", *whole[4:]), None, None, whole]
    assert refused == [Quarantined("m", "m1", "id is no UUID"), Quarantined("m", "", "id is missing")]


def test_no_rows_are_no_rows():
    assert all_spelled(MESSAGES, [], refused=[]) == []


USUAL = {"uuid": ID, "timestamptz": TIME, "text": "hello", "integer": 7, "float8": 0.1, "boolean": 1}


class Silent(Column):
    """A column that spells nothing by itself."""

    @property
    def spell(self):
        return Column(*self).spell if self.type == "boolean" else refuse


def refuse(value):
    raise AssertionError(value)


def attempt(action):
    try:
        return action()
    except RefusedError:
        return "refused"
