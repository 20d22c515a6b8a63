"""The tree of a chat: the active branch is the path from the newest message to a first one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from primer_nb.database.repositories.messages import StoredMessage
from primer_nb.use_cases.branches import active_branch

_START = datetime(2026, 1, 1, tzinfo=UTC)


def _message(number: int, *, parent: int | None = None, has_completion: bool = False) -> StoredMessage:
    return StoredMessage(
        id=str(number),
        role="user",
        content=f"message {number}",
        tokens=0,
        created_at=_START + timedelta(seconds=number),
        has_completion=has_completion,
        parent_id=None if parent is None else str(parent),
    )


def _ids(*messages: StoredMessage) -> str:
    return " ".join(message.id for message in active_branch(reversed(messages)))


def test_messages_without_a_recorded_place_follow_one_another():
    assert _ids(_message(1), _message(2), _message(3)) == "3 2 1"


def test_a_retried_answer_hides_the_first_one():
    first = _message(2, parent=1, has_completion=True)
    second = _message(3, parent=1, has_completion=True)

    assert _ids(_message(1), first, second) == "3 1"


def test_an_edited_question_hides_what_followed_the_original():
    answer = _message(2, parent=1, has_completion=True)
    edited = _message(5, parent=2, has_completion=True)

    assert _ids(_message(1), answer, _message(3), _message(4, parent=3, has_completion=True), edited) == "5 2 1"


def test_an_edited_first_question_begins_a_new_branch():
    edited = _message(3, has_completion=True)

    assert _ids(_message(1), _message(2, parent=1, has_completion=True), edited, _message(4)) == "4 3"


def test_an_empty_chat_has_an_empty_branch():
    assert _ids() == ""


def test_only_as_much_is_read_as_is_asked_for():
    read = []

    def rows():
        for number in range(1_000, 0, -1):
            read.append(number)
            yield _message(number)

    branch = active_branch(rows())
    next(branch)

    assert read == [1_000]


@given(st.lists(st.integers(min_value=-1, max_value=30), max_size=30))
def test_a_branch_ends_at_the_newest_message_and_each_follows_its_parent(parents):
    messages = [
        _message(number, parent=parent if 0 <= parent < number else None, has_completion=parent >= 0)
        for number, parent in enumerate(parents)
    ]

    branch = list(active_branch(reversed(messages)))

    assert [message.id for message in branch[:1]] == [message.id for message in messages[-1:]]
    for child, parent in itertools.pairwise(branch):
        assert parent.id == (child.parent_id if child.has_completion else str(int(child.id) - 1))
