"""Your programmatic tokens, as ``ws.tokens``."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from primer_nb.workspace.shown_once import ShownOnce, language_of

if TYPE_CHECKING:
    from primer_nb.session import Session
    from primer_nb.use_cases.tokens import Token


class Tokens:
    """Your tokens: with one of them, a notebook that nobody sits at works as you.

    Parameters
    ----------
    session : Session
        On whose behalf.

    Examples
    --------
    >>> token = ws.tokens.create("nightly report")  # doctest: +SKIP
    >>> primer_nb.connect(token=token)  # doctest: +SKIP
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line; listing would touch the database."""
        return f"<tokens of {self._session.user.email}; .list() shows them>"

    def create(self, name: str, *, days: float | None = 365, provider_keys: bool = False) -> ShownOnce:
        """Make a token.

        Parameters
        ----------
        name : str
            What it is for.
        days : float or None, default 365
            How long it is good; ``None`` for ever.
        provider_keys : bool, default False
            Whether it can also use your stored provider keys. It can never change them, your password or your
            tokens.

        Returns
        -------
        ShownOnce
            The token; only a digest of it is stored. Put it where the scheduled notebook reads its secrets from,
            and pass it as ``primer_nb.connect(token=...)``.

        Raises
        ------
        NotSignedInError
            If nobody is signed in, or a token is.
        InvalidInputError
            If the name or the days cannot be used.
        """
        from primer_nb.use_cases.tokens import create_token

        token = create_token(self._session, name, days=days, provider_keys=provider_keys)
        return ShownOnce(token, kind="token", language=language_of(self._session))

    def list(self) -> builtins.list[Token]:
        """List your tokens, those that are over included.

        Returns
        -------
        list of Token
            Oldest first, with the last use and the end of each, without what signs in.

        Raises
        ------
        NotSignedInError
            If nobody is signed in, or a token is.
        """
        from primer_nb.use_cases.tokens import list_tokens

        return list_tokens(self._session)

    def revoke(self, token_id: str) -> None:
        """Let a token be over, now.

        Parameters
        ----------
        token_id : str
            Its ``id`` in the list.

        Raises
        ------
        NotFoundError
            If there is no such token, or it is another user's.
        NotSignedInError
            If nobody is signed in, or a token is.
        """
        from primer_nb.use_cases.tokens import revoke_token

        revoke_token(self._session, token_id)
