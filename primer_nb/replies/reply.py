"""What the user holds after a reply has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is stored.

    ``str(reply)`` is its text; in a notebook it is shown as safe HTML.

    Parameters
    ----------
    text : str
        What the model said, Markdown as a rule; never empty.
    message_id : str
        The id of the stored message.
    chat_id : str
        Where it was said.
    finish_reason : str
        ``"stop"``; ``"length"`` when the limit of tokens cut it; ``"stopped"`` when the user did.
    provider, model : str
        Who said it.
    prompt_tokens, completion_tokens : int or None
        What the provider counted; ``None`` when it did not.
    time_to_first_token, duration : float or None
        Seconds from the request.
    notice : str or None
        Something the user should know, for example that older turns did not fit into the model's window.
    """

    text: str
    message_id: str
    chat_id: str
    finish_reason: str
    provider: str
    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token: float | None = None
    duration: float | None = None
    notice: str | None = None

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def __repr__(self) -> str:
        """Return one line with the beginning of the text."""
        text = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        return f"Reply({text!r}, model={self.model!r}, finish_reason={self.finish_reason!r})"

    def _repr_html_(self) -> str:
        from primer_nb.markdown import render_markdown

        return render_markdown(self.text)
