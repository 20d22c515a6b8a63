"""The audit log as a pandas frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from primer_nb.history.frames import TEXT
from primer_nb.history.moments import PANDAS_TIMESTAMP

if TYPE_CHECKING:
    from primer_nb.tables import AuditLogEntry

_TEXTS = ("id", "user_id", "email", "action", "subject", "details")


def audit_frame(entries: Sequence[AuditLogEntry], *, emails: Mapping[str, str]) -> pd.DataFrame:
    """Make a frame of entries of the audit log.

    Parameters
    ----------
    entries : sequence of AuditLogEntry
        In their order.
    emails : mapping of str to str
        E-mail addresses by the ids of their users.

    Returns
    -------
    pandas.DataFrame
        The columns that `Admin.audit_log` describes; an empty one has the same dtypes.
    """
    columns = {name: [getattr(entry, name, None) for entry in entries] for name in _TEXTS}
    columns["email"] = [emails.get(entry.user_id or "", "") for entry in entries]
    frame = pd.DataFrame({name: pd.Series(values, dtype=TEXT) for name, values in columns.items()})
    frame["action"] = frame["action"].astype("category")
    frame["created_at"] = pd.Series([entry.created_at for entry in entries], dtype=PANDAS_TIMESTAMP)
    return frame
