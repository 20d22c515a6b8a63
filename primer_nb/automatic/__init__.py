"""Backups that happen by themselves: a thread a session sends what is new to the server of the user's account.

It asks nothing of a chat and makes no chat wait: it looks at the journal of the local store, whoever wrote there.
"""

from __future__ import annotations

from primer_nb.automatic.activity import Activity, Phase
from primer_nb.automatic.background import AutomaticBackup, automatic_backup

__all__ = ["Activity", "AutomaticBackup", "Phase", "automatic_backup"]
