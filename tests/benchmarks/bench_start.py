"""What it costs to begin: ``import primer_nb``, and a fresh process up to ``connect()`` on an up-to-date file.

Run ``python tests/benchmarks/bench_start.py``; prints JSON. Each figure is the median CPU time of fresh processes,
alternating with their floors: bare Python, and ``import sqlmodel`` alone. Bounds: 50 ms over bare Python; 1.3 times
``import sqlmodel``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 15
PROGRAMS = {
    "bare": "pass",
    "import_primer_nb": "import primer_nb",
    "import_sqlmodel": "import sqlmodel",
    "connect": "import primer_nb; primer_nb.connect()",
}
HEAVY = ("alembic", "pandas", "openai", "psycopg", "anywidget", "IPython", "markdown_it", "pyarrow", "xllamacpp")


def main() -> None:
    """Measure and print."""
    spent = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"PRIMER_HOME": home}
        _cpu(PROGRAMS["connect"], environment)  # makes the file
        for _ in range(ROUNDS):
            for name, program in PROGRAMS.items():
                spent[name].append(_cpu(program, environment))
        look = f"{PROGRAMS['connect']}; import sys; print([name for name in {HEAVY} if name in sys.modules])"
        loaded = subprocess.run(
            [sys.executable, "-c", look],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    median = {name: statistics.median(values) for name, values in spent.items()}
    result = {f"{name}_ms": round(value * 1e3, 1) for name, value in median.items()} | {
        "import_added_ms": round((median["import_primer_nb"] - median["bare"]) * 1e3, 1),
        "import_bound_ms": 50,
        "connect_ratio": round(median["connect"] / median["import_sqlmodel"], 2),
        "connect_bound": 1.3,
        "heavy_modules_at_connect": loaded.stdout.strip(),
    }
    print(json.dumps(result, indent=1))


def _cpu(program: str, environment: dict[str, str]) -> float:
    child = subprocess.Popen([sys.executable, "-c", program], env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{program!r} failed")
    child.returncode = 0
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
