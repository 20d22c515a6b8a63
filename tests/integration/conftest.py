"""A store of each kind, and a workspace on each whose provider is the scripted server."""

from __future__ import annotations

import pytest

import primer_nb
from primer_nb.database import open_store
from primer_nb.providers.openai_compatible import OpenAICompatibleProvider


@pytest.fixture
def store(store_url):
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def ws(store_url, fake_openai, monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "custom")
    with primer_nb.connect(store_url) as workspace:
        provider = OpenAICompatibleProvider(
            "custom", base_url=fake_openai.base_url, default_model="fake-1", timeout=5.0
        )
        workspace._session.providers.add(provider)
        yield workspace
