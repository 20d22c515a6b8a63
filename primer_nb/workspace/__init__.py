"""What the user holds: the workspace, its chats, and one chat."""

from __future__ import annotations

from primer_nb.workspace.chat import ChatHandle
from primer_nb.workspace.chats import Chats
from primer_nb.workspace.opening import connect
from primer_nb.workspace.stream import Stream
from primer_nb.workspace.workspace import Workspace

__all__ = ["ChatHandle", "Chats", "Stream", "Workspace", "connect"]
