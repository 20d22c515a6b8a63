"""Check the docstrings of everything public against the rules of numpydoc that pyproject.toml names.

numpydoc's own linter reads the source only, and takes a dataclass for a class without parameters and a property for
a function without a result; here the objects themselves are asked. What another package's base class asks for (a
method that SQLAlchemy calls, a constructor that IPython has) is documented there.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpydoc.validate import validate

import primer_nb

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["numpydoc_validation"]


def modules() -> Iterator[str]:
    """Name the public modules of the package."""
    found = pkgutil.walk_packages(primer_nb.__path__, "primer_nb.")
    yield from (module.name for module in found if not module.name.rpartition(".")[2].startswith("_"))


def public(holder: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Find the public objects that a module or class defines, members of classes included."""
    module = getattr(holder, "__module__", holder.__name__)
    for name, value in dict(vars(holder)).items():
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        is_ours = getattr(inner, "__module__", None) == module and not is_inherited(holder, name)
        if name.startswith("_") or not is_ours or not (inspect.isclass(inner) or inspect.isroutine(inner)):
            continue
        yield f"{prefix}.{name}", inner
        if inspect.isclass(inner):
            yield from public(inner, f"{prefix}.{name}")


def is_inherited(holder: Any, name: str) -> bool:
    """Tell whether a member carries out what a class of another package asks for."""
    bases = getattr(holder, "__mro__", ())
    return any(name in vars(base) for base in bases if not base.__module__.startswith("primer_nb"))


def complaints(name: str, item: Any) -> Iterator[str]:
    """Tell what is wrong with one docstring."""
    if any(re.search(pattern, name) for pattern in RULES["exclude"]):
        return
    for code, text in validate(name)["errors"]:
        if code in RULES["checks"] and not (code == "PR01" and has_foreign_constructor(item)):
            yield f"{name}: {code} {text}"


def has_foreign_constructor(item: Any) -> bool:
    """Tell whether another package's ``__init__`` makes a class: a table from its columns, a protocol never."""
    if not inspect.isclass(item) or issubclass(item, tuple):
        return False
    return not getattr(item.__init__, "__module__", "").startswith("primer_nb")


def main() -> int:
    """Print every complaint; return 1 if there is one."""
    items = [item for module in modules() for item in public(importlib.import_module(module), module)]
    found = [line for name, item in items for line in complaints(name, item)]
    print("\n".join([*found, f"{len(items)} docstrings, {len(found)} complaints"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
