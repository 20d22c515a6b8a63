"""The shape of the code: small modules that say what they are, and an import that costs next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import primer_nb

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "primer_nb"
MODULES = sorted(path for folder in (PACKAGE, ROOT / "migrations", ROOT / "tests") for path in folder.rglob("*.py"))
SCRIPTS = sorted(path for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.js"))
LONGEST_MODULE = 300

HEAVY = {
    "IPython",
    "adbc_driver_postgresql",
    "alembic",
    "anywidget",
    "argon2",
    "cryptography",
    "getpass",
    "ipywidgets",
    "jupyterlab",
    "keyring",
    "markdown_it",
    "nbclient",
    "nh3",
    "openai",
    "pandas",
    "psycopg",
    "pyarrow",
    "pygments",
    "sqlalchemy",
    "sqlmodel",
    "xllamacpp",
    "zxcvbn",
}
NEEDED_BY_CONNECT = {"sqlalchemy", "sqlmodel"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules_loaded_by(code: str) -> set[str]:
    """Run code in a fresh process and return the top-level packages it loaded."""
    program = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("path", MODULES + SCRIPTS, ids=name_of)
def test_a_module_fits_into_the_reader(path):
    lines = path.read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_lives_in_it(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert docstring


def test_importing_the_package_loads_nothing_heavy():
    assert modules_loaded_by("import primer_nb") & HEAVY == set()


def test_opening_an_up_to_date_store_loads_what_it_needs_and_no_more(sqlite_url):
    primer_nb.connect(sqlite_url).close()

    loaded = modules_loaded_by(f"import primer_nb; primer_nb.connect({sqlite_url!r}).close()")

    assert loaded & HEAVY == NEEDED_BY_CONNECT


def test_every_exported_name_is_there():
    assert [name for name in primer_nb.__all__ if not hasattr(primer_nb, name)] == []


def test_type_checkers_see_the_names_that_users_see():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imported = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert imported | {"__version__"} == set(primer_nb.__all__)


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        primer_nb.nonsense  # noqa: B018


def test_the_version_is_the_one_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert primer_nb.__version__ == project["version"]
