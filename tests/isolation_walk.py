"""Try everything that can be called with what is Ada's and with what nobody has, and compare the answers."""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd
from isolation_panel import PanelMessages
from isolation_plans import NOT_FOR_USERS, RECEIVERS, TELLS_WHO_SIGNS_UP, Attempt, Kind, kind_of
from isolation_scene import MARK
from isolation_surface import Target, can_ask, functions, methods_of, reached_classes

from primer_nb.panel import Panel
from primer_nb.session import Session
from primer_nb.tables import Record
from primer_nb.workspace import ChatHandle, Stream

if TYPE_CHECKING:
    from isolation_scene import Ada, Bob

_ASKED_FOR = {"password", "old", "new", "key", "recovery_key"}  # somebody would be asked to type what is left out
_VOLATILE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\+00:00)?"
    r"|datetime\.datetime\([^)]*\)|0x[0-9a-f]+|pnb[1kr][._][\w.-]+|\d+\.\d+",
    re.IGNORECASE,
)


@dataclass
class Walk:
    """What came of it."""

    attempts: Counter[str] = field(default_factory=Counter)  # by what was called
    leaks: list[str] = field(default_factory=list)


def walk(ada: Ada, bob: Bob, panel_messages: PanelMessages) -> Walk:
    """Carry out every attempt; Bob is as before after each, Ada after all that do the same."""
    done = Walk()
    for name, attempts in groupby(_attempts(ada, bob, panel_messages), key=lambda attempt: attempt.name):
        for attempt in attempts:
            done.attempts[name] += 1
            done.leaks += [f"{name} of {attempt.hers!r}: {leak}" for leak in _leaks(attempt, ada, bob)]
        if not ada.is_unharmed:
            ada.recover()
            done.leaks.append(f"{name} changes her rows")
    return done


def _attempts(ada: Ada, bob: Bob, panel_messages: PanelMessages) -> Iterator[Attempt]:
    for cls in reached_classes().values():
        if cls is Panel or (cls.__name__ not in RECEIVERS and not can_ask(cls)):
            continue
        assert cls.__name__ in RECEIVERS, f"{cls.__name__} is new: say in tests/isolation_plans.py how to get one"
        for method in methods_of(cls):
            yield from _of(method, RECEIVERS[cls.__name__], ada, bob)
    for function in functions():
        yield from _of(function, Kind(lambda bob: bob.session), ada, bob)
    yield from panel_messages.attempts(ada, bob)


def _of(target: Target, receiver: Kind, ada: Ada, bob: Bob) -> Iterator[Attempt]:
    """Attack each thing that can be named in turn, then all at once; where there is none, see what it tells."""
    if target.full_name in NOT_FOR_USERS or (bob.session.is_local and target.full_name in TELLS_WHO_SIGNS_UP):
        return
    of_this = receiver.pairs(ada, bob)
    of_names = {name: kind_of(target.full_name, name).pairs(ada, bob) for name in target.parameters}

    def call(given: tuple[Any, dict[str, Any]]) -> Any:
        this, named = given
        return call_with(target, bob, this or receiver.own(bob), **named)

    for hers, nobodys in of_this:
        yield Attempt(target.full_name, call, (hers, {}), (nobodys, {}))
    for name, pairs in of_names.items():
        for hers, nobodys in pairs:
            yield Attempt(f"{target.full_name}({name})", call, (None, {name: hers}), (None, {name: nobodys}))
    hers, nobodys = (
        (of_this[0][whose] if of_this else None, {name: pairs[0][whose] for name, pairs in of_names.items() if pairs})
        for whose in (0, 1)
    )
    yield Attempt(f"{target.full_name} at once", call, hers, nobodys)


def call_with(target: Target, bob: Bob, this: Any, **given: Any) -> Any:
    """Call something with what is given, and with what is Bob's own for the rest that has to be given."""
    rest = [name for name in target.parameters if name in target.required or name in _ASKED_FOR]
    return target.call(this, **({name: kind_of(target.full_name, name).own(bob) for name in rest} | given))


def _leaks(attempt: Attempt, ada: Ada, bob: Bob) -> Iterator[str]:
    """Carry an attempt out and tell what it gave away."""
    of_hers = _answer(attempt, attempt.hers)
    bob.begin_anew()
    seen = [MARK, *ada.ids]
    if shown := [mark for mark in seen if mark in of_hers.lower()]:
        yield f"shows {shown[:3]}"
    if not _names(attempt.hers):
        return  # nothing was named, so there is nothing to compare it with
    of_nobody = _answer(attempt, attempt.nobodys)
    bob.begin_anew()
    if _VOLATILE.sub("<…>", of_hers) != _VOLATILE.sub("<…>", of_nobody):
        yield f"hers is answered {of_hers[:200]!r}, nobody's {of_nobody[:200]!r}"


def _answer(attempt: Attempt, given: Any) -> str:
    """Do it, and write down all that comes of it, but for what was passed in."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            text = written(attempt.do(given))
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
    text += printed.getvalue()
    for name in _names(given):
        text = re.sub(re.escape(name), "<given>", text, flags=re.IGNORECASE)
    return text


def _names(given: Any) -> list[str]:
    """List the texts by which something was named."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given, *given.split(), given.strip("{}")]
    if isinstance(given, dict):
        return _names(list(given.values()))
    if isinstance(given, list | tuple):
        return [name for one in given for name in _names(one)]
    if isinstance(given, ChatHandle):
        return [given.id]
    if is_dataclass(given):
        return [value for one in fields(given) if isinstance(value := getattr(given, one.name), str)]
    raise AssertionError(f"{given!r} has no name")


def written(value: Any) -> str:
    """Write a value down with all that it holds."""
    if isinstance(value, pd.DataFrame):
        return value.to_csv()
    if isinstance(value, Stream):
        return written(list(value))
    if isinstance(value, Record):
        return repr(value.model_dump())
    if isinstance(value, Mapping):
        return ", ".join(f"{written(key)}: {written(each)}" for key, each in value.items())
    if isinstance(value, list | tuple | set | Iterator):
        return f"[{', '.join(map(written, value))}]"
    if type(value).__module__.startswith("primer_nb") and not isinstance(value, Session | Panel):
        return f"{type(value).__name__}({written(_held(value))})"
    return repr(value)


def _held(value: Any) -> dict[str, Any]:
    names = getattr(type(value), "__slots__", ()) or vars(value)
    private = {name: getattr(value, name, None) for name in names if not name.startswith("__")}
    return {name: each for name, each in private.items() if not isinstance(each, Session)}
