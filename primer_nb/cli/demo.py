"""``primer-nb demo``: the quick start in JupyterLab, answered by a small model on this machine.

The demo has a folder, a store and a server of its own, so that trying things out leaves the user's chats alone.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primer_nb.cli.demo_stores import use_demo_stores
from primer_nb.cli.notebook_run import run_notebook
from primer_nb.cli.progress import DownloadBar
from primer_nb.errors import MissingDependencyError, StoreReadOnlyError
from primer_nb.paths import data_dir

if TYPE_CHECKING:
    import argparse

QUICK_START = "01_quickstart.ipynb"

_NEEDED = {"jupyterlab": "lab", "xllamacpp": "local", "nbclient": "demo"}


def run(options: argparse.Namespace) -> int:
    """Set the demo up, then open or run its notebook.

    Parameters
    ----------
    options : argparse.Namespace
        ``folder``, ``no_browser`` and ``run``.

    Returns
    -------
    int
        0, once JupyterLab was stopped or the notebook ran to its end.
    """
    _require_extras()
    with ExitStack() as stack:
        folder = _choose_folder(options, stack)
        notebook = _copy_notebooks(folder) / QUICK_START
        _fetch_model()
        use_demo_stores(folder, stack, keep=bool(options.folder) or not options.run)
        if options.run:
            run_notebook(notebook)
        else:
            _open_lab(folder, notebook, open_browser=not options.no_browser)
    return 0


def _require_extras() -> None:
    missing = {extra for module, extra in _NEEDED.items() if importlib.util.find_spec(module) is None}
    if missing:
        raise MissingDependencyError(
            f"the demo needs what the extras {', '.join(sorted(missing))} bring; run: pip install 'primer-nb[demo]'"
        )


def _choose_folder(options: argparse.Namespace, stack: ExitStack) -> Path:
    if options.folder:
        return Path(options.folder).expanduser().resolve()
    if options.run:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="primer-nb-demo-")))
    return data_dir() / "demo"


def _copy_notebooks(folder: Path) -> Path:
    """Copy the notebooks that are not there yet: what the user changed stays."""
    target = folder / "notebooks"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted(_shipped_notebooks().glob("*.ipynb")):
            if not (target / source.name).exists():
                shutil.copyfile(source, target / source.name)
    except OSError as error:
        raise StoreReadOnlyError(
            f"cannot write the demo's folder {str(folder)!r} ({error.strerror}); name another one with --folder"
        ) from error
    return target


def _shipped_notebooks() -> Path:
    """Find the notebooks: inside the package when installed from a wheel, beside it in a checkout."""
    import primer_nb

    package = Path(primer_nb.__file__).parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / QUICK_START).is_file():
            return folder
    raise MissingDependencyError(f"the notebooks are missing beside {str(package)!r}; install primer-nb again")


def _fetch_model() -> None:
    from primer_nb.providers.model_fetch import fetch
    from primer_nb.providers.model_file import SMOLLM2

    with DownloadBar("fetching the local model") as bar:
        fetch(SMOLLM2, progress=bar)


def _open_lab(folder: Path, notebook: Path, *, open_browser: bool) -> None:
    from jupyterlab.labapp import LabApp

    path = notebook.relative_to(folder).as_posix()
    token = secrets.token_hex(24)
    server: Any = LabApp.initialize_server(
        argv=[
            f"--ServerApp.root_dir={folder}",
            f"--ServerApp.open_browser={open_browser}",
            f"--LabApp.default_url=/lab/tree/{path}",
            f"--IdentityProvider.token={token}",
            "--ServerApp.answer_yes=True",  # Ctrl+C stops at once
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            *_allow_root(),
        ]
    )
    server.web_app.settings["page_config_hook"] = _without_news
    address = f"http://localhost:{server.port}{server.base_url}lab/tree/{path}?token={token}"
    # The server listens from the first turn of its loop on: an address told earlier would be refused.
    server.io_loop.add_callback(_announce, address, folder)
    server.start()


def _without_news(_handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    """Keep JupyterLab from asking a newcomer about its news, in front of the first notebook."""
    disabled = [*page_config.get("disabledExtensions", []), "@jupyterlab/apputils-extension:announcements"]
    return page_config | {"disabledExtensions": disabled}


def _announce(address: str, folder: Path) -> None:
    print(f"JupyterLab: {address}\nNotebooks and chats: {folder}\nStop it with Ctrl+C.", flush=True)


def _allow_root() -> list[str]:
    """Jupyter refuses root by default; in a container root is the only user there is."""
    return ["--ServerApp.allow_root=True"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
