"""What only an administrator may do, or only a person: refused to everybody else, whatever they hold."""

from __future__ import annotations

import pytest
from isolation_plans import RECEIVERS
from isolation_scene import Ada, Bob
from isolation_surface import functions, methods_of, reached_classes
from isolation_walk import call_with
from people import BOB

from primer_nb.errors import NotAdminError, NotSignedInError
from primer_nb.replies import drafts

OF_ADMINISTRATORS = [
    *(method for method in methods_of(reached_classes()["Admin"]) if method.name != "settings"),
    *methods_of(reached_classes()["AdminSettings"]),
    *(function for function in functions() if function.owner == "use_cases.administration"),
]
OF_PERSONS = {
    "Tokens.create",
    "Tokens.list",
    "Tokens.revoke",
    "Workspace.change_password",
    "Workspace.delete_account",
    "use_cases.accounts.deletion.delete_account",
    "use_cases.accounts.password_changes.change_password",
    "use_cases.accounts.passwords.prove_again",
    "use_cases.accounts.passwords.require_person",
    "use_cases.tokens.create_token",
    "use_cases.tokens.list_tokens",
    "use_cases.tokens.revoke_token",
}
NOT_OF_TOKENS = {  # the local user may have provider keys
    "ApiKeys.add",
    "ApiKeys.remove",
    "ApiKeys.rotate",
    "use_cases.data_keys.data_key_for_writing",
    "use_cases.provider_keys.add_key",
    "use_cases.provider_keys.remove_key",
    "use_cases.rotation.rotate_keys",
}


# what the walk of another module left open may end here
pytestmark = pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")


@pytest.fixture
def ada(people, fake_openai, monkeypatch):
    monkeypatch.setattr(drafts, "EVERY", 0.01)
    people.sign_up("root@example.org")
    return Ada(people, fake_openai)


@pytest.fixture
def come(ada, people, fake_openai):
    """Let Bob come by his password, by a token, or as the local user."""
    return lambda comes_by: Bob(people, fake_openai, ada, comes_by=comes_by)


def named(names):
    """Find what can be called by these names; every one of them must be there."""
    found = {target.full_name: target for cls in reached_classes().values() for target in methods_of(cls)}
    found |= {target.full_name: target for target in functions()}
    return [found[name] for name in sorted(names)]


def refusals(targets, bob):
    """Call each, with arguments that would do, and return what it was refused with."""
    answers = {}
    for target in targets:
        this = bob.session if target.owner not in RECEIVERS else RECEIVERS[target.owner].own(bob)
        try:
            call_with(target, bob, this)
        except Exception as error:
            answers[target.full_name] = type(error)
        else:
            answers[target.full_name] = None
    return answers


@pytest.mark.parametrize(
    ("comes_by", "refused"), [("password", NotAdminError), ("token", NotSignedInError), ("nothing", NotSignedInError)]
)
def test_only_an_administrator_reaches_what_is_theirs(ada, come, comes_by, refused):
    bob = come(comes_by)

    answers = refusals(OF_ADMINISTRATORS, bob)

    assert answers == {target.full_name: refused for target in OF_ADMINISTRATORS}
    assert len(answers) > 12
    assert ada.is_unharmed
    assert bob.rows.dump() == bob.before


def test_a_removed_administrator_loses_everything_with_the_next_call(come, people):
    bob = come("password")
    root = people.connect()
    root.login("root@example.org", password="purple otter reads maps", stay=False)
    root.admin.set_admin(BOB, True)
    held = bob.ws.admin
    assert BOB in [user.email for user in held.users()]

    root.admin.set_admin(BOB, False)
    answers = refusals(OF_ADMINISTRATORS, bob)

    assert set(answers.values()) == {NotAdminError}
    with pytest.raises(NotAdminError):
        held.users()


def test_a_token_of_an_administrator_is_none(come, people):
    bob = come("token")
    root = people.connect()
    root.login("root@example.org", password="purple otter reads maps", stay=False)

    root.admin.set_admin(BOB, True)
    answers = refusals(OF_ADMINISTRATORS, bob)

    assert set(answers.values()) == {NotSignedInError}


@pytest.mark.parametrize(("comes_by", "names"), [("token", OF_PERSONS | NOT_OF_TOKENS), ("nothing", OF_PERSONS)])
def test_a_token_and_the_local_user_are_refused_what_only_a_person_may_do(ada, come, comes_by, names):
    bob = come(comes_by)

    answers = refusals(named(names), bob)

    assert answers == dict.fromkeys(names, NotSignedInError)
    assert bob.rows.dump() == bob.before


def test_the_same_is_done_for_a_person(come):
    bob = come("password")

    done = refusals(named({"Tokens.create", "Tokens.list", "ApiKeys.add", "ApiKeys.rotate"}), bob)

    assert set(done.values()) == {None}
