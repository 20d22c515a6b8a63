"""The chat panel for notebooks."""

from __future__ import annotations

from primer_nb.panel.panel import Panel

__all__ = ["Panel"]
