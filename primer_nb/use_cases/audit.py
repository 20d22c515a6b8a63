"""The audit log: sensitive operations, written in the same transaction as what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import times
from primer_nb.tables import AuditLogEntry

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork

SIGNED_UP = "signed_up"
SIGNED_IN = "signed_in"
SIGN_IN_FAILED = "sign_in_failed"
SIGNED_OUT = "signed_out"
PASSWORD_CHANGED = "password_changed"  # noqa: S105
PASSWORD_RESET = "password_reset"  # noqa: S105
ACCOUNT_DELETED = "account_deleted"
KEY_ADDED = "provider_key_added"
KEY_REMOVED = "provider_key_removed"
KEYS_ROTATED = "provider_keys_rotated"
TOKEN_CREATED = "token_created"  # noqa: S105
TOKEN_REVOKED = "token_revoked"  # noqa: S105
TOKEN_REUSED = "refresh_token_reused"  # noqa: S105
ROLE_CHANGED = "role_changed"
SETTING_CHANGED = "setting_changed"
RESTORED = "restored"
FORGOTTEN = "chat_forgotten"


def record(
    work: UnitOfWork, action: str, *, user_id: str | None, subject: str | None = None, details: str | None = None
) -> None:
    """Note a sensitive operation.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing; the entry stands or falls with it.
    action : str
        One of the names above.
    user_id : str or None
        Who did it; ``None`` when nobody is known.
    subject : str, optional
        What it was done to: a provider, the id of a token, an e-mail address. Never what somebody typed in vain,
        since people type passwords into the wrong field.
    details : str, optional
        How.
    """
    entry = AuditLogEntry(user_id=user_id, action=action, subject=subject, details=details, created_at=times.now())
    work.audit_log.add(entry)
