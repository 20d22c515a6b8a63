"""A history of every awkward value goes to the server and comes back as it was, but for what no server takes."""

from __future__ import annotations

import pytest
from backup_histories import TEXTS, History
from backup_views import rows_of_file, view_of_file, view_of_server

from primer_nb.backup.bookkeeping import reading
from primer_nb.backup.digests import local_digests
from primer_nb.backup.pull import pull
from primer_nb.backup.restore import restore
from primer_nb.backup.verify import verify
from primer_nb.database import open_store


@pytest.fixture(params=[(1, "first"), (2, "later"), (3, "first")], ids="{0[0]}-{0[1]}".format)
def history(scene, request):
    """Back up such a history, all of it at first or piece by piece; return what of it no server takes."""
    seed, when = request.param
    if when == "later":
        scene.backup()
    History(scene.path, scene.user.id, seed).write()
    scene.write(
        "INSERT INTO user_settings (user_id, theme, language, updated_at)"
        " VALUES (?, 'dark', 'de', '2026-01-01 00:00Z')",
        scene.user.id,
    )
    rows, here = rows_of_file(scene.path), view_of_file(scene.path, scene.user.id)

    report = scene.backup()

    assert report.is_reconciled == (when == "first")
    assert {(row.kind, row.entity_id) for row in report.quarantined} == here.bad.keys()
    assert rows_of_file(scene.path) == rows
    assert scene.backup().round_trips == 0
    return here


def digests(store, user_id):
    with reading(store) as connection:
        return local_digests(connection, user_id, 3)


def test_all_that_a_server_takes_comes_back_as_it_was(scene, history, tmp_path):
    whole = digests(scene.local, scene.user.id)
    with scene.administrator() as pg:
        there = view_of_server(pg, scene.user.id)
    desktop, merged = open_store(tmp_path / "desktop.db"), open_store(tmp_path / "merged.db")
    for store in (desktop, merged):
        with store.unit_of_work() as work:
            work.users.add(scene.user)
            work.commit()

    swapped = restore(desktop, scene.server.address, scene.user.id)
    pull(merged, scene.server.address, scene.user.id)
    verified = verify(scene.local, scene.server.address, scene.user.id, depth=3)
    scene.write("DELETE FROM chats")
    restored = restore(scene.local, scene.server.address, scene.user.id)

    bad, history.bad = history.bad, {}
    assert (swapped.is_new_file, restored.is_new_file) == (True, True)
    assert there == history
    assert set(TEXTS) <= {row[2] for row in history.messages.values()}
    for store in (desktop, merged, scene.local):
        back = view_of_file(store.address.path, scene.user.id)
        back.bad = {key: chat for key, chat in back.bad.items() if chat is not None}  # orphans stay in the file
        assert back == history
        assert digests(store, scene.user.id) == whole
        assert rows_of_file(store.address.path)["user_settings"][0][2:4] == (b"dark", b"de")
    assert verified.is_equal
    assert {(row.kind, row.entity_id) for row in verified.quarantined} == bad.keys()
    desktop.close()
    merged.close()
