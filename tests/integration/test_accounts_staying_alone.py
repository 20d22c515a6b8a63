"""A machine keeps one person signed in: whoever else works there leaves it alone, or takes the place knowingly."""

from __future__ import annotations

from people import ADA, BOB, OTHER_PASSWORD, PASSWORD

from primer_nb.secret import Secret
from primer_nb.use_cases import accounts


def test_signing_out_leaves_alone_what_is_kept_of_somebody_else(people):
    ada = people.sign_up()
    people.sign_up(BOB, password=OTHER_PASSWORD, stay=True)

    accounts.sign_out(ada)

    assert people.session().user.email == BOB


def test_a_new_password_keeps_nobody_signed_in_who_was_not(people):
    ada = people.sign_up()
    people.sign_up(BOB, password=OTHER_PASSWORD, stay=True)

    accounts.change_password(ada, old=Secret(PASSWORD), new=Secret("third choice of ada lovelace"))

    assert people.session().user.email == BOB


def test_deleting_an_account_leaves_alone_what_is_kept_of_somebody_else(people):
    people.sign_up(BOB, password=OTHER_PASSWORD)
    ada = people.sign_up()
    people.sign_in(BOB, password=OTHER_PASSWORD, stay=True)

    accounts.delete_account(ada, password=Secret(PASSWORD))

    assert people.session().user.email == BOB


def test_who_stays_in_place_of_somebody_else_leaves_no_token_that_nobody_has(people):
    ada = people.sign_up()
    bob = people.sign_up(BOB, password=OTHER_PASSWORD, stay=True)
    accounts.sign_out(ada)

    accounts.sign_in(ada, ADA, password=Secret(PASSWORD))

    assert people.session().user.email == ADA
    with bob.accounts.unit_of_work(read_only=True) as work:
        assert all(row.revoked for row in work.refresh_tokens.where(user_id=bob.user.id))
