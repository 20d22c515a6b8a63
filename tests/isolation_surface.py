"""Everything that a user can call, found by looking: what hangs on a workspace, the use cases, the panel's messages.

Classes are found by what public methods say they return, so that whatever a new method hands out is found too.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import primer_nb
from primer_nb import Workspace
from primer_nb.magics import ChatMagics
from primer_nb.panel.signing import Signing

if TYPE_CHECKING:
    from primer_nb.panel import Panel

_ROOTS = (Workspace, ChatMagics)
_LISTENING = ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__", "__contains__")
_SHOWING = re.compile(r"_(repr|ipython)_\w+_")  # what Jupyter calls
_WITH_FUNCTIONS = ("primer_nb.use_cases", "primer_nb.replies")


@dataclass(frozen=True)
class Target:
    """Something to call: a method, a property, a function."""

    owner: str  # class or module
    name: str
    parameters: tuple[str, ...]
    required: frozenset[str]
    call: Callable[..., Any]  # takes the object or the session first, then the parameters by name

    @property
    def full_name(self) -> str:
        """Name it as a table does."""
        return f"{self.owner}.{self.name}"


@cache
def reached_classes() -> dict[str, type]:
    """Find the classes of the objects that a user gets hold of, by name."""
    homes = _homes_of_classes()
    found: dict[str, type] = {}
    waiting = list(_ROOTS)
    while waiting:
        cls = waiting.pop()
        if cls.__name__ in found:
            continue
        found[cls.__name__] = cls
        for _, function in _public_functions(cls):
            said = str(inspect.signature(function).return_annotation)
            named = [name for name in re.findall(r"\w+", said) if name in homes]
            waiting += [getattr(importlib.import_module(homes[name]), name) for name in named]
    return found


def can_ask(cls: type) -> bool:
    """Tell whether an object of a class is given what asks the store; others are values."""
    given = " ".join(str(parameter.annotation) for parameter in inspect.signature(cls).parameters.values())
    return re.search(r"\b(Session|Store|Workspace|UnitOfWork|Connection|Engine)\b", given) is not None


def methods_of(cls: type) -> list[Target]:
    """List what can be called or read on an object of a class."""
    return [_described(cls.__name__, name, function) for name, function in _public_functions(cls)]


@cache
def functions() -> tuple[Target, ...]:
    """List the public functions below the workspace that take a session."""
    found = []
    for package in _WITH_FUNCTIONS:
        for module in _modules(package):
            for name, function in inspect.getmembers(module, inspect.isfunction):
                is_its_own = function.__module__ == module.__name__ and not name.startswith("_")
                if is_its_own and "session" in inspect.signature(function).parameters:
                    place = module.__name__.removeprefix("primer_nb.")
                    found.append(_described(place, name, function))
    return tuple(found)


def messages_of(panel: Panel) -> list[str]:
    """List what a browser may say to a panel: the part, the message and, for a form, its action."""
    said = [f"{type(part).__name__}.{kind}" for part in panel._parts for kind in part._handlers]
    actions = Signing(panel._session, panel._account)._actions
    return [name for name in said if name != "Account.ask"] + [f"Account.ask.{action}" for action in actions]


def _public_functions(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the methods that we wrote, and of a property what reads it and what writes it."""
    for name in dir(cls):
        if name.startswith("_") and name not in _LISTENING and not _SHOWING.fullmatch(name):
            continue
        member = inspect.getattr_static(cls, name)
        for suffix, function in (
            ("", getattr(member, "fget", None) or getattr(member, "func", None) or member),
            (" =", getattr(member, "fset", None)),
        ):
            if inspect.isfunction(function) and function.__module__.startswith("primer_nb"):
                yield name + suffix, function


def _described(owner: str, name: str, function: Callable[..., Any]) -> Target:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    required = frozenset(parameter.name for parameter in named if parameter.default is parameter.empty)
    return Target(owner, name, tuple(parameter.name for parameter in named), required, function)


def _homes_of_classes() -> dict[str, str]:
    """Find the module of each class of the package by its name, without importing them all."""
    root = Path(primer_nb.__file__).parent
    homes = {}
    for path in root.rglob("*.py"):
        module = ".".join(("primer_nb", *path.relative_to(root).with_suffix("").parts))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name] = module
    return homes


def _modules(package: str) -> Iterator[Any]:
    """Import every module of a package."""
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        yield importlib.import_module(module.name)
