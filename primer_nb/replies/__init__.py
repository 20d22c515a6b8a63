"""Replies on their way: a worker thread a reply, owned by the chat and not by a widget or a cell.

A re-run cell, a second panel or a new workspace on the same store finds the running reply and joins it.
"""

from __future__ import annotations

from primer_nb.replies.events import Piece, Preparing, ReplyEnded, ReplyEvent
from primer_nb.replies.reply import Reply
from primer_nb.replies.running import RunningReply
from primer_nb.replies.starting import edit_and_reply, retry_reply, running_reply, start_reply, stop_replies

__all__ = [
    "Piece",
    "Preparing",
    "Reply",
    "ReplyEnded",
    "ReplyEvent",
    "RunningReply",
    "edit_and_reply",
    "retry_reply",
    "running_reply",
    "start_reply",
    "stop_replies",
]
