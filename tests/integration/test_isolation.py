"""Nobody gets at what another user has: everything that can be called is called with ids of somebody else's."""

from __future__ import annotations

import gc

import pytest
from isolation_panel import MESSAGES, PanelMessages
from isolation_plans import KINDS, RECEIVERS, kind_of
from isolation_scene import Ada, Bob
from isolation_surface import functions, methods_of, reached_classes
from isolation_walk import walk
from people import BOB
from sqlalchemy import true

from primer_nb.database.repositories.ownership import Ownership
from primer_nb.errors import ChatNotFoundError
from primer_nb.replies import drafts

ATTEMPTS = 400


# some attempts use a workspace once more that was closed after another one
pytestmark = pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")


@pytest.fixture
def ada(people, fake_openai, monkeypatch):
    monkeypatch.setattr(drafts, "EVERY", 0.01)
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    monkeypatch.setenv("PRIMER_MASTER_KEY", "a master key of more than thirty-two characters")
    people.sign_up("root@example.org")
    return Ada(people, fake_openai)


@pytest.fixture(autouse=True)
def no_connections_of_before():
    """Let go at once of what an attempt left open in a workspace that is closed."""
    yield
    gc.collect()


@pytest.mark.parametrize(
    ("people", "comes_by"),
    [
        ("sqlite", "password"),
        ("sqlite", "token"),
        ("sqlite", "nothing"),
        ("postgresql", "password"),
        ("sqlite+sqlite", "password"),
        ("sqlite+postgresql", "password"),
    ],
    indirect=["people"],
)
def test_foreign_ids_are_answered_like_missing_ones_and_nothing_is_seen_or_changed(
    ada, people, fake_openai, front_end, comes_by
):
    bob = Bob(people, fake_openai, ada, comes_by=comes_by)

    done = walk(ada, bob, PanelMessages(front_end))

    assert done.leaks == []
    assert done.attempts.total() > ATTEMPTS
    assert ada.reply.is_running


@pytest.mark.parametrize("people", ["sqlite", "postgresql"], indirect=True)
def test_without_ownership_the_walk_finds_leaks_everywhere(ada, people, fake_openai, front_end, monkeypatch):
    bob = Bob(people, fake_openai, ada, comes_by="password")
    monkeypatch.setattr(Ownership, "clause", lambda ownership, table: true())
    monkeypatch.setattr(Ownership, "check_parent", lambda ownership, connection, table, row: None)

    done = walk(ada, bob, PanelMessages(front_end))

    changed = {leak for leak in done.leaks if leak.endswith("changes her rows")}
    shown = {leak for leak in done.leaks if ": shows " in leak}
    assert len(changed) > 20
    assert len(shown) > 20
    assert len(done.leaks) > 100


@pytest.mark.parametrize("people", ["sqlite", "postgresql"], indirect=True)
def test_a_draft_of_another_user_is_neither_written_over_nor_discarded(ada, people):
    bob = people.sign_up(BOB)
    with bob.store.unit_of_work(ada.session.user.id) as work:
        (draft,) = work.drafts.list()
    draft.content = "written by Bob"

    with bob.write() as work, pytest.raises(ChatNotFoundError):
        work.drafts.save(draft)
    with bob.write() as work:
        is_gone = work.drafts.discard(draft.message_id)
        work.commit()

    assert not is_gone
    assert ada.is_unharmed


def test_a_parameter_that_no_plan_knows_stops_the_walk():
    with pytest.raises(AssertionError, match="no plan knows"):
        kind_of("Chats.merge", "other_chat")


def test_the_plans_speak_of_nothing_that_is_gone():
    found = [target for cls in reached_classes().values() for target in methods_of(cls)] + list(functions())
    parameters = {f"{target.full_name}.{name}" for target in found for name in target.parameters}
    named = {name.rpartition(".")[2] for name in parameters}

    assert [key for key in KINDS if key not in parameters and key not in named] == []
    assert [name for name in RECEIVERS if name not in reached_classes()] == []


def test_the_walk_reaches_what_a_user_holds_and_what_is_below():
    assert {"Workspace", "Chats", "ChatHandle", "History", "ApiKeys", "Tokens", "Admin", "Panel"} <= set(
        reached_classes()
    )
    assert len(functions()) > 50
    assert len(MESSAGES) > 25
