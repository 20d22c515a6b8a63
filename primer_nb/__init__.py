"""Conversations with language models as durable, private, analysable data, inside the notebook.

    ws = primer_nb.connect()
    ws.panel()
    ws.history.messages()

Nothing heavy is loaded until it is used: SQLAlchemy by ``connect``, pandas by ``ws.history``, the client of a
provider by the first message.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from primer_nb import errors
    from primer_nb.errors import PrimerError
    from primer_nb.magics import load_ipython_extension
    from primer_nb.markdown import render_markdown
    from primer_nb.replies import Reply
    from primer_nb.workspace import ChatHandle, Chats, Stream, Workspace, connect

__version__ = "0.1.0"
__all__ = [
    "ChatHandle",
    "Chats",
    "PrimerError",
    "Reply",
    "Stream",
    "Workspace",
    "__version__",
    "connect",
    "errors",
    "load_ipython_extension",
    "render_markdown",
]

_HOMES = {
    "ChatHandle": "primer_nb.workspace",
    "Chats": "primer_nb.workspace",
    "PrimerError": "primer_nb.errors",
    "Reply": "primer_nb.replies",
    "Stream": "primer_nb.workspace",
    "Workspace": "primer_nb.workspace",
    "connect": "primer_nb.workspace",
    "load_ipython_extension": "primer_nb.magics",
    "render_markdown": "primer_nb.markdown",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("primer_nb.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'primer_nb' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
