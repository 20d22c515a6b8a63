"""In a kernel under test: shows objects and exceptions in every way that Python, IPython and pickle have."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

_KEEPS_SECRETS = {"Secret", "DataKey"}  # their own slots are where secrets belong
_SHOWING = (
    "_repr_html_",
    "_repr_mimebundle_",
    "_repr_markdown_",
    "_repr_json_",
    "_repr_pretty_",
    "_ipython_display_",
)


def show_all(*roots: object, pickles: str) -> int:
    """Print everything that can be reached from some objects, and write what can be pickled; return how many."""
    folder = Path(pickles)
    folder.mkdir(parents=True, exist_ok=True)
    shown = 0
    for shown, value in enumerate(_reached(roots), 1):
        for show in (repr, str, "{}".format, "{!r:>60}".format, _held, _as_json, *_own_ways(value)):
            print(_attempt(show, value))
        for protocol in (0, 2, 5):
            pickled = _attempt(lambda each, protocol=protocol: pickle.dumps(each, protocol), value)
            (folder / f"{shown}-{protocol}").write_bytes(pickled if isinstance(pickled, bytes) else pickled.encode())
        for copier in (copy.copy, copy.deepcopy):
            print(_attempt(lambda each, copier=copier: repr(copier(each)), value))
    return shown


def show_exception(file: str) -> None:
    """Write the last exception down, with those behind it, and the local variables of every frame."""
    with Path(file).open("a", encoding="utf-8") as opened:
        for error in _chain(sys.last_value):
            opened.write("".join(traceback.format_exception(error)))
            # libpq's error holds its connection, the password of the URL in it, and shows neither
            held = "" if type(error).__module__.startswith("psycopg") else _attempt(_held, error)
            opened.write(f"{error!r} {error.args!r} {held}\n")
            for frame, _ in traceback.walk_tb(error.__traceback__):
                if "/IPython/" in frame.f_code.co_filename:
                    continue
                for name, value in frame.f_locals.items():
                    held = _attempt(_held, value) if _is_ours(value) else ""
                    opened.write(f"{frame.f_code.co_name} {name} = {_attempt(repr, value)} {held}\n")


def _reached(roots: tuple[object, ...]) -> Iterator[object]:
    waiting, seen = list(roots), set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Mapping):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif _is_ours(value):
            yield value
            if type(value).__name__ not in _KEEPS_SECRETS:
                waiting += _attributes(value).values()


def _is_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "primer_nb"


def _attributes(value: object) -> dict[str, object]:
    slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ()) if isinstance(name, str)]
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return found | dict(getattr(value, "__dict__", {}))


def _held(value: object) -> str:
    return repr({} if type(value).__name__ in _KEEPS_SECRETS else _attributes(value))


def _as_json(value: object) -> str:
    return json.dumps(value, default=lambda other: vars(other) if hasattr(other, "__dict__") else repr(other))


def _own_ways(value: object) -> list[Callable[[object], object]]:
    return [lambda each, name=name: getattr(each, name)() for name in _SHOWING if hasattr(type(value), name)]


def _attempt(show: Callable[[Any], Any], value: object) -> Any:
    try:
        return show(value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [current.__cause__, current.__context__]
