"""The notebooks run from top to bottom with the real local model, and print what is stored in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_does_what_it_shows(notebook, local_model, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", f"-c{os.devnull}"]
    nbval = ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitize.cfg'}"]

    done = subprocess.run(
        [*command, *nbval, "--nbval-cell-timeout=300", "--color=no", str(notebook)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_noise(notebook):
    content = nbformat.read(notebook, as_version=nbformat.NO_CONVERT)

    code = [cell for cell in content.cells if cell.cell_type == "code"]
    unchecked = [cell for cell in code if "nbval-ignore-output" in cell.metadata.get("tags", [])]

    assert "widgets" not in content.metadata
    assert [cell.id for cell in unchecked if cell.outputs or cell.execution_count] == []
