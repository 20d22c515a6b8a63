"""Every exception the package raises on purpose.

    PrimerError
    ├── StoreError                     something about a database
    │   ├── StoreUnavailableError      cannot be opened or reached
    │   ├── StoreBusyError             another process held it for too long
    │   ├── StoreReadOnlyError         the file or folder may not be written
    │   ├── StoreFullError             no room on the disk
    │   ├── StoreCorruptError          damaged, or not a database at all
    │   ├── StoreNewerError            written by a newer release; left untouched
    │   └── MigrationError             cannot be brought up to date
    ├── NotFoundError                  missing, or another user's: the answer is the same
    │   ├── ChatNotFoundError
    │   └── MessageNotFoundError
    ├── InvalidInputError              a value that cannot be stored or sent
    │   └── WeakPasswordError          too short, or one that many people use
    ├── AccountError                   something about who works here
    │   ├── SignInError                not this e-mail address, password or recovery key
    │   │   ├── TooManyAttemptsError   locked for a while; ``retry_after`` seconds
    │   │   └── TokenError             not a token of ours, or one that is over
    │   ├── EmailTakenError            the e-mail address has an account
    │   ├── RegistrationClosedError    an administrator closed it
    │   ├── NotSignedInError           this needs an account
    │   ├── NotAdminError              this needs an administrator
    │   ├── LastAdminError             somebody has to stay administrator
    │   ├── PasswordNeededError        nobody is there to be asked
    │   └── MasterKeyError             no place for the key of the local user
    ├── SealError                      a sealed value does not open
    ├── BackupError                    a backup, restore or verification cannot be done
    │   ├── ForeignChatError           the server has the chat of another account
    │   └── BackupInProgressError      another kernel is backing up the same file
    ├── ReplyInProgressError           the chat is already answering
    ├── ProviderError                  a reply could not be had
    │   ├── MissingKeyError            no API key for this provider
    │   │   └── KeysLockedError        one is stored, and cannot be opened here
    │   ├── InvalidKeyError            the provider refused the key
    │   ├── RateLimitError             too many requests; ``retry_after`` seconds
    │   ├── QuotaExceededError         the account has no credit left
    │   ├── UnknownProviderError
    │   ├── ProviderNotAllowedError    an administrator restricted the addresses
    │   ├── UnknownModelError
    │   ├── InvalidRequestError        the provider refused the request
    │   │   └── ContextTooLongError
    │   ├── ProviderUnavailableError   no network, refused, or a server fault
    │   ├── ProviderTimeoutError       silence for too long
    │   └── ReplyCutError              the stream ended in the middle
    ├── LocalModelError                the bundled model cannot be fetched or started
    └── MissingDependencyError         an optional package is not installed

A message says what failed, with which value, and what to do next. None holds a key, a password or a URL
with a password.
"""

from __future__ import annotations


class PrimerError(Exception):
    """Base of everything this package raises on purpose."""


class StoreError(PrimerError):
    """A database could not do what was asked."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The database cannot be opened or reached."""


class StoreBusyError(StoreError, TimeoutError):
    """Another process held the database for longer than the busy time-out."""


class StoreReadOnlyError(StoreError, PermissionError):
    """The database file or its folder may not be written."""


class StoreFullError(StoreError, OSError):
    """The disk has no room for what was to be written; nothing was."""


class StoreCorruptError(StoreError):
    """The file is damaged or is not a database."""


class StoreNewerError(StoreError):
    """A newer release wrote this database; it was left untouched."""


class MigrationError(StoreError):
    """The schema cannot be brought to the version this release needs."""


class NotFoundError(PrimerError, LookupError):
    """There is no such thing, or it belongs to somebody else."""


class ChatNotFoundError(NotFoundError):
    """There is no such chat for this user."""


class MessageNotFoundError(NotFoundError):
    """There is no such message in this user's chats."""


class InvalidInputError(PrimerError, ValueError):
    """A value that cannot be stored or sent as it is."""


class WeakPasswordError(InvalidInputError):
    """A new password that would be guessed."""


class AccountError(PrimerError):
    """Something about who works here."""


class SignInError(AccountError, PermissionError):
    """The e-mail address and the password, or the recovery key, do not belong to an account."""


class TooManyAttemptsError(SignInError):
    """Signing in failed too often; it is locked for a while, also for the right password.

    Parameters
    ----------
    message : str
        What to tell the user.
    retry_after : float
        Seconds until it may be tried again.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TokenError(SignInError):
    """A token that is not one of ours, was revoked, or is over."""


class EmailTakenError(AccountError, ValueError):
    """The e-mail address has an account already."""


class RegistrationClosedError(AccountError, PermissionError):
    """An administrator closed the registration."""


class NotSignedInError(AccountError, PermissionError):
    """This needs an account, and nobody is signed in as a person."""


class NotAdminError(AccountError, PermissionError):
    """This needs an administrator."""


class LastAdminError(AccountError, PermissionError):
    """The store would be left without an administrator."""


class PasswordNeededError(AccountError, EOFError):
    """A password is needed and nobody is there to be asked."""


class MasterKeyError(AccountError, LookupError):
    """There is no master key, or no place to keep one."""


class SealError(PrimerError):
    """A sealed value does not open: another key, another owner, or not what was sealed."""


class BackupError(PrimerError):
    """A backup, a restore or a verification cannot be done as asked."""


class ForeignChatError(BackupError, PermissionError):
    """On the server the chat belongs to another account; nothing of it was sent."""


class BackupInProgressError(BackupError, RuntimeError):
    """Another kernel is backing up the same file."""


class ReplyInProgressError(PrimerError, RuntimeError):
    """The chat is already being answered; one reply at a time."""


class ProviderError(PrimerError):
    """A provider did not give a (whole) reply."""


class MissingKeyError(ProviderError, LookupError):
    """No API key is known for the provider."""


class KeysLockedError(MissingKeyError):
    """A key is stored for the provider, and this session cannot open it."""


class InvalidKeyError(ProviderError, PermissionError):
    """The provider refused the API key."""


class RateLimitError(ProviderError):
    """The provider asks to slow down.

    Parameters
    ----------
    message : str
        What to tell the user.
    retry_after : float, optional
        Seconds the provider asks to wait; ``None`` when it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceededError(ProviderError):
    """The account behind the key has no credit left; waiting does not help."""


class UnknownProviderError(ProviderError, LookupError):
    """No provider has this name."""


class ProviderNotAllowedError(ProviderError, PermissionError):
    """An administrator does not allow the provider's address."""


class UnknownModelError(ProviderError, LookupError):
    """The provider has no model of this name."""


class InvalidRequestError(ProviderError, ValueError):
    """The provider refused the request as malformed."""


class ContextTooLongError(InvalidRequestError):
    """The conversation is longer than the model's window."""


class ProviderUnavailableError(ProviderError, ConnectionError):
    """The provider cannot be reached or answered with a server fault."""


class ProviderTimeoutError(ProviderError, TimeoutError):
    """The provider was silent for longer than the time-out."""


class ReplyCutError(ProviderError):
    """The stream ended before the reply did."""


class LocalModelError(PrimerError):
    """The local model cannot be fetched, checked or started."""


class MissingDependencyError(PrimerError, ImportError):
    """An optional package is needed for this and is not installed."""
