"""The workspace: the one object a user starts from."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from primer_nb.replies import stop_replies
from primer_nb.session import shown
from primer_nb.workspace.account_methods import AccountMethods
from primer_nb.workspace.backup_methods import BackupMethods
from primer_nb.workspace.chat import ChatHandle
from primer_nb.workspace.chats import Chats

if TYPE_CHECKING:
    from primer_nb.history import History
    from primer_nb.panel import Panel
    from primer_nb.tables import User
    from primer_nb.workspace.admin import Admin
    from primer_nb.workspace.api_keys import ApiKeys
    from primer_nb.workspace.maintenance import Maintenance
    from primer_nb.workspace.settings import SettingsHandle
    from primer_nb.workspace.tokens import Tokens


class Workspace(AccountMethods, BackupMethods):
    """Your chats, a panel to chat in, and their history as data; made by `primer_nb.connect`.

    Parameters
    ----------
    session : Session
        The store, the user, the providers.
    """

    def __repr__(self) -> str:
        """Return one line without a secret."""
        return f"Workspace({str(self._session.store.address)!r}, user={self._session.user.email!r})"

    def __enter__(self) -> Workspace:
        """Return the workspace itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the workspace."""
        self.close()

    @property
    def user(self) -> User:
        """Who works here: who signed in, else the passwordless local user.

        Returns
        -------
        User
            A copy: who works here is changed by signing in and out. It holds no hash of the password.
        """
        return shown(self._session.user)

    @cached_property
    def chats(self) -> Chats:
        """The user's chats.

        Returns
        -------
        Chats
            ``ws.chats["title"]`` finds one.
        """
        return Chats(self._session)

    @cached_property
    def history(self) -> History:
        """The user's chats and messages as DataFrames.

        Returns
        -------
        History
            pandas is loaded at first use.
        """
        from primer_nb.history import History

        return History(self._session)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """The user's keys for providers.

        Returns
        -------
        ApiKeys
            It shows none of them.
        """
        from primer_nb.workspace.api_keys import ApiKeys

        return ApiKeys(self._session)

    @cached_property
    def tokens(self) -> Tokens:
        """The user's tokens, for notebooks that nobody sits at.

        Returns
        -------
        Tokens
            Each is shown once, when it is made.
        """
        from primer_nb.workspace.tokens import Tokens

        return Tokens(self._session)

    @cached_property
    def settings(self) -> SettingsHandle:
        """The user's settings.

        Returns
        -------
        SettingsHandle
            Theme, language, notifications: to be read and assigned.
        """
        from primer_nb.workspace.settings import SettingsHandle

        return SettingsHandle(self._session)

    @cached_property
    def admin(self) -> Admin:
        """What an administrator does.

        Returns
        -------
        Admin
            Everybody may hold it; its methods ask for the role.
        """
        from primer_nb.workspace.admin import Admin

        return Admin(self._session)

    @cached_property
    def maintenance(self) -> Maintenance:
        """Care of both databases: vacuum, statistics, sizes, a check.

        Returns
        -------
        Maintenance
            Works on the local store, and on the server if there is one.
        """
        from primer_nb.workspace.maintenance import Maintenance

        return Maintenance(self._session)

    def panel(self, chat: ChatHandle | str | None = None) -> Panel:
        """Make the chat panel; show it by making it the last line of a cell.

        Parameters
        ----------
        chat : ChatHandle or str, optional
            The chat to open, or its id; the last changed one by default.

        Returns
        -------
        Panel
            A widget; it may be shown more than once.

        Raises
        ------
        ChatNotFoundError
            If there is no such chat.
        """
        from primer_nb.panel import Panel

        opened = None if chat is None else self.chats.get(chat.id if isinstance(chat, ChatHandle) else chat).id
        return Panel(self._session, opened)

    def close(self) -> None:
        """Close the connections to the store; may be called again.

        Replies that were started here are stopped; what has arrived is kept. An automatic backup ends; what it has
        not sent yet goes with the next one.
        """
        stop_replies(self._session)
        if self._session.has_server:
            from primer_nb.automatic import automatic_backup

            automatic_backup(self._session).close()
        self._session.close()
