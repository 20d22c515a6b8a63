"""A notebook in a real kernel: cells run, secrets are typed where no cell shows them, and all is saved.

The kernel logs everything at DEBUG, shows verbose tracebacks, and keeps its history with all outputs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client import KernelManager
from nbconvert import HTMLExporter

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

PATIENCE = 60
_TESTS = Path(__file__).parent
LOGGERS = ("alembic", "asyncio", "filelock", "httpcore2", "httpx2", "openai", "primer_nb", "psycopg", "sqlalchemy")
_STARTUP = """\
import logging, secret_spy
logging.basicConfig(filename={log!r}, level=logging.DEBUG, force=True)
logging.captureWarnings(True)
for name in {loggers!r}:
    logging.getLogger(name).setLevel(logging.DEBUG)
secret_spy.install()
del logging, name, secret_spy
"""
_CONFIGURATION = """\
c.InteractiveShell.xmode = "Verbose"
c.HistoryManager.db_log_output = True
c.HistoryManager.db_cache_size = 0
"""
Answer = str | Callable[[], str]


class Notebook:
    """One notebook and its kernel."""

    def __init__(self, folder: Path, client: BlockingKernelClient) -> None:
        self._folder = folder
        self._client = client
        self._cells: list[Any] = []

    def run(self, code: str, *typed: Answer, fails: str | None = None) -> str:
        """Run a cell; type the answers to what it asks; return what it printed.

        An error that is not expected fails the test, and so does one that is expected and does not come.
        """
        cell, answers = nbformat.v4.new_code_cell(code), list(typed)
        self._cells.append(cell)
        reply = self._execute(code, answers, cell.outputs.append)
        got = reply.get("ename")
        assert got == fails, f"{code}\n{got}: {reply.get('evalue')}"
        assert not answers, f"{code}\nnobody asked for {len(answers)} of the answers"
        if fails:
            self.silently(
                f"import shown_objects; shown_objects.show_exception({str(self._folder / 'exceptions.txt')!r})"
            )
        return "".join(output.text for output in cell.outputs if output.output_type == "stream")

    def silently(self, code: str) -> str:
        """Run code that is no cell, and is in no history."""
        printed: list[Any] = []
        reply = self._execute(code, [], printed.append, store_history=False)
        assert reply["status"] == "ok", f"{code}\n{reply.get('evalue')}"
        return "".join(output.text for output in printed if output.output_type == "stream")

    def say_to_widget(self, widget: str, content: dict[str, Any], **secrets: str) -> None:
        """Send a message as a browser does; what is secret goes beside it, in buffers."""
        comm_id = self.silently(f"print({widget}.comm.comm_id)").strip()
        data = {"method": "custom", "content": {**content, "secrets": list(secrets)}}
        message = self._client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        message["buffers"] = [value.encode() for value in secrets.values()]
        self._client.shell_channel.send(message)

    def save(self, name: str) -> None:
        """Save it with the state of its widgets, and export it to HTML."""
        state = self.silently("import ipywidgets, json; print(json.dumps(ipywidgets.Widget.get_manager_state()))")
        metadata = {"widgets": {"application/vnd.jupyter.widget-state+json": json.loads(state)}}
        notebook = nbformat.v4.new_notebook(cells=self._cells, metadata=metadata)
        (self._folder / f"{name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
        page, _ = HTMLExporter().from_notebook_node(notebook)
        (self._folder / f"{name}.html").write_text(page, encoding="utf-8")

    def _execute(
        self, code: str, answers: list[Answer], take: Callable[[Any], None], *, store_history: bool = True
    ) -> dict[str, Any]:
        def output(message: dict[str, Any]) -> None:
            if message["msg_type"] in {"stream", "display_data", "execute_result", "error"}:
                take(nbformat.v4.output_from_msg(message))

        def answer(_: dict[str, Any]) -> None:
            assert answers, f"{code}\nasks for something that nobody expected"
            typed = answers.pop(0)
            self._client.input(typed if isinstance(typed, str) else typed())

        reply = self._client.execute_interactive(
            code,
            store_history=store_history,
            allow_stdin=True,
            stdin_hook=answer,
            output_hook=output,
            timeout=PATIENCE,
        )
        content: dict[str, Any] = reply["content"]
        return content


@contextmanager
def open_notebook(folder: Path, *, environment: dict[str, str]) -> Iterator[Notebook]:
    """Start a kernel whose every trace lands in a folder; end it as a user does."""
    profile = folder / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True, exist_ok=True)
    (profile / "startup" / "00-spy.py").write_text(_STARTUP.format(log=str(folder / "debug.log"), loggers=LOGGERS))
    (profile / "ipython_kernel_config.py").write_text(_CONFIGURATION)
    manager = KernelManager(kernel_name="python3")
    with (folder / "kernel.log").open("ab") as log:
        manager.start_kernel(
            extra_arguments=["--debug"],
            env={**os.environ, "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(_TESTS), **environment},
            cwd=str(folder),
            stdout=log,
            stderr=log,
        )
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Notebook(folder, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        manager.cleanup_resources()
