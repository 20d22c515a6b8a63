"""Find the stored key of a provider when a message needs it; what opens it is loaded only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.errors import KeysLockedError, SealError

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import Context, DataKey
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import UserApiKey


def stored_key(session: Session, provider: str) -> Secret | None:
    """Open the user's key for a provider.

    Parameters
    ----------
    session : Session
        On whose behalf.
    provider : str
        Name of the provider.

    Returns
    -------
    Secret or None
        ``None`` when none is stored, and for a token that was made without access to provider keys.

    Raises
    ------
    KeysLockedError
        If one is stored and cannot be opened here.
    """
    with session.read_keys() as work:
        found = work.user_api_keys.where(provider=provider)
    if not found or (session.by_token and session.data_key is None):
        return None
    data_key = _data_key(session)
    if data_key is None:
        if session.is_local:
            raise KeysLockedError(
                f"nothing opens the stored key for {provider} any more; store it again with "
                f"ws.api_keys.add({provider!r})"
            )
        raise KeysLockedError(
            f"your key for {provider} is locked here; sign in again with ws.login({session.user.email!r})"
        )
    return open_row(found[0], data_key)


def open_row(row: UserApiKey, data_key: DataKey) -> Secret:
    """Open a stored provider key.

    Parameters
    ----------
    row : UserApiKey
        As stored.
    data_key : DataKey
        Of its owner.

    Returns
    -------
    Secret
        The key.

    Raises
    ------
    KeysLockedError
        If it was sealed with another data key, moved from elsewhere, or stored by another program.
    """
    from primer_nb.credentials.sealing import open_sealed

    try:
        return open_sealed(data_key, row.api_key, context=context_of(row))
    except SealError:
        raise KeysLockedError(
            f"the stored key for {row.provider} does not open: it was sealed with another key or by another program; "
            f"store it again with ws.api_keys.add({row.provider!r})"
        ) from None


def context_of(row: UserApiKey) -> Context:
    """Say what a sealed provider key is bound to: it opens nowhere else.

    Parameters
    ----------
    row : UserApiKey
        With id, user and provider.

    Returns
    -------
    Context
        For sealing and opening.
    """
    from primer_nb.credentials.sealing import Context

    return Context(purpose="provider_key", user_id=row.user_id, provider=row.provider, row_id=row.id)


def _data_key(session: Session) -> DataKey | None:
    if not session.is_local:
        return session.data_key
    from primer_nb.use_cases.data_keys import local_data_key

    return local_data_key(session)
