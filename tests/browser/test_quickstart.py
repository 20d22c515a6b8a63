"""The main job as a newcomer does it: the quick start in JupyterLab, with the real local model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from panel_page import PanelPage

QUICK_START = Path(__file__).parent.parent.parent / "notebooks" / "01_quickstart.ipynb"


@pytest.fixture
def quick_start(lab, local_model):
    """The notebook after 'run all cells'."""
    shutil.copy(QUICK_START, lab.folder)
    lab.open(QUICK_START.name).run_all(timeout=300)
    return lab


def test_a_chat_in_the_panel_is_read_back_as_a_table_and_not_saved_in_the_notebook(quick_start):
    panel = PanelPage(quick_start)

    panel.ask("Say hello to the lighthouse keeper.")
    panel.wait_for_turns(1)
    quick_start.save()

    columns = "[['role', 'provider', 'finish_reason']].astype(object).fillna('-').values.tolist()"
    said = quick_start.execute(f"print(ws.history.messages(){columns}[-2:])")
    assert said.strip() in {
        "[['user', '-', '-'], ['assistant', 'local', 'stop']]",
        "[['user', '-', '-'], ['assistant', 'local', 'length']]",
    }
    assert panel.texts("assistant")[-1]
    assert "lighthouse" not in json.dumps(quick_start.read(QUICK_START.name))
    assert quick_start.errors == []
    assert quick_start.outside == []
