"""IPython magics: ``%%chat`` sends a cell to a chat, ``%chats`` lists the chats, ``%backup`` sends what is new.

They work in the newest `Workspace` of the user's namespace; without one they open the default.
"""

from __future__ import annotations

import shlex
from argparse import ArgumentParser
from typing import TYPE_CHECKING, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import clear_output, display

from primer_nb.errors import ChatNotFoundError, PrimerError
from primer_nb.workspace import ChatHandle, Workspace, connect

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from primer_nb.backup.reports import BackupReport


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; called by ``%load_ext primer_nb``.

    Parameters
    ----------
    shell : InteractiveShell
        The running IPython.
    """
    shell.register_magics(ChatMagics)


class _Arguments(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%chat: {message}; use %%chat [-m MODEL] [-p PROVIDER] [-c CHAT]")


@magics_class
class ChatMagics(Magics):
    """The magics of this package.

    Parameters
    ----------
    shell : InteractiveShell
        The running IPython.
    **kwargs : object
        As IPython passes them.
    """

    _workspace: Workspace | None = None
    _chat: ChatHandle | None = None

    @cell_magic
    def chat(self, line: str, cell: str) -> None:
        """Send the cell to a chat and show the reply.

        Parameters
        ----------
        line : str
            ``-m MODEL``, ``-p PROVIDER`` and ``-c CHAT``, a title; a new title makes a new chat. Without it the chat
            of the last ``%%chat`` goes on.
        cell : str
            The message.
        """
        options = self._parse(line)
        try:
            self._chat = self._chosen(options["chat"])
            stream = self._chat.stream(cell.strip(), model=options["model"], provider=options["provider"])
            for piece in stream:
                print(piece, end="", flush=True)  # noqa: T201  a magic's output is what it prints
            reply = stream.reply
        except KeyboardInterrupt:
            if self._chat is not None:
                self._chat.stop()
            raise
        except PrimerError as error:
            raise UsageError(str(error)) from error
        clear_output(wait=True)  # type: ignore[no-untyped-call]
        display(reply)  # type: ignore[no-untyped-call]

    @line_magic
    def chats(self, line: str) -> list[ChatHandle]:
        """List the chats, the last changed first.

        Parameters
        ----------
        line : str
            Only chats that hold this text; all when it is empty.

        Returns
        -------
        list of ChatHandle
            One line each.
        """
        chats = self._open().chats
        return chats.search(line.strip()) if line.strip() else chats.list()

    @line_magic
    def backup(self, line: str) -> BackupReport:
        """Send what the server does not have yet.

        Parameters
        ----------
        line : str
            The title of one chat to send whole; everything new when it is empty.

        Returns
        -------
        BackupReport
            What was sent.
        """
        ws = self._open()
        try:
            return ws.backup(ws.chats[line.strip()] if line.strip() else None)
        except PrimerError as error:
            raise UsageError(str(error)) from error

    def _parse(self, line: str) -> dict[str, str | None]:
        parser = _Arguments(prog="%%chat", add_help=False)
        parser.add_argument("-m", "--model")
        parser.add_argument("-p", "--provider")
        parser.add_argument("-c", "--chat")
        return vars(parser.parse_args(shlex.split(line)))

    def _open(self) -> Workspace:
        names = {} if self.shell is None else self.shell.user_ns
        for value in reversed(list(names.values())):
            if isinstance(value, Workspace):
                return value
        if self._workspace is None:
            self._workspace = connect()
        return self._workspace

    def _chosen(self, title: str | None) -> ChatHandle:
        chats = self._open().chats
        if title is None:
            return self._chat or chats.create()
        try:
            return chats[title]
        except ChatNotFoundError:
            return chats.create(title)
