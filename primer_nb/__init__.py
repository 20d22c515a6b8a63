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
    from primer_nb.secret import Secret
    from primer_nb.tables import User
    from primer_nb.use_cases.provider_keys import StoredKey
    from primer_nb.use_cases.tokens import Token
    from primer_nb.workspace import ChatHandle, Chats, Stream, Workspace, connect
    from primer_nb.workspace.admin import Admin, AdminSettings
    from primer_nb.workspace.api_keys import ApiKeys, RotationReport
    from primer_nb.workspace.maintenance import Maintenance
    from primer_nb.workspace.settings import SettingsHandle
    from primer_nb.workspace.shown_once import ShownOnce
    from primer_nb.workspace.tokens import Tokens

__version__ = "0.1.0"
__all__ = [
    "Admin",
    "AdminSettings",
    "ApiKeys",
    "ChatHandle",
    "Chats",
    "Maintenance",
    "PrimerError",
    "Reply",
    "RotationReport",
    "Secret",
    "SettingsHandle",
    "ShownOnce",
    "StoredKey",
    "Stream",
    "Token",
    "Tokens",
    "User",
    "Workspace",
    "__version__",
    "connect",
    "errors",
    "load_ipython_extension",
    "render_markdown",
]

_HOMES = {
    "Admin": "primer_nb.workspace.admin",
    "AdminSettings": "primer_nb.workspace.admin",
    "ApiKeys": "primer_nb.workspace.api_keys",
    "ChatHandle": "primer_nb.workspace",
    "Chats": "primer_nb.workspace",
    "Maintenance": "primer_nb.workspace.maintenance",
    "PrimerError": "primer_nb.errors",
    "Reply": "primer_nb.replies",
    "RotationReport": "primer_nb.workspace.api_keys",
    "Secret": "primer_nb.secret",
    "SettingsHandle": "primer_nb.workspace.settings",
    "ShownOnce": "primer_nb.workspace.shown_once",
    "StoredKey": "primer_nb.use_cases.provider_keys",
    "Stream": "primer_nb.workspace",
    "Token": "primer_nb.use_cases.tokens",
    "Tokens": "primer_nb.workspace.tokens",
    "User": "primer_nb.tables",
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
