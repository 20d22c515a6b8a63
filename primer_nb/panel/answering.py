"""Who answers in the chat that is shown: what the picker shows and what a choice there does.

Lists of models come from the network, so each is fetched in a thread of its own, and only when somebody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import limits
from primer_nb.errors import PrimerError
from primer_nb.panel.failures import explain, remedy
from primer_nb.panel.worker import attempt, start_thread
from primer_nb.use_cases.chats import choose_model, settings_of
from primer_nb.use_cases.options import SendOptions, choose
from primer_nb.use_cases.policy import allowed_provider, default_model, default_provider, policy_here

if TYPE_CHECKING:
    from primer_nb.panel.composer import Composer
    from primer_nb.session import Session


class Answering:
    """The choice of provider and model.

    Parameters
    ----------
    session : Session
        Knows the providers and what each chat asks for.
    composer : Composer
        Where the choice is shown and made.
    """

    def __init__(self, session: Session, composer: Composer) -> None:
        self._session = session
        self._composer = composer
        self._chosen: tuple[str, str] | None = None  # for a chat that is not stored yet

    def show(self, chat_id: str | None, *, is_running: bool) -> None:
        """Show who answers next.

        Parameters
        ----------
        chat_id : str or None
            In which chat.
        is_running : bool
            Whether a reply is being written there.
        """
        provider, model = self._who(chat_id)
        providers = self._session.providers.names()
        self._composer.show(running=is_running, provider=provider, model=model, providers=providers)

    def choose(self, chat_id: str | None, *, provider: str, model: str) -> None:
        """Let somebody else answer from now on.

        Parameters
        ----------
        chat_id : str or None
            In which chat; a choice for a chat that is not stored yet is remembered.
        provider : str
            Name of a provider.
        model : str
            Name of a model, offered or not; empty for the provider's own choice.
        """
        model = limits.check_text(
            model or self._session.providers.get(provider).default_model, name="model", longest=limits.MODEL
        )
        if chat_id is None:
            self._chosen = (provider, model)
        else:
            choose_model(self._session, chat_id, provider=provider, model=model)

    def options(self, chat_id: str) -> SendOptions:
        """Say what a message asks of its reply.

        Parameters
        ----------
        chat_id : str
            A chat that may have been made just now: it takes over what was chosen before.

        Returns
        -------
        SendOptions
            Nothing beyond what the chat is set to.
        """
        if self._chosen is not None:
            provider, model = self._chosen
            choose_model(self._session, chat_id, provider=provider, model=model)
            self._chosen = None
        return SendOptions()

    def start_over(self) -> None:
        """Keep nothing of the user before: no choice for a chat that is not stored, no text in the box."""
        self._chosen = None
        self._composer.start_over()

    def look_up(self, provider: str) -> None:
        """Fetch the names of a provider's models and show them; returns at once.

        Parameters
        ----------
        provider : str
            Its name.
        """

        def fetch() -> None:
            with self._session.read() as work:
                policy = policy_here(self._session, work)
            self._composer.show_models(provider, allowed_provider(self._session, policy, provider).models())

        def fail(error: Exception) -> None:
            way = remedy(error, provider=provider)
            self._composer.show_models(provider, [], error=explain(error), remedy=way)

        start_thread(lambda: attempt(fetch, fail), name="primer-models")

    def _who(self, chat_id: str | None) -> tuple[str, str]:
        if chat_id is None:
            if self._chosen:
                return self._chosen
            with self._session.read() as work:
                policy = policy_here(self._session, work)
            provider = self._session.providers.get(default_provider(self._session, policy))
            return provider.name, default_model(self._session, policy, provider)
        with self._session.read() as work:
            settings, policy = settings_of(work, work.chats.get(chat_id)), policy_here(self._session, work)
        try:
            choice = choose(self._session, SendOptions(), settings, policy)
        except PrimerError:  # a provider that is not set up any more: sending says so
            return settings.provider or "", settings.model or ""
        return choice.provider.name, choice.model
