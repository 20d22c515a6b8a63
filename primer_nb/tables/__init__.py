"""One class for each table, over SQLModel; rows of any database look the same in Python.

An identifier is a ``str``, a time an aware UTC ``datetime``. A class with a table does not validate: values are
checked by ``primer_nb.limits`` before they come here.
"""

from primer_nb.tables.access import ApiKey, AuditLogEntry, RefreshToken
from primer_nb.tables.backup import BackupState, JournalEntry, QuarantinedRow, SyncDevice, Tombstone
from primer_nb.tables.chats import Chat, ChatSettings, ChatTag, Message, MessageAttachment
from primer_nb.tables.completions import Completion, Draft
from primer_nb.tables.dialects import metadata_for
from primer_nb.tables.settings import AdminSetting, UserSettings
from primer_nb.tables.users import KeySlot, User, UserApiKey

__all__ = [
    "AdminSetting",
    "ApiKey",
    "AuditLogEntry",
    "BackupState",
    "Chat",
    "ChatSettings",
    "ChatTag",
    "Completion",
    "Draft",
    "JournalEntry",
    "KeySlot",
    "Message",
    "MessageAttachment",
    "QuarantinedRow",
    "RefreshToken",
    "SyncDevice",
    "Tombstone",
    "User",
    "UserApiKey",
    "UserSettings",
    "metadata_for",
]
