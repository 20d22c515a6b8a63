"""Whether somebody sees widgets: in a kernel, not in a terminal's IPython."""

from __future__ import annotations

import sys


def has_front_end() -> bool:
    """Tell whether this process is a kernel.

    Returns
    -------
    bool
        False in a terminal, a script, a test.
    """
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
