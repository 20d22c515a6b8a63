"""The unit of work: one transaction, and the repositories that take part in it.

Rules:
1. A use case opens it; a repository never commits.
2. No commit, nothing happened.
3. No network call, no model call and no ``yield`` inside: a writer holds the only write lock of an SQLite file.
4. What is passed around is the store that makes it, never the object: one a thread, used once.
5. It is left by closing the connection, which rolls back whatever was not committed.
6. An exception of a driver leaves it as a `StoreError`; nothing above knows the driver.

The classes of tables that opening a workspace does not touch are made when their repository is first asked for,
since SQLModel takes some milliseconds for each.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from primer_nb import tables
from primer_nb.database.engine import READ_ONLY
from primer_nb.database.failures import DRIVER_ERRORS, raise_translated, translated
from primer_nb.database.repositories.chats import ChatRepository
from primer_nb.database.repositories.drafts import DraftRepository
from primer_nb.database.repositories.messages import MessageRepository
from primer_nb.database.repositories.ownership import Ownership
from primer_nb.database.repositories.repository import Repository
from primer_nb.database.repositories.users import UserRepository

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from primer_nb.database.addresses import Address
    from primer_nb.database.repositories.administration import AdminSettingRepository, AuditLogRepository
    from primer_nb.database.repositories.attempts import AttemptRepository
    from primer_nb.database.repositories.tokens import ApiKeyRepository, RefreshTokenRepository


class UnitOfWork:
    """One transaction on behalf of one user.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the store.
    address : Address
        Of the store, for error messages.
    user_id : str or None
        On whose behalf; ``None`` is the system itself.
    read_only : bool
        A reader takes no write lock.
    turn : context manager
        Held while it runs; lets one thread at a time use the only connection of a store in memory.

    Examples
    --------
    >>> with store.unit_of_work(user.id) as work:  # doctest: +SKIP
    ...     work.chats.add(chat)
    ...     work.commit()
    """

    def __init__(
        self,
        engine: Engine,
        address: Address,
        *,
        user_id: str | None,
        read_only: bool,
        turn: AbstractContextManager[object],
    ) -> None:
        self._engine = engine
        self._address = address
        self._ownership = Ownership(user_id)
        self._read_only = read_only
        self._turn = turn

    def __enter__(self) -> UnitOfWork:
        """Begin the transaction."""
        with ExitStack() as undo, translated(self._address):
            undo.enter_context(self._turn)
            self.connection = undo.enter_context(self._engine.connect())
            if self._read_only:
                self.connection = self.connection.execution_options(**{READ_ONLY: True})
            self.connection.begin()
            self._leave = undo.pop_all().close
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Roll back what was not committed; turn a driver's exception into ours."""
        with translated(self._address):
            self._leave()
        if isinstance(error, DRIVER_ERRORS):
            raise_translated(error, self._address)

    def commit(self) -> None:
        """Make everything done so far last."""
        with translated(self._address):
            try:
                self.connection.commit()
            except BaseException:
                # SQLAlchemy takes a COMMIT that failed for the end of the transaction and would give the connection
                # back to the pool; the database may still hold it open, and with it the locks.
                with suppress(Exception):  # a connection that is lost holds nothing
                    self.connection.connection.rollback()
                raise

    @cached_property
    def users(self) -> UserRepository:
        """Accounts and the local user."""
        return UserRepository(self.connection, self._ownership)

    @cached_property
    def chats(self) -> ChatRepository:
        """Conversations."""
        return ChatRepository(self.connection, self._ownership)

    @cached_property
    def messages(self) -> MessageRepository:
        """Messages."""
        return MessageRepository(self.connection, self._ownership)

    @cached_property
    def drafts(self) -> DraftRepository:
        """Replies that are being written."""
        return DraftRepository(self.connection, self._ownership)

    @cached_property
    def completions(self) -> Repository[tables.Completion]:
        """How replies came to be."""
        return Repository(self.connection, tables.Completion, self._ownership)

    @cached_property
    def user_api_keys(self) -> Repository[tables.UserApiKey]:
        """Sealed keys of providers."""
        return Repository(self.connection, tables.UserApiKey, self._ownership)

    @cached_property
    def user_settings(self) -> Repository[tables.UserSettings]:
        """Theme, language and notifications."""
        return Repository(self.connection, tables.UserSettings, self._ownership)

    @cached_property
    def admin_settings(self) -> AdminSettingRepository:
        """Settings of the whole store."""
        from primer_nb.database.repositories.administration import AdminSettingRepository

        return AdminSettingRepository(self.connection, self._ownership)

    @cached_property
    def refresh_tokens(self) -> RefreshTokenRepository:
        """Digests of refresh tokens."""
        from primer_nb.database.repositories.tokens import RefreshTokenRepository

        return RefreshTokenRepository(self.connection, self._ownership)

    @cached_property
    def api_keys(self) -> ApiKeyRepository:
        """Digests of our own programmatic keys."""
        from primer_nb.database.repositories.tokens import ApiKeyRepository

        return ApiKeyRepository(self.connection, self._ownership)

    @cached_property
    def key_slots(self) -> Repository[tables.KeySlot]:
        """The user's data key, sealed once a way to open it."""
        return Repository(self.connection, tables.KeySlot, self._ownership)

    @cached_property
    def chat_settings(self) -> Repository[tables.ChatSettings]:
        """What a chat wants of its model."""
        return Repository(self.connection, tables.ChatSettings, self._ownership)

    @cached_property
    def chat_tags(self) -> Repository[tables.ChatTag]:
        """Tags of chats."""
        return Repository(self.connection, tables.ChatTag, self._ownership)

    @cached_property
    def message_attachments(self) -> Repository[tables.MessageAttachment]:
        """Files that came with messages."""
        return Repository(self.connection, tables.MessageAttachment, self._ownership)

    @cached_property
    def audit_log(self) -> AuditLogRepository:
        """What happened to accounts and keys."""
        from primer_nb.database.repositories.administration import AuditLogRepository

        return AuditLogRepository(self.connection, self._ownership)

    @cached_property
    def attempts(self) -> AttemptRepository:
        """Failed attempts to sign in; for the system only."""
        from primer_nb.database.repositories.attempts import AttemptRepository

        return AttemptRepository(self.connection, self._ownership)
