"""A wheel, built from this checkout and installed into an empty environment, without any extra."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What the extras bring is made impossible to import, as if it were not installed.
WITHOUT_EXTRAS = """\
import sys
for name in {blocked!r}:
    sys.modules[name] = None
import primer_nb
from primer_nb.cli import main
with primer_nb.connect() as ws:
    ws.chats.create("From the wheel")
    print(ws.chats["From the wheel"].title, primer_nb.__file__)
sys.exit(main(["migrate", "status"]))
"""


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def modules_of_extras() -> list[str]:
    """Name what the extras for users bring: `jupyterlab>=4` is imported as ``jupyterlab``."""
    extras = PROJECT["optional-dependencies"]
    requirements = [line for name, lines in extras.items() if name != "test" for line in lines]
    names = [re.split(r"[\[<>=]", line)[0].replace("-", "_") for line in requirements]
    return sorted(set(names) - {"primer_nb"})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def clean_python(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel in it; its dependencies are borrowed from this one, which is quick."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-deps", "--no-index", wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_wheel_holds_migrations_notebooks_and_the_panels_files(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    def shipped(folder: str, pattern: str) -> set[str]:
        return {f"primer_nb/{folder}/{path.relative_to(ROOT / folder)}" for path in (ROOT / folder).rglob(pattern)}

    static = {f"primer_nb/{path.relative_to(ROOT / 'primer_nb')}" for path in ROOT.glob("primer_nb/panel/static/*.*")}
    assert shipped("migrations", "*.py") | shipped("notebooks", "*.ipynb") | static <= set(names)
    assert [name for name in names if name.startswith(("tests/", "binder/")) or "__pycache__" in name] == []


def test_a_plain_install_opens_a_store(clean_python, tmp_path):
    program = WITHOUT_EXTRAS.format(blocked=modules_of_extras())

    said = run(clean_python, "-P", "-c", program)

    assert said.startswith("From the wheel ")
    assert str(clean_python.parent.parent) in said


def test_the_command_is_installed(clean_python):
    command = clean_python.with_name("primer-nb")

    assert run(command, "--version") == f"primer-nb {PROJECT['version']}\n"
