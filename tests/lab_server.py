"""A JupyterLab server for the browser tests: its own home, settings and port, no dialog, nothing from outside.

One process serves JupyterLab and Notebook 7. Kernels take the environment of the test that opens a page, from a
file in the notebook's folder, so that a fixture or ``monkeypatch.setenv`` reaches them and survives a restart.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

ENVIRONMENT_FILE = ".environment.json"

# Each of these made a test fail at random before it was set.
_SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
    "extensionmanager-extension/plugin": {"enabled": False},
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
}
_OPTIONS = (
    "--no-browser",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--ServerApp.allow_root=True",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--ServerApp.terminals_enabled=False",
)
_KERNEL_STARTUP = f"""\
import json, os, pathlib
_file = pathlib.Path({ENVIRONMENT_FILE!r})
if _file.exists():
    os.environ.update(json.loads(_file.read_text()))
del json, os, pathlib, _file
"""


class JupyterServer:
    """``jupyter lab`` on a loopback port that the system chooses; use it in a ``with`` block."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self._folder = Path(tempfile.mkdtemp(prefix="primer-lab-"))
        self.root = self._folder / "notebooks"
        self.log = self._folder / "server.log"

    def __enter__(self) -> JupyterServer:
        self._write_settings()
        command = [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--ServerApp.root_dir={self.root}"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.url = f"http://127.0.0.1:{self._wait_for_port()}"
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and its kernels; SIGTERM asks no question, SIGINT would."""
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        for survivor in psutil.wait_procs(family, timeout=5)[1]:
            survivor.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def use_theme(self, *, dark: bool) -> None:
        """Choose the theme of the pages opened from now on; the browser's colour scheme does not."""
        theme = {"theme": "JupyterLab Dark" if dark else "JupyterLab Light", "adaptive-theme": False}
        self._write_setting("apputils-extension/themes", theme)

    def stop_kernels(self) -> None:
        """End every kernel, or the next test's page would join one."""
        for kernel in self._request("/api/kernels"):
            self._request(f"/api/kernels/{kernel['id']}", method="DELETE")

    def _request(self, path: str, *, method: str = "GET") -> Any:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            body = response.read()
        return json.loads(body) if body else None

    def _wait_for_port(self) -> int:
        # The server writes the port it got into this file once it listens: no race for a free one.
        info = self._folder / "runtime" / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return int(json.loads(info.read_text())["port"])
            except (OSError, ValueError):
                time.sleep(0.05)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()[-3000:]}")

    def _write_settings(self) -> None:
        for name in ("home", "config", "data", "runtime", "workspaces", "notebooks"):
            (self._folder / name).mkdir()
        for plugin, values in _SETTINGS.items():
            self._write_setting(plugin, values)
        startup = self._folder / "ipython" / "profile_default" / "startup" / "00-environment.py"
        startup.parent.mkdir(parents=True)
        startup.write_text(_KERNEL_STARTUP)

    def _write_setting(self, plugin: str, values: dict[str, Any]) -> None:
        file = self._folder / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def _environment(self) -> dict[str, str]:
        users = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        return users | {
            "HOME": str(self._folder / "home"),
            "IPYTHONDIR": str(self._folder / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._folder / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(self._folder / "config"),
            "JUPYTER_DATA_DIR": str(self._folder / "data"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_RUNTIME_DIR": str(self._folder / "runtime"),
            "JUPYTER_TOKEN": self.token,  # `ps` shows arguments to everybody
        }
