"""``primer-nb migrate``: the schema of a store, forwards and backwards."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from primer_nb.cli.stores import chosen_store, show
from primer_nb.database import migrations
from primer_nb.database.new_revision import new_revision
from primer_nb.database.owners import grants

if TYPE_CHECKING:
    import argparse

    from primer_nb.database.migrations import MigrationStatus, SchemaChange


def run(options: argparse.Namespace) -> int:
    """Carry out one action.

    Parameters
    ----------
    options : argparse.Namespace
        ``action``, and what belongs to it.

    Returns
    -------
    int
        0: what fails raises.
    """
    actions = {"up": _up, "down": _down, "status": _status, "new": _new, "sql": _sql, "grants": _grants}
    return actions[options.action](options)


def _up(options: argparse.Namespace) -> int:
    with chosen_store(options, may_be_new=True) as store:
        change = migrations.upgrade(store.engine, to=options.to or "head")
        _show_change(change, database=str(store.address), as_json=options.json)
    return 0


def _down(options: argparse.Namespace) -> int:
    with chosen_store(options) as store:
        change = migrations.downgrade(store.engine, to=options.to or "-1")
        _show_change(change, database=str(store.address), as_json=options.json)
    return 0


def _status(options: argparse.Namespace) -> int:
    with chosen_store(options) as store:
        status = migrations.status(store.engine)
        facts = {"database": str(store.address), **asdict(status)}
        show(facts, as_json=options.json, text=f"{store.address}: {_in_words(status)}")
    return 0


def _new(options: argparse.Namespace) -> int:
    for path in new_revision(options.description):
        print(path)
    return 0


def _sql(options: argparse.Namespace) -> int:
    print(migrations.sql(options.dialect, start=getattr(options, "from"), to=options.to or "head"))
    return 0


def _grants(options: argparse.Namespace) -> int:
    print(grants(options.role))
    return 0


def _show_change(change: SchemaChange, *, database: str, as_json: bool) -> None:
    if change.before == change.after:
        text = f"{database}: nothing to do, it is at {change.after or 'base'}"
    else:
        text = f"{database}: {change.before or 'base'} -> {change.after or 'base'}"
        if change.copy:
            text += f"\nas it was before: {change.copy}"
    show({"database": database, **asdict(change)}, as_json=as_json, text=text)


def _in_words(status: MigrationStatus) -> str:
    if status.is_newer:
        return f"at {status.current}, which a newer release wrote; this one knows {status.head}"
    if not status.pending:
        return f"up to date, at {status.current}"
    return "\n  ".join([f"at {status.current or 'base'}, to come:", *status.pending])
