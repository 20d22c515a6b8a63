"""The conversations as pandas DataFrames."""

from __future__ import annotations

from primer_nb.history.history import History

__all__ = ["History"]
