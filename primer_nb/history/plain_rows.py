"""Rows as a driver returns them, turned into Arrow: right for some thousand rows, and where nothing faster is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from primer_nb.history.columns import KINDS, Kind
from primer_nb.history.frames import TYPES, Batch
from primer_nb.history.moments import to_moments


def to_batch(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Batch:
    """Turn rows into columns.

    Parameters
    ----------
    names : sequence of str
        The columns, of `columns.KINDS`.
    rows : sequence of sequences
        Their values; times as aware datetimes or as texts.

    Returns
    -------
    mapping of str to pyarrow.Array
        One array a column, empty without rows.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: _to_array(values, KINDS[name]) for name, values in zip(names, columns, strict=True)}


def _to_array(values: Sequence[Any], kind: Kind) -> pa.Array:
    if kind == "moment" and any(isinstance(value, str) for value in values):
        return to_moments(pa.array(values, pa.large_string()))
    return pa.array(values, TYPES[kind])
