"""The command ``primer-nb``: what it understands, and how a failure is told.

Each command lives in a module of its own, imported when it is called, so that ``--help`` costs nothing.
Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

from primer_nb import __version__
from primer_nb.errors import PrimerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after ``primer-nb``; by default what the shell gave.

    Returns
    -------
    int
        The exit code: 0 done, 1 failed, 130 interrupted. Bad usage exits with 2 at once.
    """
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = importlib.import_module(options.module).run
    try:
        return run(options)
    except PrimerError as error:
        print(f"primer-nb: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has left (`primer-nb ... | head`); Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="primer-nb", description="Conversations with language models as data, inside the notebook."
    )
    parser.add_argument("--version", action="version", version=f"primer-nb {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_doctor(commands)
    _add_migrate(commands)
    _add_user(commands)
    _add_backup(commands)
    _add_maintain(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="open the quick start in JupyterLab, with a small model that runs on this machine",
        description="Set up a folder with the quick start, fetch the local model and open JupyterLab on it.",
    )
    demo.set_defaults(module="primer_nb.cli.demo")
    demo.add_argument("--folder", help="where notebooks and chats go (default: 'demo' in the user's data folder)")
    how = demo.add_mutually_exclusive_group()
    how.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    how.add_argument("--run", action="store_true", help="run the notebook without JupyterLab and print what happened")


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser("doctor", help="say what works here, what does not, and what to do")
    doctor.set_defaults(module="primer_nb.cli.doctor")
    _add_common(doctor)


def _add_migrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    migrate = commands.add_parser("migrate", help="bring a store's schema up to date, or take it back")
    actions = migrate.add_subparsers(title="actions", required=True, metavar="ACTION")

    def add(action: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(action, help=text, description=text.capitalize() + ".")
        parser.set_defaults(module="primer_nb.cli.migrate", action=action)
        return parser

    up = add("up", "apply every revision that is missing")
    down = add("down", "take back the newest revision")
    for change, example in ((up, "'head' for the newest"), (down, "'base' for an empty database")):
        change.add_argument("--to", metavar="REVISION", help=f"the revision to end at; {example}")
        _add_common(change)
    _add_common(add("status", "tell which revision a store has and which are to come"))
    add("new", "write an empty revision for both kinds of store, in a checkout").add_argument(
        "description", help="a few words, for example 'add chat colours'"
    )
    sql = add("sql", "print the SQL of the revisions")
    sql.add_argument("dialect", choices=["sqlite", "postgresql"])
    sql.add_argument("--from", metavar="REVISION", default="base", help="the revision the database has")
    sql.add_argument("--to", metavar="REVISION", help="the revision it should have")
    add("grants", "print the SQL that lets a role of PostgreSQL work on tables that another one owns").add_argument(
        "role", metavar="ROLE"
    )


def _add_user(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = commands.add_parser("user", help="make the first account of a store, list accounts, name administrators")
    actions = user.add_subparsers(title="actions", required=True, metavar="ACTION")

    def add(action: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(action, help=text, description=text.capitalize() + ".")
        parser.set_defaults(module="primer_nb.cli.user", action=action)
        where = "where accounts live (default: $PRIMER_SERVER_URL or $SUPABASE_CONNECTION_STRING, else the store)"
        parser.add_argument("--server", metavar="URL", help=where)
        _add_common(parser)
        return parser

    register = add("register", "make an account of what is in the store, as ws.register does")
    register.add_argument("email", metavar="EMAIL")
    register.add_argument("--name", default="", help="what to call the person")
    add("list", "list all accounts")
    admin = add("admin", "make somebody an administrator")
    admin.add_argument("email", metavar="EMAIL")
    admin.add_argument("--off", action="store_true", help="take the role away instead")


def _add_backup(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    def add(action: str, text: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(action, help=text, description=text.capitalize() + ".")
        parser.set_defaults(module="primer_nb.cli.backup", action=action)
        parser.add_argument("--server", metavar="URL", help="the server (default: $PRIMER_SERVER_URL)")
        parser.add_argument("--token", help="a token instead of a sign-in (default: $PRIMER_TOKEN)")
        _add_common(parser)
        return parser

    backup = add("backup", "send the chats that are new to the server")
    backup.add_argument(
        "--chat", metavar="ID", action="append", help="send this chat whole; may be given several times"
    )
    backup.add_argument("--probe", action="store_true", help="ask the server also when nothing is new")
    restore = add("restore", "bring chats back from the server")
    restore.add_argument("--chat", metavar="ID", help="only this one, also when it was deleted here")
    verify = add("verify", "compare the store with the server; exits with 1 when they differ")
    verify.add_argument("--depth", type=int, choices=(1, 2, 3), default=1, help="ids, lengths, or every character")


def _add_maintain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    maintain = commands.add_parser("maintain", help="vacuum, analyze, measure or check the store and the server")
    maintain.set_defaults(module="primer_nb.cli.maintain")
    actions = ("vacuum", "analyze", "sizes", "check")
    maintain.add_argument("action", choices=actions, help="check exits with 1 when something is wrong")
    maintain.add_argument("--server", metavar="URL", help="the server (default: $PRIMER_SERVER_URL, else none)")
    _add_common(maintain)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="URL",
        help="the store (default: $PRIMER_DATABASE_URL, else the file in the data folder)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
