"""Go on as somebody whose account, password or data key has just been stored anew.

Whoever calls this may hold a recovery key that is shown once, and what is stored cannot be taken back. So whatever
fails here becomes a warning, and signing in makes up for it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from primer_nb.errors import PrimerError
from primer_nb.use_cases.accounts import staying
from primer_nb.use_cases.accounts.moving import move
from primer_nb.use_cases.local_copy import refresh_local_copy

if TYPE_CHECKING:
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import User


def go_on(
    session: Session, user: User, *, data_key: DataKey, stay: bool | None = None, password: Secret | None = None
) -> None:
    """Bring the local copy up to date, let the user work here, and keep them signed in.

    Parameters
    ----------
    session : Session
        Whoever works in it now is signed out, unless the local copy cannot be brought up to date.
    user : User
        As stored.
    data_key : DataKey
        Opens the user's provider keys.
    stay : bool, optional
        Whether to stay signed in on this machine; by default if this user has stayed until now.
    password : Secret, optional
        Of an account that has just been made on a server, and may have been one of the local store before.
    """
    try:
        if password is not None:
            move(session, user.id, password)
        refresh_local_copy(session, user.id)
        if not session.is_local and session.user.id != user.id:
            staying.forget(session)
        session.become(user, data_key=data_key)
        if staying.is_kept(session) if stay is None else stay:
            staying.stay(session)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - also one who is tired of waiting needs the key
        reason = error if isinstance(error, PrimerError) else type(error).__name__
        warnings.warn(
            f"it is done, but this machine could not go on with it ({reason}); "
            f"when that is mended, sign in with ws.login({user.email!r})",
            stacklevel=2,
        )
