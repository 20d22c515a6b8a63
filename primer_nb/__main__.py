"""``python -m primer_nb`` is ``primer-nb``."""

from __future__ import annotations

import sys

from primer_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
