"""The part of the workspace that is about who works in it: sign up, sign in and out, change or end an account.

What these need (Argon2, ciphers) is imported by each method, so that ``connect()`` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primer_nb.use_cases.policy import read_policy

if TYPE_CHECKING:
    from primer_nb.secret import Secret
    from primer_nb.session import Session
    from primer_nb.workspace.shown_once import Given, ShownOnce


class AccountMethods:
    """What a workspace can do about accounts.

    A password or recovery key that is not passed is asked for, so that it stands in no cell. One that is passed as a
    text becomes a secret in the name it came in, so that a traceback with local variables does not show it.

    Parameters
    ----------
    session : Session
        The store, the user, the providers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def register(self, email: str, *, password: Given | None = None, name: str = "", stay: bool = True) -> ShownOnce:
        """Make an account and sign in. The chats and provider keys that are here already become the account's.

        The first account of a store is its administrator.

        Parameters
        ----------
        email : str
            The name of the account; case does not matter.
        password : str, Secret or ShownOnce, optional
            15 characters or more unless the administrator chose another length; no other rule, but that it is not a
            common one. Asked for, twice, when it is missing.
        name : str, optional
            What to call you.
        stay : bool, default True
            Whether to stay signed in on this machine, for 14 days after each use, 30 at most.

        Returns
        -------
        ShownOnce
            The recovery key: with it, and only with it, a forgotten password can be replaced. Keep it.

        Raises
        ------
        InvalidInputError
            If somebody is signed in, or the e-mail address or the name cannot be used.
        WeakPasswordError
            If the password is too short or too common.
        EmailTakenError
            If the address has an account.
        RegistrationClosedError
            If the administrator closed it.
        PasswordNeededError
            If nobody can be asked for the password.
        StoreUnavailableError
            If the server cannot be reached.

        Examples
        --------
        >>> import primer_nb
        >>> with primer_nb.connect(":memory:") as ws:
        ...     recovery_key = ws.register("ada@example.org", password="thirteen blue herons")
        ...     ws.user.email, ws.user.is_admin
        ('ada@example.org', True)
        """
        from primer_nb.use_cases import accounts

        password = self._new_password(password, argument="password")
        recovery_key = accounts.register(self._session, email, password=password, name=name, stay=stay)
        return self._shown_once(recovery_key)

    def login(self, email: str, *, password: Given | None = None, stay: bool = True) -> None:
        """Sign in. Without a connection to the server this works where the account has been signed in before.

        Parameters
        ----------
        email : str
            Of the account.
        password : str, Secret or ShownOnce, optional
            Asked for when it is missing.
        stay : bool, default True
            Whether to stay signed in on this machine, for 14 days after each use, 30 at most.

        Raises
        ------
        SignInError
            If there is no such account or the password is another; the text is the same.
        TooManyAttemptsError
            If it failed ten times in 15 minutes.
        PasswordNeededError
            If nobody can be asked for the password.
        StoreUnavailableError
            If the server cannot be reached and this machine knows no such account.
        """
        from primer_nb.use_cases import accounts
        from primer_nb.workspace.asking import given_or_asked

        password = given_or_asked(password, prompt=f"Password for {email}", argument="password")
        accounts.sign_in(self._session, email, password=password, stay=stay)

    def logout(self) -> None:
        """Sign out, and stay signed in on this machine no longer; the passwordless local user works then.

        A reply that is being written goes on and is kept. When nobody is signed in, nothing happens.
        """
        from primer_nb.use_cases import accounts

        accounts.sign_out(self._session)

    def change_password(self, *, old: Given | None = None, new: Given | None = None) -> None:
        """Change your password. Provider keys stay; other machines that stayed signed in do not.

        Parameters
        ----------
        old : str, Secret or ShownOnce, optional
            The password until now; asked for when it is missing.
        new : str, Secret or ShownOnce, optional
            The password from now on; asked for, twice, when it is missing.

        Raises
        ------
        NotSignedInError
            If nobody is signed in, or a token is.
        SignInError
            If the old password is another.
        WeakPasswordError
            If the new one is too short or too common.
        PasswordNeededError
            If nobody can be asked.
        """
        from primer_nb.use_cases import accounts

        old = self._own_password(old, argument="old")
        new = self._new_password(new, argument="new")
        accounts.change_password(self._session, old=old, new=new)

    def reset_password(self, *, recovery_key: Given | None = None, password: Given | None = None) -> ShownOnce:
        """Replace a forgotten password with the recovery key, and sign in. Provider keys stay.

        Parameters
        ----------
        recovery_key : str, Secret or ShownOnce, optional
            As it was shown at sign-up; asked for when it is missing.
        password : str, Secret or ShownOnce, optional
            The password from now on; asked for, twice, when it is missing.

        Returns
        -------
        ShownOnce
            A new recovery key; the one that was used is over.

        Raises
        ------
        InvalidInputError
            If the recovery key has a typing error.
        SignInError
            If it belongs to no account.
        WeakPasswordError
            If the new password is too short or too common.
        PasswordNeededError
            If nobody can be asked.
        """
        from primer_nb.use_cases import accounts
        from primer_nb.workspace.asking import given_or_asked

        recovery_key = given_or_asked(recovery_key, prompt="Recovery key", argument="recovery_key")
        password = self._new_password(password, argument="password")
        return self._shown_once(accounts.reset_password(self._session, recovery_key=recovery_key, new=password))

    def delete_account(self, *, password: Given | None = None) -> None:
        """Delete your account with its chats, keys, tokens and settings, here and on the server, for good.

        Parameters
        ----------
        password : str, Secret or ShownOnce, optional
            Of the account, once more; asked for when it is missing.

        Raises
        ------
        NotSignedInError
            If nobody is signed in, or a token is.
        SignInError
            If the password is another.
        LastAdminError
            If there are other accounts and none of them is an administrator.
        PasswordNeededError
            If nobody can be asked.
        """
        from primer_nb.use_cases import accounts

        password = self._own_password(password, argument="password")
        accounts.delete_account(self._session, password=password)

    def _own_password(self, password: Given | None, *, argument: str) -> Secret:
        from primer_nb.use_cases.accounts.passwords import require_person
        from primer_nb.workspace.asking import given_or_asked

        require_person(self._session)  # before somebody types in vain
        return given_or_asked(password, prompt=f"Password of {self._session.user.email}", argument=argument)

    def _new_password(self, password: Given | None, *, argument: str) -> Secret:
        from primer_nb.workspace.asking import asked_twice
        from primer_nb.workspace.shown_once import as_secret

        if password is not None:
            return as_secret(password)
        with self._session.accounts.unit_of_work(read_only=True) as work:
            shortest = read_policy(work).minimum_password_length
        return asked_twice(f"New password ({shortest} characters or more)", argument=argument)

    def _shown_once(self, recovery_key: Secret) -> ShownOnce:
        from primer_nb.workspace.shown_once import ShownOnce, language_of

        return ShownOnce(recovery_key, kind="recovery_key", language=language_of(self._session))
