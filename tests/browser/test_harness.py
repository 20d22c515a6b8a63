"""What the page fixtures promise to the other browser tests."""

from __future__ import annotations

import pytest

BUTTON = """\
import ipywidgets
button = ipywidgets.Button(description="Count")
count = ipywidgets.HTML("<b class='count'>0</b>")
button.on_click(lambda _: setattr(count, "value", "<b class='count'>1</b>"))
ipywidgets.VBox([button, count]).add_class("under-test")"""


def test_a_notebook_runs_and_its_widgets_answer(lab):
    lab.write("print(6 * 7)", BUTTON)

    cells = lab.open().run_all()
    lab.page.get_by_role("button", name="Count").click()

    lab.page.locator("b.count", has_text="1").wait_for()
    assert cells[0]["outputs"][0]["text"] == "42\n"
    assert lab.errors == []
    assert lab.outside == []


def test_a_page_of_notebook_7_does_the_same(notebook7):
    notebook7.write("print(6 * 7)", BUTTON)

    notebook7.open(width=420, dark=True).run_all()
    notebook7.page.get_by_role("button", name="Count").click()

    notebook7.page.locator("b.count", has_text="1").wait_for()
    assert notebook7.outside == []


def test_the_kernel_has_the_tests_own_home_also_after_a_restart(lab, primer_home):
    lab.write("import os")
    lab.open()

    lab.restart_kernel()

    assert lab.execute("import os; print(os.environ['PRIMER_HOME'])").strip() == str(primer_home)


def test_a_saved_notebook_survives_a_reload(lab):
    lab.write("print('kept')")
    lab.open().run_all()

    lab.save()
    lab.reload()

    lab.page.locator(".jp-OutputArea-output", has_text="kept").wait_for()
    assert lab.read()["cells"][0]["outputs"][0]["text"] == ["kept\n"]


def test_a_failing_cell_fails_the_run(lab):
    lab.write("1 / 0")
    lab.open()

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run_all()


def test_low_contrast_is_found(lab):
    lab.write('from IPython.display import HTML\nHTML(\'<p class="pale" style="color: #ccc">hard to read</p>\')')
    lab.open().run_all()

    violations = lab.accessibility_violations(".pale")

    assert any(line.startswith("color-contrast") for line in violations)
