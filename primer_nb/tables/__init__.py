"""One class for each table, over SQLModel; rows of any database look the same in Python.

An identifier is a ``str``, a time an aware UTC ``datetime``. A class with a table does not validate: values are
checked by ``primer_nb.limits`` before they come here. A class is made at its first use, since SQLModel takes some
milliseconds for each.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from primer_nb.tables.access import ApiKey, AuditLogEntry, RefreshToken
    from primer_nb.tables.attempts import SignInAttempts
    from primer_nb.tables.backup import BackupState, JournalEntry, QuarantinedRow, SyncDevice, Tombstone
    from primer_nb.tables.base import Record
    from primer_nb.tables.chat_details import ChatChange, ChatSettings, ChatTag, MessageAttachment
    from primer_nb.tables.chats import Chat, Message
    from primer_nb.tables.completions import Completion, Draft
    from primer_nb.tables.dialects import metadata_for
    from primer_nb.tables.keys import KeySlot, UserApiKey
    from primer_nb.tables.settings import AdminSetting, UserSettings
    from primer_nb.tables.users import User

_MODULES = {
    "access": ("ApiKey", "AuditLogEntry", "RefreshToken"),
    "attempts": ("SignInAttempts",),
    "backup": ("BackupState", "JournalEntry", "QuarantinedRow", "SyncDevice", "Tombstone"),
    "base": ("Record",),
    "chat_details": ("ChatChange", "ChatSettings", "ChatTag", "MessageAttachment"),
    "chats": ("Chat", "Message"),
    "completions": ("Completion", "Draft"),
    "dialects": ("metadata_for",),
    "keys": ("KeySlot", "UserApiKey"),
    "settings": ("AdminSetting", "UserSettings"),
    "users": ("User",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AdminSetting",
    "ApiKey",
    "AuditLogEntry",
    "BackupState",
    "Chat",
    "ChatChange",
    "ChatSettings",
    "ChatTag",
    "Completion",
    "Draft",
    "JournalEntry",
    "KeySlot",
    "Message",
    "MessageAttachment",
    "QuarantinedRow",
    "Record",
    "RefreshToken",
    "SignInAttempts",
    "SyncDevice",
    "Tombstone",
    "User",
    "UserApiKey",
    "UserSettings",
    "metadata_for",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
