"""Batches of Arrow columns to one pandas frame, with the dtypes that every frame of the history has.

Text stays where Arrow has it, numbers are put straight into their place: nothing is held twice, which at a million
messages is most of what a frame costs. The columns of an empty frame have the same dtypes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from primer_nb.history.columns import KINDS, KNOWN_CATEGORIES, Kind
from primer_nb.history.moments import PANDAS_TIMESTAMP, TIMESTAMP

TEXT: Any = pd.StringDtype("pyarrow", na_value=np.nan)
"""pandas' own ``str``, also where a user has switched its inference off."""

TYPES: dict[Kind, pa.DataType] = {
    "text": pa.large_string(),
    "category": pa.large_string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "moment": TIMESTAMP,
}
"""What a column is in Arrow; a category may be dictionary-encoded as well."""

Batch = dict[str, pa.Array]
"""Arrow arrays by column name, each with the rows that come next in its column; whoever uses them takes them out."""


def make_frame(names: Iterable[str], *, rows: int, batches: Iterator[Batch]) -> pd.DataFrame:
    """Make a frame of batches.

    Parameters
    ----------
    names : iterable of str
        The columns in their order, of `columns.KINDS`.
    rows : int
        How many rows all batches have together.
    batches : iterator of dict
        The rows in their order.

    Returns
    -------
    pandas.DataFrame
        With a RangeIndex.
    """
    columns = {name: _SINKS[KINDS[name]](name, rows) for name in names}
    for batch in batches:
        for name in list(batch):
            columns[name].put(batch.pop(name))
    return pd.DataFrame({name: columns.pop(name).finish() for name in list(columns)}, copy=False)


class _Texts:
    def __init__(self, name: str, rows: int) -> None:
        self._parts: list[Any] = []

    def put(self, values: pa.Array) -> None:
        self._parts.append(values.cast(pa.large_string()))

    def finish(self) -> Any:
        return TEXT.__from_arrow__(pa.chunked_array(self._parts, pa.large_string()))


class _Numbers:
    """A column that is filled from its first row to its last."""

    _dtype: Any
    _missing: Any

    def __init__(self, name: str, rows: int) -> None:
        self._values = np.empty(rows, self._dtype)
        self._filled = 0

    def put(self, values: pa.Array) -> None:
        self._values[self._next(values)] = values.fill_null(self._missing).to_numpy(zero_copy_only=False)

    def finish(self) -> Any:
        return self._values

    def _next(self, values: pa.Array) -> slice:
        start, self._filled = self._filled, self._filled + len(values)
        return slice(start, self._filled)


class _Floats(_Numbers):
    _dtype, _missing = np.float64, np.nan


class _Moments(_Numbers):
    _dtype, _missing = "datetime64[us]", None

    def put(self, values: pa.Array) -> None:
        self._values[self._next(values)] = values.to_numpy(zero_copy_only=False)

    def finish(self) -> Any:
        return pd.array(self._values.view(np.int64), dtype=PANDAS_TIMESTAMP, copy=False)


class _Integers(_Numbers):
    _dtype, _missing = np.int64, 0

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(name, rows)
        self._is_missing = np.empty(rows, bool)

    def put(self, values: pa.Array) -> None:
        self._is_missing[self._filled : self._filled + len(values)] = values.is_null().to_numpy(zero_copy_only=False)
        super().put(values)

    def finish(self) -> Any:
        return pd.arrays.IntegerArray(self._values, self._is_missing)


class _Categories(_Numbers):
    """Codes, of one byte each as long as that suffices."""

    _dtype, _missing = np.int8, -1

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(name, rows)
        self._known = KNOWN_CATEGORIES.get(name, ())
        self._code_of = {category: code for code, category in enumerate(self._known)}

    def put(self, values: pa.Array) -> None:
        if not pa.types.is_dictionary(values.type):
            values = values.cast(pa.large_string()).dictionary_encode()
        found = [self._code_of.setdefault(text, len(self._code_of)) for text in values.dictionary.to_pylist()]
        smallest = np.min_scalar_type(-len(self._code_of) - 1)
        if smallest.itemsize > self._values.itemsize:
            self._values = self._values.astype(smallest)
        super().put(pc.take(pa.array(found, pa.int32()), values.indices))

    def finish(self) -> pd.Categorical:
        others = sorted(list(self._code_of)[len(self._known) :])
        names = [*self._known, *others]
        # the last place is for a missing value, whose code is -1
        renamed = np.array([*map(names.index, self._code_of), -1], self._values.dtype)
        return pd.Categorical.from_codes(renamed[self._values], categories=pd.Index(names, dtype=TEXT))


_SINKS: dict[Kind, Any] = {
    "text": _Texts,
    "category": _Categories,
    "integer": _Integers,
    "float": _Floats,
    "moment": _Moments,
}
