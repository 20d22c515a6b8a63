"""Accounts: sign up, sign in, stay signed in, sign out, change and reset the password, delete the account.

Argon2 (175 ms) runs between transactions, never in one: a first unit of work reads, the password is looked at, and
a second one writes after it has seen that nothing changed meanwhile.
"""

from __future__ import annotations

from primer_nb.use_cases.accounts.deletion import delete_account
from primer_nb.use_cases.accounts.password_changes import change_password, reset_password
from primer_nb.use_cases.accounts.registration import register
from primer_nb.use_cases.accounts.signing_in import sign_in, sign_out
from primer_nb.use_cases.accounts.staying import resume

__all__ = ["change_password", "delete_account", "register", "reset_password", "resume", "sign_in", "sign_out"]
