"""The box a message is written in, with the choice of who answers, as a widget."""

from __future__ import annotations

from collections.abc import Sequence

from primer_nb.panel.part import Message, Part, module, static


class Composer(Part):
    """Write, send, stop; choose provider and model."""

    _esm = module("picker.js", "composer.js")
    _css = static("composer.css")
    _section = "composer"

    def show(self, *, running: bool, provider: str, model: str, providers: Sequence[str]) -> None:
        """Draw the state.

        Parameters
        ----------
        running : bool
            Whether a reply is being written, so that it can be stopped and nothing can be sent.
        provider, model : str
            Who answers the next message.
        providers : sequence of str
            Who could.
        """
        state = {"running": running, "provider": provider, "model": model, "providers": list(providers)}
        self.send({"type": "state", "state": state})

    def show_models(
        self, provider: str, names: Sequence[str], *, error: Message | None = None, remedy: Message | None = None
    ) -> None:
        """List what a provider offers.

        Parameters
        ----------
        provider : str
            Its name.
        names : sequence of str
            Its models.
        error : dict, optional
            Why there are none.
        remedy : dict, optional
            What can be done about it; from `primer_nb.panel.failures.remedy`.
        """
        self.send({"type": "models", "provider": provider, "names": list(names), "error": error, "remedy": remedy})

    def accept(self) -> None:
        """Say that the message is stored, so that the box may forget it."""
        self.send({"type": "accepted"})

    def refuse(self, told: Message) -> None:
        """Say why a message was not stored; it stays in the box.

        Parameters
        ----------
        told : dict
            What to do about it included.
        """
        self.send({"type": "refused", "told": told})

    def start_over(self) -> None:
        """Empty the box, whatever is in it."""
        self.send({"type": "reset"})

    def recall(self, text: str) -> None:
        """Offer a text to be sent again.

        Parameters
        ----------
        text : str
            The user's last message.
        """
        self.send({"type": "recall", "text": text})
