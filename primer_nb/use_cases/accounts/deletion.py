"""Delete an account with everything it has. Without its slots, whatever a copy still holds stays sealed for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.errors import LastAdminError
from primer_nb.session import local_user
from primer_nb.use_cases import audit
from primer_nb.use_cases.accounts import staying
from primer_nb.use_cases.accounts.passwords import lock_unchanged, prove_again
from primer_nb.use_cases.local_copy import forget_local_copy

if TYPE_CHECKING:
    from primer_nb.database import UnitOfWork
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.tables import User


def delete_account(session: Session, *, password: Secret) -> None:
    """Delete the account of who is signed in: chats, keys, tokens and settings, here and on the server.

    Parameters
    ----------
    session : Session
        A person is signed in; afterwards the local user works in it.
    password : Secret
        Of the account, asked once more.

    Raises
    ------
    NotSignedInError
        If nobody is signed in, or a token is.
    SignInError
        If the password is another.
    LastAdminError
        If nobody else could administrate the other accounts.
    """
    proof = prove_again(session, password)
    with session.accounts.unit_of_work(read_only=True) as work:
        check_not_last_admin(work, proof.user)
    staying.forget(session)
    try:
        if session.has_server:  # here first: a process that is killed in between leaves an account to delete again
            forget_local_copy(session)
        _delete(session, proof.user)
    finally:
        session.become(local_user(session.store))


def _delete(session: Session, proved: User) -> None:
    with session.accounts.unit_of_work() as work:
        work.users.lock_all()
        user = lock_unchanged(work, proved)
        check_not_last_admin(work, user)
        work.chats.remove(user_id=user.id)  # in SQLite no foreign key does it
        work.users.remove(id=user.id)
        audit.record(work, audit.ACCOUNT_DELETED, user_id=None, subject=user.id)
        work.commit()


def check_not_last_admin(work: UnitOfWork, user: User) -> None:
    """Refuse to leave other accounts without an administrator.

    Parameters
    ----------
    work : UnitOfWork
        Open for writing, with users and roles locked.
    user : User
        Who would be one no longer.

    Raises
    ------
    LastAdminError
        If there is no other administrator, and there are other accounts.
    """
    others = work.users.count() - 1
    if user.is_admin and others > 0 and work.users.count(is_admin=True) == 1:
        raise LastAdminError(
            f"{user.email} is the only administrator; make another one first with ws.admin.set_admin(email, True)"
        )
