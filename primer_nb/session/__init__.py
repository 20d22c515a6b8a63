"""Who works now, on which stores, with which providers; and the local user, who works before anybody signs up."""

from __future__ import annotations

from primer_nb.session.session import Session
from primer_nb.session.users import LOCAL_EMAIL, local_user, shown

__all__ = ["LOCAL_EMAIL", "Session", "local_user", "shown"]
