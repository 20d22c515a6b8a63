"""Move an account that was made in the local store, before there was a server, to the server: with its password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.use_cases.accounts.passwords import lock_unchanged, prove
from primer_nb.use_cases.local_copy import vacate

if TYPE_CHECKING:
    from primer_nb.secret import Secret
    from primer_nb.session import Session


def move(session: Session, user_id: str, password: Secret) -> None:
    """Let an account of the server have the chats of the account in the local store that had its id.

    Parameters
    ----------
    session : Session
        When there is no server, or no such account, nothing happens.
    user_id : str
        Of the account on the server.
    password : Secret
        What opened that one; the local store's has to be the same.

    Raises
    ------
    TooManyAttemptsError, SignInError
        If it may not be tried, or is another.
    """
    if not session.has_server:
        return
    with session.store.unit_of_work(read_only=True) as work:
        found = [user for user in work.users.where(id=user_id) if user.is_account]
    for user in found:
        proof = prove(session.store, user.email, password)
        with session.store.unit_of_work() as work:
            vacate(work, lock_unchanged(work, proof.user))
            work.commit()
