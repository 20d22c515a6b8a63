"""The passwordless local user, who works in a store before anybody has signed up, and what is shown of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb import ids, times
from primer_nb.errors import NotFoundError
from primer_nb.tables import User
from primer_nb.tables.users import NO_PASSWORD

if TYPE_CHECKING:
    from primer_nb.database import Store, UnitOfWork

LOCAL_EMAIL = "local@localhost"  # nobody can register it


def local_user(store: Store) -> User:
    """Find the passwordless local user of a store, or make it.

    A file that Primer made holds the chats of one user and no users at all; then the local user takes that id,
    so that its chats are there.

    Parameters
    ----------
    store : Store
        Open and up to date.

    Returns
    -------
    User
        A detached object.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    """
    with store.unit_of_work(read_only=True) as work:
        found = _find(work)
    if found is not None:
        return found
    with store.unit_of_work() as work:
        work.users.lock_all()
        found = _find(work)  # another process may have been faster
        if found is None:
            found = work.users.add(_make(work))
            work.commit()
    return found


def shown(user: User) -> User:
    """Copy a user for somebody to look at.

    Parameters
    ----------
    user : User
        As stored, or as a session has it.

    Returns
    -------
    User
        Changing it changes nobody, and its ``password_hash`` is empty.
    """
    return User(**user.model_dump(exclude={"password_hash"}), password_hash="")


def _find(work: UnitOfWork) -> User | None:
    try:
        return work.users.get_by_email(LOCAL_EMAIL)
    except NotFoundError:
        return None


def _make(work: UnitOfWork) -> User:
    strangers = work.users.strangers_with_chats()
    now = times.now()
    return User(
        id=strangers[0] if len(strangers) == 1 else ids.new_id(),
        email=LOCAL_EMAIL,
        password_hash=NO_PASSWORD,
        name="Local user",
        is_admin=False,
        created_at=now,
        updated_at=now,
    )
