"""The environment variables that steer primer_nb: taken from the tests, given to the kernels they start."""

from __future__ import annotations

import os

_PREFIXES = ("PRIMER_", "OPENAI_", "GEMINI_", "GOOGLE_API_KEY", "SUPABASE_CONNECTION_STRING")


def own_variables() -> dict[str, str]:
    """Return the variables that are set now: the user's before the first test, a test's own within it."""
    return {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}
