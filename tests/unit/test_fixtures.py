"""What the shared fixtures promise to the other tests."""

from __future__ import annotations

import os
import sqlite3

import psycopg
import pytest

from primer_nb import paths
from primer_nb.providers.model_file import SMOLLM2


def test_files_of_a_test_go_to_its_own_home(primer_home):
    assert paths.default_database_path() == primer_home / "data" / "primer.db"


def test_the_users_keys_are_out_of_sight():
    assert not [name for name in os.environ if name.startswith(("OPENAI_", "GEMINI_"))]


@pytest.mark.parametrize("round_", [1, 2])
def test_a_postgresql_database_is_empty_at_the_start(postgres_url, round_):
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE leftover (id int)")

        (tables,) = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()

    assert tables == 1


def test_store_url_names_both_kinds_of_store(store_url, tmp_path):
    if store_url.startswith("sqlite"):
        sqlite3.connect(store_url.removeprefix("sqlite:///")).close()

        assert (tmp_path / "store.db").exists()
    else:
        with psycopg.connect(store_url) as connection:
            assert connection.info.server_version >= 180000


def test_the_local_model_is_at_hand_in_spite_of_the_empty_home(local_model, primer_home):
    assert SMOLLM2.locate() == local_model
    assert not local_model.is_relative_to(primer_home)
