"""``primer-nb demo`` from the outside: a process, an address, an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from primer_nb.cli import main

DEMO = (sys.executable, "-m", "primer_nb", "demo")


def read(address):
    with urllib.request.urlopen(address, timeout=60) as response:
        return response.read().decode()


def write_quick_start(folder, *sources):
    """Put a notebook of the user's own where the demo would put its quick start."""
    (folder / "notebooks").mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "notebooks" / "01_quickstart.ipynb")


@pytest.fixture
def jupyter_home(tmp_path, monkeypatch):
    """Keep JupyterLab away from the user's own settings."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def test_run_prints_each_cell_and_what_came_of_it(tmp_path, local_model):
    write_quick_start(tmp_path, "import os\nos.environ['PRIMER_DATABASE_URL']", "print(6 * 7)")

    done = subprocess.run([*DEMO, "--run", "--folder", tmp_path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "demo.db") in done.stdout
    assert "    42\n" in done.stdout
    assert done.stdout.endswith("01_quickstart.ipynb: every cell ran\n")


def test_run_fails_with_the_cell_that_fails(tmp_path, local_model):
    write_quick_start(tmp_path, "1 / 0")

    done = subprocess.run([*DEMO, "--run", "--folder", tmp_path], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("primer-nb: error: 01_quickstart.ipynb")
    assert "division by zero" in done.stderr


def test_no_browser_prints_an_address_that_opens_the_quick_start(tmp_path, local_model, jupyter_home):
    process = subprocess.Popen(
        [*DEMO, "--no-browser", "--folder", tmp_path], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    try:
        said = [process.stdout.readline() for _ in range(3)]
        address = urlsplit(said[0].split()[-1])
        token = parse_qs(address.query)["token"][0]
        notebook = read(f"http://{address.netloc}/api/contents/notebooks/01_quickstart.ipynb?token={token}")
        page = read(f"http://{address.netloc}/lab?token={token}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert address.path == "/lab/tree/notebooks/01_quickstart.ipynb"
    assert "primer_nb.connect()" in notebook
    assert "apputils-extension:announcements" in page.partition('"disabledExtensions"')[2]
    assert said[1] == f"Notebooks and chats: {tmp_path}\n"
    assert process.returncode == 0


def test_a_missing_extra_is_told_with_the_command_that_installs_it(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    code = main(["demo", "--run"])

    assert code == 1
    assert "pip install 'primer-nb[demo]'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")

    code = main(["demo", "--run", "--folder", str(tmp_path / "file" / "demo")])

    assert code == 1
    assert "name another one with --folder" in capsys.readouterr().err
