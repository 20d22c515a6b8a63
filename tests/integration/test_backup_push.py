"""What is new travels in one statement, once, with all that hangs on it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from backup_devices import Told
from backup_views import view_of_server
from delay_proxy import DelayProxy, Fault, wait_until

from primer_nb.backup.bookkeeping import new_token, read_chain, reading, target_of
from primer_nb.backup.journal import next_batch
from primer_nb.backup.push import push_batch
from primer_nb.backup.run import backup
from primer_nb.backup.server import Server
from primer_nb.database.addresses import parse_address
from primer_nb.errors import StoreUnavailableError
from primer_nb.ids import new_id

TIME = "2026-01-02T03:04:05.000000+00:00"
LATER = "2026-02-02T03:04:05.000000+00:00"


@pytest.fixture
def proxy(postgres_url):
    with DelayProxy(postgres_url) as between:
        yield between


@pytest.fixture
def line(proxy, scene, known):
    """Keep a connection open through the proxy, counted from zero."""
    server = Server(parse_address(proxy.url))
    backup(scene.local, server, scene.user.id)
    proxy.reset()
    yield server
    server.close()


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", ())


def test_a_new_message_costs_one_round_trip(scene, known, line, proxy):
    (message,) = scene.say(known, "again")

    report = backup(scene.local, line, scene.user.id)

    assert (proxy.counts.round_trips, proxy.counts.replies, proxy.counts.connections) == (1, 1, 0)
    assert (report.round_trips, report.messages, report.is_reconciled) == (1, 1, False)
    assert message in dict(scene.said_there())


def test_a_new_chat_with_many_messages_costs_one_round_trip(scene, line, proxy):
    scene.say(scene.chat("Bats"), *(f"message {number}" for number in range(500)))

    report = backup(scene.local, line, scene.user.id)

    assert proxy.counts.round_trips == 1
    assert (report.chats, report.messages) == (1, 500)
    assert scene.said_there() == scene.said_here()


def test_nothing_new_costs_no_round_trip_and_no_connection(scene, known):
    nowhere = parse_address("postgresql://127.0.0.1:1/none")
    scene.write("UPDATE primer_backup_state SET target = ?", target_of(nowhere, scene.user.id))

    report = backup(scene.local, nowhere, scene.user.id)

    assert (report.round_trips, report.messages) == (0, 0)


def test_connecting_costs_one_round_trip_more_where_no_password_is_asked(scene, known, line, proxy):
    scene.say(known, "again")
    line.close()
    wait_until(lambda: proxy.counts.round_trips == 1)  # the end of the old connection
    proxy.reset()

    backup(scene.local, line, scene.user.id)

    assert (proxy.counts.connections, proxy.counts.round_trips) == (1, 2)


def test_a_probe_asks_the_server_although_nothing_is_new(scene, known, line, proxy):
    report = backup(scene.local, line, scene.user.id, probe=True)

    assert (proxy.counts.round_trips, report.is_reconciled) == (1, False)


def test_a_probe_finds_a_server_that_was_emptied(scene, known):
    scene.wipe_server()

    quiet, asked = scene.backup(), scene.backup(probe=True)

    assert (quiet.messages, asked.messages, asked.is_reconciled) == (0, 1, True)
    assert scene.said_there() == scene.said_here()


def test_completions_tags_settings_and_attachments_travel(scene, known):
    (message,) = scene.say(known, "look")
    picture = new_id()
    scene.write(
        "INSERT INTO completions VALUES (?, 'openai', 'm', 3, 4, 0.25, 1e-7, 'stop', 0.1, ?)", message, message
    )
    scene.write(
        "INSERT INTO message_attachments VALUES (?, ?, 'ä.png', 'image/png', 3, 'ff', x'00ff5c', ?)",
        *(picture, message, TIME),
    )
    scene.write("INSERT INTO chat_tags VALUES (?, 'wörk', ?), (?, 'play', ?)", known, TIME, known, TIME)
    scene.write("INSERT INTO chat_settings VALUES (?, 'openai', NULL, 0.5, 9, 'be\nkind', ?, ?)", known, TIME, TIME)
    scene.write("INSERT INTO user_settings VALUES (?, 'dark', 'de', 0, ?, ?, 1)", scene.user.id, TIME, TIME)

    report = scene.backup()

    assert (report.round_trips, report.completions, report.attachments, report.details) == (1, 1, 1, 4)
    assert scene.there(
        "SELECT provider, prompt_tokens, time_to_first_token, duration, temperature, parent_id::text FROM completions"
    ) == [("openai", 3, 0.25, 1e-7, 0.1, message)]
    assert scene.there("SELECT name, size, content FROM message_attachments") == [("ä.png", 3, b"\x00\xff\\")]
    assert scene.there("SELECT tag FROM chat_tags ORDER BY tag") == [("play",), ("wörk",)]
    assert scene.there("SELECT temperature, system_prompt FROM chat_settings") == [(0.5, "be\nkind")]
    settings = scene.there("SELECT theme, language, notifications_enabled, automatic_backup FROM user_settings")
    assert settings == [("dark", "de", False, True)]


def test_what_is_attached_to_an_old_message_travels(scene, known):
    ((message, _),) = scene.said_here()
    scene.write("INSERT INTO message_attachments VALUES (?, ?, 'a', 'b', 1, 'c', x'00', ?)", new_id(), message, TIME)

    report = scene.backup()

    assert (report.round_trips, report.messages, report.attachments) == (1, 0, 1)


@pytest.mark.parametrize(("here", "wins"), [(TIME, False), (LATER, True)])
def test_the_settings_that_changed_last_win(scene, known, here, wins):
    between = "2026-01-20T03:04:05.000000+00:00"
    for table, key, name, value in (
        ("chat_settings", "chat_id", "model", known),
        ("user_settings", "user_id", "theme", scene.user.id),
    ):
        into = f"INSERT INTO {table} ({key}, {name}, created_at, updated_at)"
        scene.there(f"{into} VALUES (%s, 'theirs', now(), %s)", value, between)
        scene.write(f"{into} VALUES (?, 'ours', ?, ?)", value, here, here)

    scene.backup()

    told = scene.there("SELECT model FROM chat_settings UNION ALL SELECT theme FROM user_settings")
    assert told == [("ours" if wins else "theirs",)] * 2


def test_batches_that_come_late_twice_or_in_another_order_leave_the_same(scene, known):
    target, batches = target_of(scene.server.address, scene.user.id), []
    with reading(scene.local) as connection:
        chain = read_chain(connection, target)
    for number, moment in enumerate((TIME, LATER, "2026-01-20T03:04:05.000000+00:00")):
        (message,) = scene.say(known, f"{number}")
        scene.write("INSERT INTO completions (message_id, model) VALUES (?, 'm')", message)
        scene.write("UPDATE chats SET title = ?, updated_at = ? WHERE id = ?", moment, moment, known)
        after = batches[-1].top if batches else chain.acked_seq
        with reading(scene.local) as connection:
            batches.append(next_batch(connection, scene.user.id, after, target=target))
    ends = []

    for order in [*permutations(batches), batches + batches[:1], batches[1:] * 2 + batches]:
        scene.there("DELETE FROM messages WHERE content <> 'hello'")
        scene.there("UPDATE chats SET title = '', updated_at = '2025-01-01'")
        scene.there("DELETE FROM chat_changes")
        for batch in order:
            following = replace(chain, token=new_token())
            pushed = push_batch(
                scene.server.connection(), batch, user_id=scene.user.id, chain=chain, next_token=following.token
            )
            assert pushed.is_accepted
            chain = following
        with scene.administrator() as pg:
            ends.append(view_of_server(pg, scene.user.id))

    assert all(end == ends[0] for end in ends)
    assert (len(ends[0].messages), len(ends[0].completions), ends[0].chats[known][0]) == (4, 3, moment)


def test_a_chat_that_was_deleted_here_stays_in_the_backup(scene, known):
    scene.write("DELETE FROM chats")

    scene.backup()

    assert [content for _, content in scene.said_there()] == ["hello"]


def test_a_long_journal_goes_in_batches(scene, known):
    scene.say(known, *(str(number) for number in range(4_500)))

    report = scene.backup()

    assert (report.round_trips, report.messages) == (3, 4_500)
    assert scene.here("SELECT count(*) FROM primer_journal") == [(0,)]


def test_large_messages_go_in_batches(scene, known):
    scene.say(known, *("x" * 1_500_000 for _ in range(5)))

    report = scene.backup()

    assert (report.round_trips, report.messages) == (3, 5)


def test_a_backup_that_is_ended_between_two_batches_sends_nothing_twice(scene, known):
    scene.say(known, *("x" * 1_500_000 for _ in range(5)))
    half = Told(stop_after=1)

    with pytest.raises(KeyboardInterrupt):
        scene.backup(progress=half)
    rest = scene.backup()

    assert (half.rows, rest.messages, rest.round_trips) == ([2], 3, 2)
    assert scene.said_there() == scene.said_here()


def test_a_lost_acknowledgement_is_absorbed(scene, known, line, proxy, no_patience):
    scene.say(known, "again")
    line.close()
    proxy.reset(Fault("cut reply", 1))  # after the one that ends the connecting
    with pytest.raises(StoreUnavailableError):
        backup(scene.local, line, scene.user.id)
    applied = scene.said_there()

    report = backup(scene.local, line, scene.user.id)

    assert applied == scene.said_here()
    assert (report.is_reconciled, report.messages, report.round_trips) == (False, 0, 1)
    assert scene.said_there() == scene.said_here()


def test_a_lost_connection_is_made_again_by_itself(scene, known, line, proxy, monkeypatch):
    monkeypatch.setattr("primer_nb.backup.retrying.PAUSES", (0.0,))
    scene.say(known, "again")
    proxy.reset(Fault("cut up", 100))

    report = backup(scene.local, line, scene.user.id)

    assert (proxy.counts.faults, report.messages) == (1, 1)
    assert scene.said_there() == scene.said_here()


def test_the_contents_of_the_local_file_are_only_read(scene, known):
    scene.say(known, "again", "\x00")
    before = scene.contents()

    scene.backup()

    assert scene.contents() == before
