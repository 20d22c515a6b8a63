"""Run a notebook without a browser and print each code cell with what came of it, as it goes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from primer_nb.errors import PrimerError

if TYPE_CHECKING:
    from pathlib import Path

_LINES_SHOWN = 30


def run_notebook(notebook: Path, *, timeout: int = 600) -> None:
    """Execute a notebook in its folder; the file is not changed.

    Parameters
    ----------
    notebook : Path
        An ``.ipynb`` file.
    timeout : int, default 600
        Seconds that one cell may take; a small model on a busy machine is slow.

    Raises
    ------
    PrimerError
        If a cell fails: which one, and its error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        nbformat.read(notebook, as_version=4),  # type: ignore[no-untyped-call]
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_executed=_print_cell,
        extra_arguments=["--IPKernelApp.log_level=40"],  # it warns of loopback TCP at each start
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        reason = getattr(error, "evalue", "") or str(error).splitlines()[0]
        raise PrimerError(f"{notebook.name} did not run to its end: {type(error).__name__}: {reason}") from error
    print(f"{notebook.name}: every cell ran")


def _print_cell(cell: Any, **_: Any) -> None:
    if cell.cell_type != "code":
        return
    print(f"\nIn [{cell.execution_count}]:")
    _print_indented(cell.source)
    # What a cell prints arrives in pieces; one block tells it better.
    for _, outputs in groupby(cell.outputs, key=lambda output: output.output_type):
        if text := "".join(map(_text_of, outputs)):
            print("Out:")
            _print_indented(text)
    print(end="", flush=True)


def _text_of(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.data.get("text/plain", ""))


def _print_indented(text: str) -> None:
    lines = text.rstrip().splitlines()
    for line in lines[:_LINES_SHOWN]:
        print(f"    {line}")
    if len(lines) > _LINES_SHOWN:
        print(f"    ... {len(lines) - _LINES_SHOWN} lines more")
