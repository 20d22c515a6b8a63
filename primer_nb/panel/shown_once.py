"""A recovery key or a token on the page: hidden until a click, then sent in one message to the view that asked.

Nothing of it is in a trait, so nothing is saved with the notebook. After the message this side has forgotten it; the
browser has it until the page is loaded anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primer_nb.panel.part import Message, Part, module, static

if TYPE_CHECKING:
    from primer_nb.secret import Secret


class ShownOnceView(Part):
    """A button that shows a secret, once.

    Parameters
    ----------
    secret : Secret
        What to show.
    kind : str
        ``"recovery_key"`` or ``"token"``: what to call it.
    language : str
        What it speaks.
    """

    _esm = module("shown_once.js")
    _css = static("shown_once.css")
    _section = "shown_once"

    def __init__(self, secret: Secret, *, kind: str, language: str) -> None:
        super().__init__()
        self._secret: Secret | None = secret
        self._kind = kind
        self.speak(language)
        self.handle({"hello": lambda _: self._say_state(), "show": self._show})

    def mimebundle(self, text: str) -> dict[str, Any]:
        """Describe a view to Jupyter.

        Parameters
        ----------
        text : str
            What stands in its place where there are no widgets, and in the saved notebook.

        Returns
        -------
        dict
            A MIME bundle.
        """
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/plain": text, "application/vnd.jupyter.widget-view+json": view}

    def _say_state(self) -> None:
        self.send({"type": "state", "kind": self._kind, "waits": self._secret is not None})

    def _show(self, message: Message) -> None:
        secret, self._secret = self._secret, None
        if secret is not None:
            self.send({"type": "text", "client": message["client"], "text": secret.reveal()})
        self._say_state()
